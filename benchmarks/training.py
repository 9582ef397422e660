"""What training through the worker costs: optimiser steps per second against a bare TRL script with
the same rows.

The worker's events are recorded in a database while they come, as in a job; every one of them must
arrive. Both are timed from the first step's begin to the last step's log, in turn, each in a
process of its own with the same environment. CPU seconds of the training process say what wall time
cannot on a machine with other work.
"""

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from benchmarks.rows import Row, against, alone
from engine import store
from engine.config import TrainingConfig
from engine.events import OptimiserStep, Planned
from engine.paths import ROOT, STARTER
from engine.placement import Remote, child_environment, trainer_backend
from engine.problems import read_problems
from engine.store import Database, record
from engine.study.handle import Iteration
from engine.training import TrainingTask
from engine.types import Preference, Problem

N_STEPS, N_RUNS = 40, 5
CONFIG = TrainingConfig(
    learning_rate=7e-5, batch_size=16, micro_batch_size=16, max_length=512, dtype="float32"
)


def measure() -> list[Row]:
    problems = [p for p in read_problems("starter:train").problems if p.solution][
        : N_STEPS * CONFIG.batch_size
    ]
    pairs = [_pair(p) for p in problems]
    ours, bare, shares = [], [], []
    for turn in range(-1, N_RUNS):
        with tempfile.TemporaryDirectory() as folder:
            spent, n_recorded = _worker(pairs, Path(folder))
            spent_bare = _bare(pairs, Path(folder))
        if turn >= 0:
            ours.append(spent), bare.append(spent_bare), shares.append(n_recorded / N_STEPS)
    walls = [[N_STEPS / spent.wall_s for spent in side] for side in (ours, bare)]
    cpus = [[spent.cpu_s for spent in side] for side in (ours, bare)]
    return [
        against("training: steps through the worker", *walls, "steps/s"),
        against("training: CPU seconds of the training process", *cpus, "s"),
        alone("training: share of steps recorded", shares, "share"),
    ]


@dataclass(frozen=True, slots=True)
class Spent:
    wall_s: float
    cpu_s: float


def _pair(problem: Problem) -> Preference:
    """The solution against itself without its middle: rows of real lengths, right and wrong."""
    steps = problem.solution.split("\n\n")
    return Preference(
        problem.id,
        f"{problem.question}\n",
        problem.solution,
        "\n\n".join(steps[-1:]),
        0,
        1,
        1.0,
        0.0,
    )


def _worker(pairs: list[Preference], folder: Path) -> tuple[Spent, int]:
    """What one training took, and the steps in the database."""
    db = Database(folder / "studio.duckdb")
    job_id = store.jobs.add(Iteration(db, "run", 0), "train", {})
    task = TrainingTask(
        str(STARTER / "policy"),
        pairs,
        CONFIG,
        seed=0,
        work_dir=str(folder / "work"),
        policies_dir=str(folder / "made"),
    )
    remote = Remote(trainer_backend(CONFIG), folder / "logs")
    for event in remote.train(task, lambda: False):
        if isinstance(event, Planned):
            began = _clocks(remote.pid)
        if isinstance(event, OptimiserStep):
            record(db, job_id, 1, event)
            ended = _clocks(remote.pid) if event.step == N_STEPS else None
    remote.close()
    n_recorded = db.row("SELECT count(*) AS n FROM metrics WHERE name = 'loss'")["n"]
    db.close()
    return Spent(*(end - begin for begin, end in zip(began, ended))), n_recorded


def _clocks(child: int) -> tuple[float, float]:
    """(wall, CPU of the child) so far, in seconds."""
    return time.perf_counter(), sum(psutil.Process(child).cpu_times()[:2])


def _bare(pairs: list[Preference], folder: Path) -> Spent:
    c = CONFIG
    told = {
        "rows": [
            {name: asdict(pair)[name] for name in ("prompt", "chosen", "rejected")}
            for pair in pairs
        ],
        "arguments": {
            "learning_rate": c.learning_rate,
            "per_device_train_batch_size": c.micro_batch_size,
            "beta": c.beta,
            "num_train_epochs": 1,
            "lr_scheduler_type": "cosine",
            "warmup_steps": 2,
            "precompute_ref_batch_size": c.micro_batch_size,
            "seed": 0,
        },
    }
    (folder / "pairs.json").write_text(json.dumps(told))
    command = [
        sys.executable,
        "benchmarks/bare_dpo.py",
        str(folder / "pairs.json"),
        str(STARTER / "policy"),
        str(folder / "bare"),
    ]
    done = subprocess.run(
        command, cwd=ROOT, env=child_environment(), capture_output=True, text=True, check=True
    )
    return Spent(*map(float, done.stdout.rpartition("SECONDS")[2].split()))
