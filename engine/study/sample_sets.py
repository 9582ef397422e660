"""Which sample sets an iteration refers to, what they are called, and the requests that fill them.

Identity and seeds in one place. Pure but for `make_known`.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from engine import store
from engine.config import RunConfig
from engine.method.seeds import response_seed, stable_hash
from engine.store import Database
from engine.types import Purpose, Request, SampleSet, SamplingSettings

_FROM_THE_FIRST = ("temperature", "top_p", "max_new_tokens", "prompt_template", "chat")
"""Sampling settings that are always said."""


def sample_set(
    *,
    policy_id: str,
    purpose: Purpose,
    iteration: int,
    seed: int,
    settings: SamplingSettings,
    sampler: str,
    owner: str = "",
    graded: str = "",
) -> SampleSet:
    """A sample set with its id: 16 hex digits that depend on every argument and on nothing else.

    Args:
        graded: as Extraction.key says it; sets by the earlier rules keep their names.
    """
    said = policy_id, purpose, iteration, seed, settings_key(settings), sampler, owner
    key = f"{stable_hash(*said, *([graded] if graded else [])):016x}"
    return SampleSet(key, policy_id, purpose, iteration, seed, settings, sampler, owner, graded)


def settings_key(settings: SamplingSettings) -> str:
    """The settings as one canonical text: what is hashed, and what is stored.

    A setting that came later is left out where it has its default, so that sets keep the names and
    the seeds that they had before there was such a setting.
    """
    said = {
        field.name: getattr(settings, field.name)
        for field in fields(settings)
        if field.name in _FROM_THE_FIRST or getattr(settings, field.name) != field.default
    }
    return json.dumps(said, sort_keys=True)


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


def training_sets(
    config: RunConfig, policy_id: str, number: int, run_id: str, settings: SamplingSettings
) -> tuple[SampleSet, SampleSet]:
    """The pre-samples of an iteration, which runs share, and the resamples that are its run's own.

    Args:
        settings: of the pre-samples.
    """
    common = _common(config, policy_id, number)
    return (
        sample_set(purpose=Purpose.PRESAMPLE, settings=settings, **common),
        sample_set(
            purpose=Purpose.RESAMPLE,
            settings=config.resample_settings(settings),
            owner=run_id,
            **common,
        ),
    )


def evaluation_sets(config: RunConfig, policy_id: str, number: int) -> tuple[SampleSet, SampleSet]:
    """The greedy and the sampled set with which M_number is evaluated on held-out problems."""
    common = _common(config, policy_id, number)
    return (
        sample_set(purpose=Purpose.GREEDY, settings=config.greedy_settings(), **common),
        sample_set(purpose=Purpose.EVALUATE, settings=config.evaluation_settings(), **common),
    )


def make_known(db: Database, samples: SampleSet) -> None:
    """Store what a sample set is; known already changes nothing."""
    store.samples.add(db, samples, settings_key(samples.settings))


def _common(config: RunConfig, policy_id: str, number: int) -> dict[str, Any]:
    return {
        "policy_id": policy_id,
        "iteration": number,
        "seed": config.seed,
        "sampler": config.sampling.sampler,
        "graded": config.extraction().key(),
    }
