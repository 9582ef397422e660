"""Does anything wait that need not? A pre-sampling with grading, scoring and storing on, against
the bare sampler; and hf_local against plain `generate` on a real small model (benchmarks.decoding).

Both use the same warm worker and the same requests, in turn. A request counts as in flight from the
call to the sampler until its last response has arrived.
"""

import tempfile
import time
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from benchmarks import decoding
from benchmarks.rows import Row, against, alone
from engine import store
from engine.config import RunConfig, load_config
from engine.jobs.owed import policy_backend
from engine.jobs.runner import JobRunner
from engine.method.prompts import fill
from engine.placement import Backend, Workers
from engine.small_lm import build, is_installed
from engine.store import Database
from engine.study.handle import Iteration
from engine.study.runs import create_run
from engine.study.sample_sets import requests

N_PROBLEMS, N_RUNS, N_SMALL_LM_RUNS = 2_000, 5, 3
CONFIG = Path(__file__).resolve().parent.parent / "data" / "starter" / "default.toml"


class Timed(Workers):
    """Workers whose sampler notes when it has requests in flight."""

    busy_s = 0.0

    def get(self, backend: Backend):
        opened = super().get(backend)
        return _Clock(opened, self) if backend.name.endswith("_local") else opened


class _Clock:
    def __init__(self, sampler, owner: Timed):
        self._sampler, self._owner = sampler, owner

    def sample(self, owed, settings):
        started = time.perf_counter()
        yield from self._sampler.sample(owed, settings)
        self._owner.busy_s += time.perf_counter() - started


def measure() -> list[Row]:
    has_vllm = find_spec("vllm") is not None
    samplers = ["hf_local", *(["vllm_local"] if has_vllm else [])]
    rows = [*decoding.measure(), *(row for sampler in samplers for row in _on_starter(sampler))]
    return [*rows, *on_small_lm()] if has_vllm and is_installed() else rows


def _on_starter(sampler: str) -> list[Row]:
    config = load_config(CONFIG)
    problems = replace(config.problems, n_train=N_PROBLEMS, n_held_out=1)
    return _measure(replace(config, problems=problems), sampler, N_RUNS, "")


def on_small_lm() -> list[Row]:
    """vllm_local's pipeline on the small language model, graded and stored, nothing scored."""
    with tempfile.TemporaryDirectory() as folder:
        config = load_config(build(Path(folder) / "lm").configuration)
        return _measure(config, "vllm_local", N_SMALL_LM_RUNS, " on the small LM")


def _measure(config: RunConfig, sampler: str, n_runs: int, where: str) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        placement = Timed(Path(folder) / "logs")
        config = replace(config, n_iterations=1, sampling=replace(config.sampling, sampler=sampler))
        walls, bares, idle = [], [], []
        for turn in range(-1, n_runs):
            wall, busy = _pipeline(Path(folder) / f"{turn}.duckdb", config, placement)
            bare = _bare(Path(folder) / f"{turn}.duckdb", placement)
            if turn >= 0:
                walls.append(wall), bares.append(bare), idle.append(1 - busy / wall)
        placement.release()
    name = f"pipeline_{sampler}{where}"
    return [
        alone(f"{name}: share of wall with no request in flight", idle, "share"),
        against(f"{name}: wall against the bare sampler", walls, bares, "s"),
    ]


def _pipeline(path: Path, config, placement: Timed) -> tuple[float, float]:
    """(wall seconds, seconds with requests in flight) of one whole pre-sampling job."""
    db = Database(path)
    runner = JobRunner(db)
    runner._placements["worker"] = placement
    run_id = create_run(db, config)
    job_id = runner.submit(Iteration(runner.db, run_id, 0), "presample")
    placement.busy_s = 0.0
    started = time.perf_counter()
    runner.run_next()
    wall = time.perf_counter() - started
    if store.jobs.get(db, job_id).state != "done":
        raise AssertionError(store.jobs.get(db, job_id).error)
    runner._grader.close()
    db.close()
    return wall, placement.busy_s


def _bare(path: Path, placement: Timed) -> float:
    """Wall seconds of the same requests with nothing behind them."""
    db = Database(path)
    it = Iteration(db, store.runs.listed(db)[0].id, 0)
    samples = store.samples.get(db, it.row.presample_set)
    problems = store.problems.of_run(db, it.run_id, "train", 0)
    prompts = {id: fill(samples.settings.prompt_template, p.question) for id, p in problems.items()}
    owed = requests(samples, prompts, sorted(store.samples.stored_keys(db, samples.id)))
    backend = policy_backend(it, samples.sampler, samples.policy_id)
    db.close()
    started = time.perf_counter()
    for _ in placement.get(backend).sample(owed, samples.settings):
        pass
    return time.perf_counter() - started
