"""Sampling from the real weights at length: greedy tokens beside plain transformers, and the
distribution of what is drawn.
"""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from engine.samplers.hf_local import HfSampler
from engine.small_lm import build, is_installed
from engine.small_lm.problems import make_problems
from engine.types import Request, SamplingSettings

pytestmark = [
    pytest.mark.small_lm,
    pytest.mark.slow,
    pytest.mark.skipif(not is_installed(), reason="needs the weights: make test-small-lm"),
]

GREEDY = SamplingSettings(temperature=0, top_p=1, max_new_tokens=48)
SAMPLED = SamplingSettings(temperature=0.8, top_p=0.9, max_new_tokens=2, chat=True)
QUESTIONS = [problem.question for problem in make_problems(32, seed=11)]
N_DRAWS = 2_000


@pytest.fixture(scope="module")
def sampler(tmp_path_factory):
    made = build(tmp_path_factory.mktemp("small_lm") / "lm", n_train=12, n_held_out=4)
    sampler = HfSampler(str(made.folder / "policy"), batch_size=10, device="cpu")
    yield sampler
    sampler.close()


def prompt_of(sampler, question: str, *, chat: bool):
    if not chat:
        return sampler.tokenizer(question, return_tensors="pt")
    return sampler.tokenizer.apply_chat_template(
        [{"role": "user", "content": question}],
        add_generation_prompt=True,
        return_tensors="pt",
        return_dict=True,
    )


@pytest.mark.parametrize("chat", [False, True], ids=["plain", "chat"])
def test_greedy_tokens_of_32_prompts_are_those_of_plain_generate(sampler, chat):
    """In batches of 10, whose rows are taken over as responses finish."""
    import torch

    requests = [Request(str(i), 0, i, question) for i, question in enumerate(QUESTIONS)]
    drawn = sampler.sample(requests, replace(GREEDY, chat=chat))
    ours = {r.problem_id: list(r.tokens) for part in drawn for r in part}
    sampler.model.set_attn_implementation("sdpa")
    for request in requests:
        prompt = prompt_of(sampler, request.prompt, chat=chat)
        with torch.inference_mode():
            (ids,) = sampler.model.generate(**prompt, do_sample=False, max_new_tokens=48)
        assert ours[request.problem_id] == ids[prompt["input_ids"].shape[1] :].tolist()


def test_first_and_second_tokens_are_drawn_from_the_model_s_distribution(sampler):
    requests = [Request("p", index, 7_919 * index, QUESTIONS[0]) for index in range(N_DRAWS)]
    drawn = sampler.sample(requests, SAMPLED)
    tokens = [r.tokens[:2] for part in drawn for r in part]
    assert len(tokens) == N_DRAWS
    first = nucleus(sampler, ())
    both = {
        (token, other): p * q
        for token, p in first.items()
        for other, q in (nucleus(sampler, (token,)) if N_DRAWS * p >= 5 else {None: 1.0}).items()
    }
    for expected, seen in (
        (first, Counter(t[0] for t in tokens)),
        (both, Counter(t if (t in both) else (t[0], None) for t in tokens)),
    ):
        assert set(seen) <= set(expected), "a token outside the nucleus"
        assert p_value(*pooled(expected, seen)) > 0.001


def nucleus(sampler, behind: tuple[int, ...]) -> dict[int, float]:
    """Probabilities of the next token behind the prompt and some tokens, by the definition; after
    an end token there is none.
    """
    import torch

    if behind and behind[-1] == sampler.tokenizer.eos_token_id:
        return {None: 1.0}
    ids = prompt_of(sampler, QUESTIONS[0], chat=True)["input_ids"]
    ids = torch.cat([ids, torch.tensor([list(behind)], dtype=torch.long)], dim=1)
    with torch.inference_mode():
        logits = sampler.model(input_ids=ids).logits[0, -1].double().numpy()
    p = np.exp((logits - logits.max()) / SAMPLED.temperature)
    p /= p.sum()
    order = np.argsort(-p, kind="stable")
    kept = order[: int(np.searchsorted(p[order].cumsum(), SAMPLED.top_p)) + 1]
    return dict(zip(kept.tolist(), (p[kept] / p[kept].sum()).tolist()))


def p_value(seen: list[float], expected: list[float]) -> float:
    """Of Pearson's chi-square test."""
    import torch

    statistic = sum((a - b) ** 2 / b for a, b in zip(seen, expected))
    halves = torch.tensor([(len(seen) - 1) / 2, statistic / 2], dtype=torch.float64)
    return float(torch.special.gammaincc(*halves))


def pooled(expected: dict, seen: Counter) -> tuple[list[float], list[float]]:
    """Seen and expected counts; what is expected fewer than five times is one class."""
    often = [token for token, p in expected.items() if N_DRAWS * p >= 5]
    counts = [float(seen[token]) for token in often]
    wanted = [N_DRAWS * expected[token] for token in often]
    rest = N_DRAWS - sum(wanted)
    if rest >= 5:
        return [*counts, N_DRAWS - sum(counts)], [*wanted, rest]
    counts[-1], wanted[-1] = counts[-1] + N_DRAWS - sum(counts), wanted[-1] + rest
    return counts, wanted
