"""What an iteration trains on: its stored preference pairs, or the responses of its pool that SFT
keeps.
"""

import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from types import SimpleNamespace

from engine.config import RunConfig, TrainingConfig
from engine.method.prompts import fill
from engine.method.selection import keep_responses
from engine.paths import write_text
from engine.store import Database, commit_reads, reads
from engine.types import Preference, Worked


def training_rows(
    db: Database, run_id: str, number: int, config: RunConfig, training: TrainingConfig, work: Path
) -> list[Preference] | list[Worked]:
    """Rows in an order that is the same every time: pairs as they were built, kept responses by
    problem id and index.

    Args:
        training: the settings of this training, which may differ from the run's own.
        work: the training's folder. Which responses were kept is remembered there, because a
            verdict that is overridden later must not change what a resumed training goes on with;
            pairs are stored anyway.
    """
    template = config.policy.prompt_template
    if training.method == "sft":
        prompts = {
            id: fill(template, p.question)
            for id, p in reads.problems(db, run_id, "train", number).items()
        }
        return [
            Worked(r.problem_id, prompts[r.problem_id], r.text)
            for r in _remembered(db, run_id, number, config, training, work)
        ]
    return [
        Preference(
            r["problem_id"],
            fill(template, r["question"]),
            r["chosen"],
            r["rejected"],
            r["chosen_index"],
            r["rejected_index"],
            r["chosen_reward"],
            r["rejected_reward"],
        )
        for r in commit_reads.pairs(db, run_id, number)
    ]


def n_training_rows(db: Database, run_id: str, number: int, config: RunConfig) -> int | None:
    """How many rows the run's own settings give; None before the pool is whole."""
    pairs = commit_reads.pair_set(db, run_id, number)
    if pairs is None or config.training.method == "dpo":
        return pairs and pairs["n_pairs"]
    return sum(1 for _ in _kept(db, run_id, number, config, config.training))


def _remembered(
    db: Database, run_id: str, number: int, config: RunConfig, training: TrainingConfig, work: Path
) -> list[SimpleNamespace]:
    file = work / "kept.json"
    if file.exists():
        keys = {(problem_id, index) for problem_id, index in json.loads(file.read_text())}
        return [
            response
            for response in _pool(db, run_id, number)
            if (response.problem_id, response.idx) in keys
        ]
    kept = list(_kept(db, run_id, number, config, training))
    work.mkdir(parents=True, exist_ok=True)
    write_text(file, json.dumps([(response.problem_id, response.idx) for response in kept]))
    return kept


def _kept(
    db: Database, run_id: str, number: int, config: RunConfig, training: TrainingConfig
) -> Iterator[SimpleNamespace]:
    p, tuned = config.pairs, reads.tuning(db, run_id, number)
    keep_above = tuned["tau"] if tuned else training.keep_above
    for _, group in groupby(_pool(db, run_id, number), key=lambda response: response.problem_id):
        responses = list(group)
        kept = keep_responses(
            responses,
            keep_above=keep_above,
            dedupe=p.dedupe,
            cap=p.cap,
            drop_truncated=p.drop_truncated,
        )
        yield from (responses[i] for i in kept)


def _pool(db: Database, run_id: str, number: int) -> list[SimpleNamespace]:
    return [SimpleNamespace(**row) for row in commit_reads.pool(db, run_id, number)]
