"""What a sample set is called, and the requests that fill it: identity and seeds in one place.

Pure: no store, no sampler.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict

from engine.method.prompts import fill
from engine.method.seeds import response_seed, stable_hash
from engine.types import Purpose, Request, SampleSet, SamplingSettings


def sample_set(
    *,
    policy_id: str,
    purpose: Purpose,
    iteration: int,
    seed: int,
    settings: SamplingSettings,
    sampler: str,
    owner: str = "",
) -> SampleSet:
    """A sample set with its id: 16 hex digits that depend on every argument and on nothing else."""
    key = stable_hash(policy_id, purpose, iteration, seed, settings_key(settings), sampler, owner)
    return SampleSet(f"{key:016x}", policy_id, purpose, iteration, seed, settings, sampler, owner)


def settings_key(settings: SamplingSettings) -> str:
    """The settings as one canonical text: what is hashed, and what is stored."""
    return json.dumps(asdict(settings), sort_keys=True)


def requests(samples: SampleSet, questions: Mapping[str, str], owed: Iterable[tuple[str, int]]) -> list[Request]:
    """One request per owed (problem id, index).

    Args:
        questions: question text by problem id.
    """
    key = settings_key(samples.settings)
    prompts: dict[str, str] = {}
    result = []
    for problem_id, index in owed:
        if problem_id not in prompts:
            prompts[problem_id] = fill(samples.settings.prompt_template, questions[problem_id])
        seed = response_seed(
            samples.seed, samples.policy_id, samples.purpose, samples.iteration, key, problem_id, index
        )
        result.append(Request(problem_id, index, seed, prompts[problem_id]))
    return result
