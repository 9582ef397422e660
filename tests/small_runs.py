"""Small runs on the starter models, for tests: their configuration, the command line, and responses
without a model.
"""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine import store
from engine.config import RunConfig, parse_config
from engine.config.backends import takers
from engine.events import Graded, Sampled, Scored
from engine.paths import ROOT
from engine.store import Database, record
from engine.study.handle import Iteration
from engine.types import Response, StepScores, Verdict

SMALL = {
    "name": "small",
    "seed": 7,
    "n_iterations": 1,
    "problems": {
        "train": "starter:train",
        "held_out": "starter:held_out",
        "n_train": 12,
        "n_held_out": 6,
    },
    "policy": {"path": "starter", "prompt_template": "{question}\n"},
    "reward": {"path": "starter"},
    "sampling": {
        "n": 8,
        "n_presample": 3,
        "temperature": 1.0,
        "top_p": 1.0,
        "max_new_tokens": 80,
        "batch_size": 8,
        "dtype": "float32",
    },
    "difficulty": {"tau_l": 0.02, "tau_h": 0.99},
    "training": {
        "learning_rate": 7e-5,
        "batch_size": 2,
        "micro_batch_size": 1,
        "n_epochs": 8,
        "max_length": 512,
        "dtype": "float32",
        "checkpoint_every_s": 0.0,
    },
    "evaluation": {"n": 2},
}
"""A whole iteration in seconds: 12 problems, many small batches, many small steps with a checkpoint
after each.
"""


def small(**changes: dict | str | int) -> RunConfig:
    """SMALL with changes: a table is merged, a plain value replaced."""
    return parse_config(_merged(changes))


def toml(**changes: dict | str | int) -> str:
    """SMALL with changes, as a configuration file."""
    merged = _merged(changes)
    plain = "".join(
        f"{name} = {json.dumps(value)}\n"
        for name, value in merged.items()
        if not isinstance(value, dict)
    )
    for name, table in merged.items():
        if isinstance(table, dict):
            plain += f"\n[{name}]\n" + "".join(
                f"{k} = {json.dumps(v)}\n" for k, v in table.items() if v is not None
            )
    return plain


def _merged(changes: dict) -> dict:
    merged = {
        name: {**value, **changes.get(name, {})}
        if isinstance(value, dict)
        else changes.get(name, value)
        for name, value in {**changes, **SMALL}.items()
    }
    sampling = merged["sampling"]
    if sampling.get("sampler", "auto") not in ("auto", *takers("sampling.dtype")):
        merged["sampling"] = {k: v for k, v in sampling.items() if k != "dtype"}
    return merged


def cli(*arguments: str | Path, timeout: float = 240) -> subprocess.CompletedProcess[str]:
    """python -m engine, to its end."""
    command = [sys.executable, "-m", "engine", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=timeout)


def until(condition: Callable[[], object], what: str, *, deadline_s: float = 120) -> object:
    """The condition's first true value. Fails after the deadline, naming what was waited for."""
    end = time.monotonic() + deadline_s
    while not (value := condition()):
        assert time.monotonic() < end, f"waited {deadline_s:g} s for: {what}"
        time.sleep(0.02)
    return value


@dataclass(frozen=True)
class Finished:
    """One whole iteration through the command line, never stopped."""

    db: Path
    stdout: str
    stderr: str

    def copy(self, folder: Path) -> Path:
        """A database file of one's own with the same rows and files."""
        target = folder / self.db.name
        shutil.copy(self.db, target)
        shutil.copytree(f"{self.db}.files", f"{target}.files")
        return target


def judge(
    db: Database,
    run_id: str,
    number: int = 0,
    *,
    which: str = "presample_set",
    owed: dict[str, range] | None = None,
    correct: Callable[[int, int], bool] = lambda problem, index: index % 2 == 0,
    reward: Callable[[int, int], float] = lambda problem, index: 0.5,
) -> None:
    """Store responses with verdicts and scores as a job would, without a model.

    Args:
        owed: indices by problem id; None for all pre-samples.
        correct, reward: of the problem's position and the response's index.
    """
    set_id = getattr(store.runs.get_iteration(Iteration(db, run_id, number)), which)
    positions = {
        id: position
        for position, id in enumerate(store.problems.of_run(db, run_id, "train", number))
    }
    owed = owed or dict.fromkeys(positions, range(SMALL["sampling"]["n_presample"]))
    keys = [(id, index) for id, indices in owed.items() for index in indices]
    texts = [
        Response(id, index, index, f"{which} {id} {index}", "stop", 3, (5, 6, 7))
        for id, index in keys
    ]
    verdicts = [
        ((id, i), Verdict(c, "1", "correct" if c else "wrong"))
        for id, i in keys
        for c in [correct(positions[id], i)]
    ]
    scores = [((id, i), StepScores((reward(positions[id], i),))) for id, i in keys]
    prm_id = store.runs.get(db, run_id).prm_id
    for event in (Sampled(set_id, texts), Graded(set_id, verdicts), Scored(set_id, prm_id, scores)):
        record(db, "no job", 1, event)


def texts_of(db: Database, run_id: str) -> dict[str, list[tuple]]:
    """What a run sampled and paired, without random ids and times: texts by table."""
    names = {
        "responses": ("problem_id", "index", "text"),
        "pairs": ("problem_id", "chosen", "rejected"),
    }
    texts = {}
    for table, columns in names.items():
        batches = store.exports.batches(db, table, run_id)
        rows = [row for batch in batches for row in batch.to_pylist()]
        texts[table] = sorted(tuple(str(row[name]) for name in columns) for row in rows)
    return texts
