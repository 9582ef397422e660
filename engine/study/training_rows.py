"""What an iteration trains on: its stored preference pairs, or the responses of its pool that SFT
keeps.
"""

import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from engine import store
from engine.config import TrainingConfig
from engine.config.backends import draws_itself, keeps_responses
from engine.method.prompts import fill
from engine.method.selection import keep_responses
from engine.paths import write_text
from engine.store.pairs import PoolResponse
from engine.study.choosable import fault
from engine.study.handle import Iteration
from engine.study.plan_groups import n_planned
from engine.types import Preference, Worked


def training_rows(
    it: Iteration, training: TrainingConfig, work: Path
) -> list[Preference] | list[Worked]:
    """Rows in an order that is the same every time: pairs as they were built, kept responses by
    problem id and index.

    Args:
        training: the settings of this training, which may differ from the run's own.
        work: the training's folder. Which responses were kept is remembered there, because a
            verdict that is overridden later must not change what a resumed training goes on with;
            pairs are stored anyway.
    """
    template = it.config.policy.prompt_template
    if keeps_responses(training.method):
        problems = store.problems.of_run(it.db, it.run_id, "train", it.number)
        prompts = {id: fill(template, p.question) for id, p in problems.items()}
        responses = _remembered(it, training, work)
        sampled = store.pairs.tokens(it)
        return [
            Worked(
                r.problem_id,
                prompts[r.problem_id],
                r.text,
                _as_sampled(sampled[r.problem_id, r.idx]),
                r.truncated,
            )
            for r in responses
        ]
    return [
        Preference(
            pair.problem_id,
            fill(template, pair.question),
            pair.chosen,
            pair.rejected,
            pair.chosen_index,
            pair.rejected_index,
            pair.chosen_reward,
            pair.rejected_reward,
            _as_sampled(pair.chosen_tokens),
            _as_sampled(pair.rejected_tokens),
            pair.chosen_is_cut,
            pair.rejected_is_cut,
        )
        for pair in store.pairs.texts(it)
    ]


def _as_sampled(tokens: list[int] | None) -> tuple[int, ...] | None:
    return None if tokens is None else tuple(tokens)


def n_training_rows(it: Iteration) -> int | None:
    """How many rows the run's own settings give, or how many responses a training draws of the
    plan; None before the pool is whole, or before the commit.
    """
    if draws_itself(it.config.training.method):
        return n_planned(it, it.config.training) if store.commits.find(it) else None
    pairs = store.pairs.find_set(it)
    if pairs is None:
        return None
    if not keeps_responses(it.config.training.method):
        return pairs.n_pairs
    return sum(1 for _ in _kept_responses(it, it.config.training))


def _remembered(it: Iteration, training: TrainingConfig, work: Path) -> list[PoolResponse]:
    file = work / "kept.json"
    if file.exists():
        keys = {(problem_id, index) for problem_id, index in json.loads(file.read_text())}
        return [r for r in store.pairs.pool(it) if (r.problem_id, r.idx) in keys]
    responses = list(_kept_responses(it, training))
    work.mkdir(parents=True, exist_ok=True)
    write_text(file, json.dumps([(r.problem_id, r.idx) for r in responses]))
    return responses


def _kept_responses(it: Iteration, training: TrainingConfig) -> Iterator[PoolResponse]:
    p, tuned = it.config.pairs, store.runs.tuning(it)
    keep_above = tuned.tau if tuned else training.keep_above
    for _, group in groupby(store.pairs.pool(it), key=lambda r: r.problem_id):
        responses = [r for r in group if fault(it, r) is None]
        indices = keep_responses(
            responses,
            keep_above=keep_above,
            dedupe=p.dedupe,
            cap=p.cap,
            drop_truncated=p.drop_truncated,
        )
        yield from (responses[i] for i in indices)
