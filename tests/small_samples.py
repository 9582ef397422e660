"""What the tests of samplers share: the starter policy, settings, requests, and texts once it is
sure that all were answered.
"""

import json
from itertools import islice

from engine.method.seeds import stable_hash
from engine.paths import STARTER
from engine.types import Request, SamplingSettings

POLICY = str(STARTER / "policy")
SAMPLED = SamplingSettings(temperature=1.0, top_p=0.95, max_new_tokens=60)
GREEDY = SamplingSettings(temperature=0.0, top_p=1.0, max_new_tokens=60)


def starter_requests(n_problems: int, n_each: int, *, seed: str) -> list[Request]:
    """The first held-out starter problems, n_each requests for each."""
    with (STARTER / "held_out.jsonl").open() as file:
        questions = [json.loads(line)["question"] for line in islice(file, n_problems)]
    return [
        Request(f"p{p}", index, stable_hash(seed, p, index), question + "\n")
        for p, question in enumerate(questions)
        for index in range(n_each)
    ]


def drawn(sampler, requests, settings=SAMPLED) -> dict:
    """Text by (problem id, index), once it is sure that every request was answered exactly once,
    with its own seed.
    """
    responses = [response for batch in sampler.sample(requests, settings) for response in batch]
    assert sorted((*key(r), r.seed) for r in responses) == sorted(
        (*key(r), r.seed) for r in requests
    )
    return {(r.problem_id, r.index): r.text for r in responses}


def key(record) -> tuple[str, int]:
    return record.problem_id, record.index


def perturbed(path) -> str:
    """The starter policy with noise on every weight, saved elsewhere."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(POLICY, dtype=torch.float32)
    noise = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in model.parameters():
            weight += 0.3 * weight.std(correction=0) * torch.randn(weight.shape, generator=noise)
    model.save_pretrained(path)
    AutoTokenizer.from_pretrained(POLICY).save_pretrained(path)
    return str(path)
