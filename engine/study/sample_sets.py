"""What a sample set is called, and the requests that fill it: identity and seeds in one place.

Pure: no store, no sampler.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict

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
    """The settings as one canonical text: what is hashed, and what is stored.

    Without worked examples nothing is said of them, so that sets keep the names they had before
    there were any.
    """
    return json.dumps(
        {name: value for name, value in asdict(settings).items() if name != "n_examples" or value},
        sort_keys=True,
    )


def requests(
    samples: SampleSet, prompts: Mapping[str, str], owed: Iterable[tuple[str, int]]
) -> list[Request]:
    """One request per owed (problem id, index).

    Args:
        prompts: by problem id.
    """
    key = settings_key(samples.settings)
    result = []
    for problem_id, index in owed:
        seed = response_seed(
            samples.seed,
            samples.policy_id,
            samples.purpose,
            samples.iteration,
            key,
            problem_id,
            index,
        )
        result.append(Request(problem_id, index, seed, prompts[problem_id]))
    return result
