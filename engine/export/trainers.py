"""A committed plan, or any choice of a run's problems, as the dataset that another trainer reads:
its prompts and reference answers, with pass rate, class and allocation beside them.

Shapes were read in the trainers' own loaders: TRL 1.16 (trl/trainer/grpo_trainer.py), verl 0.9.1
(verl/utils/dataset/rl_dataset.py), verifiers 0.1.9 and 0.4.0, which prime-rl uses
(verifiers/envs/environment.py, verifiers/v1/task.py), OpenRLHF 0.11.2
(openrlhf/datasets/prompts_dataset.py).
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import store
from engine.config import PolicyConfig
from engine.errors import ConfigError
from engine.export.chosen import chosen
from engine.export.signals import with_signals
from engine.export.tables import write_plain
from engine.method.prompts import fill
from engine.store import Database
from engine.study.handle import Iteration
from engine.study.runs import pick_run

if TYPE_CHECKING:
    import pyarrow

Row = Mapping[str, Any]
Messages = list[dict[str, str]]
SUFFIXES = (".jsonl", ".parquet")


@dataclass(frozen=True, slots=True)
class Trainer:
    label: str
    about: str
    shape: Callable[[Row, PolicyConfig], dict[str, Any]]
    """A problem's row, with the columns of store.exports' prompts and estimates, as it reads it."""


def export_prompts(
    db: Database,
    trainer: str,
    path: Path,
    *,
    run_id: str | None = None,
    iteration: int | None = None,
    where: str = "",
) -> int:
    """Write an iteration's training problems for another trainer: one row per problem.

    Args:
        trainer: a key of TRAINERS.
        path: a .jsonl or .parquet file.
        run_id: None for the newest run.
        iteration: None for the newest.
        where: a condition over store.problem_columns (engine.method.conditions), such as
            'n_more > 0' for what the plan gives something, or @ and the name of a saved one; "" for
            all problems. Without a commit class, n_more and in_pool are null.

    Returns: the number of rows. Raises: ConfigError for an unknown run, iteration or suffix, a
    folder that is not there, or a condition that cannot be read.
    """
    if path.suffix not in SUFFIXES:
        raise ConfigError(
            f"{path} has the suffix {path.suffix or '(none)'}: rows that hold chats and tables are"
            f" written as {' or '.join(SUFFIXES)}."
        )
    run_id = pick_run(db, run_id)
    numbers = [row.number for row in store.runs.iterations(db, run_id)]
    it = Iteration(db, run_id, numbers[-1] if iteration is None else iteration)
    store.runs.get_iteration(it)
    batches = store.exports.batches(db, "prompts", run_id, iteration=it.number)
    rows = chosen(db, with_signals(it, batches), where)
    return write_plain(_shaped(rows, TRAINERS[trainer], it.config.policy), path)


def _shaped(
    batches: Iterator["pyarrow.RecordBatch"], trainer: Trainer, policy: PolicyConfig
) -> Iterator["pyarrow.RecordBatch"]:
    import pyarrow

    schema = pyarrow.RecordBatch.from_pylist([trainer.shape(_TYPED, policy)]).schema
    for batch in batches:
        rows = [trainer.shape(row, policy) for row in batch.to_pylist()]
        yield pyarrow.RecordBatch.from_pylist(rows, schema)


def _beside(row: Row) -> dict[str, Any]:
    """What the other trainer does not need, and its users do."""
    names = ("problem_id", "level", "class", "n_more", "in_pool", "n", "n_correct", "pass_rate")
    return {name: row[name] for name in (*names, "phi_r")}


def _prompt(row: Row, policy: PolicyConfig) -> Messages | str:
    """What the policy read here: turns of a chat, or one text."""
    return _messages(row, policy) if policy.chat else fill(policy.prompt_template, row["question"])


def _messages(row: Row, policy: PolicyConfig) -> Messages:
    system = [{"role": "system", "content": policy.system}] if policy.system else []
    text = fill(policy.prompt_template, row["question"])
    return [*system, {"role": "user", "content": text}]


def _truth(row: Row) -> str:
    """The reference answer; for code the tests, as JSON."""
    return row["details"] if row["domain"] == "code" else row["answer"] or ""


def _trl(row: Row, policy: PolicyConfig) -> dict[str, Any]:
    return {"prompt": _prompt(row, policy), "answer": _truth(row), **_beside(row)}


def _verl(row: Row, policy: PolicyConfig) -> dict[str, Any]:
    return {
        "data_source": "hs_star",
        "prompt": _messages(row, policy),
        "ability": row["domain"],
        "reward_model": {"style": "rule", "ground_truth": _truth(row)},
        "extra_info": {"split": "train", "index": row["position"], **_beside(row)},
    }


def _verifiers(row: Row, policy: PolicyConfig) -> dict[str, Any]:
    return {
        "id": row["problem_id"],
        "prompt": _messages(row, policy),
        "answer": _truth(row),
        "task": "hs_star",
        "info": json.dumps(_beside(row)),
    }


def _openrlhf(row: Row, policy: PolicyConfig) -> dict[str, Any]:
    return {
        "input": _prompt(row, policy),
        "label": _truth(row),
        "datasource": "hs_star",
        **_beside(row),
    }


TRAINERS = {
    "trl": Trainer(
        "TRL",
        "TRL's GRPO and RLOO trainers: prompt, and every other column as an argument of reward"
        " functions.",
        _trl,
    ),
    "verl": Trainer(
        "verl",
        "verl: a chat, reward_model.ground_truth, and the figures in extra_info. Its own rewards"
        " know no data_source hs_star: name a custom_reward_function.",
        _verl,
    ),
    "verifiers": Trainer(
        "verifiers, prime-rl",
        "verifiers and prime-rl: a chat and its answer, with the figures as JSON in info.",
        _verifiers,
    ),
    "openrlhf": Trainer(
        "OpenRLHF",
        "OpenRLHF: --input_key input --label_key label, with --apply_chat_template for a chat.",
        _openrlhf,
    ),
}

_TYPED: Row = {
    "problem_id": "",
    "position": 0,
    "question": "",
    "answer": "",
    "level": "",
    "domain": "",
    "details": "",
    "class": "",
    "n_more": 0,
    "in_pool": True,
    "n": 0,
    "n_correct": 0,
    "pass_rate": 0.5,
    "phi_r": 0.5,
}
"""A row that says every column's type."""
