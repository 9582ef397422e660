"""Responses of a policy for the build: requests to the engine's own sampler, grouped again by
question.
"""

from collections.abc import Sequence
from pathlib import Path

from engine.method.prompts import fill
from engine.method.seeds import stable_hash
from engine.samplers.hf_local import HfSampler
from engine.starter.policy import PROMPT_TEMPLATE
from engine.types import Request, SamplingSettings

MAX_NEW_TOKENS = 96
"""The longest starter solution has about 70 tokens."""


def draw_responses(
    policy: Path, questions: Sequence[str], n: int, temperature: float, seed: int
) -> list[list[str]]:
    """`n` responses to every question, in the order of the questions.

    Args:
        policy: folder of the policy.
        temperature: 0 is greedy.
        seed: with a question's position and the response's index, all that the noise depends on.
    """
    settings = SamplingSettings(
        temperature=temperature,
        top_p=1.0,
        max_new_tokens=MAX_NEW_TOKENS,
        prompt_template=PROMPT_TEMPLATE,
    )
    requests = [
        Request(str(place), index, stable_hash(seed, place, index), fill(PROMPT_TEMPLATE, question))
        for place, question in enumerate(questions)
        for index in range(n)
    ]
    sampler, texts = HfSampler(str(policy)), [[""] * n for _ in questions]
    try:
        for batch in sampler.sample(requests, settings):
            for response in batch:
                texts[int(response.problem_id)][response.index] = response.text
    finally:
        sampler.close()
    return texts
