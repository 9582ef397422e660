"""What a sampler that stays loaded saves: the second phase on unchanged weights, warm against cold.

Both are the evaluation before training, the phase that follows resampling on the same policy. In
turn; for the cold one every worker is released first.
"""

import tempfile
import time
from dataclasses import replace
from pathlib import Path

from benchmarks.rows import Row, against
from engine import store
from engine.config import load_config
from engine.jobs.runner import JobRunner
from engine.placement import Workers
from engine.store import Database
from engine.study.handle import Iteration
from engine.study.runs import create_run

N_HELD_OUT, N_RUNS = 50, 5
CONFIG = Path(__file__).resolve().parent.parent / "data" / "starter" / "default.toml"


def measure() -> list[Row]:
    config = load_config(CONFIG)
    config = replace(
        config, n_iterations=1, problems=replace(config.problems, n_train=20, n_held_out=N_HELD_OUT)
    )
    with tempfile.TemporaryDirectory() as folder:
        placement = Workers(Path(folder) / "logs")
        warm, cold = [], []
        for turn in range(-1, N_RUNS):
            for is_warm, seconds in ((True, warm), (False, cold)):
                taken = _second_phase(
                    Path(folder) / f"{turn}_{is_warm}.duckdb", config, placement, is_warm=is_warm
                )
                if turn >= 0:
                    seconds.append(taken)
        placement.release()
    return [against(f"warm: second phase, {N_HELD_OUT} problems (against cold)", warm, cold, "s")]


def _second_phase(path: Path, config, placement: Workers, *, is_warm: bool) -> float:
    """Wall seconds of the evaluation job after a pre-sampling job."""
    db = Database(path)
    runner = JobRunner(db)
    runner._placements["worker"] = placement
    run_id = create_run(db, config)
    _job(runner, run_id, "presample", {})
    if not is_warm:
        placement.release()
    started = time.perf_counter()
    _job(runner, run_id, "evaluate", {"policy": "before"})
    taken = time.perf_counter() - started
    runner._grader.close()
    db.close()
    return taken


def _job(runner: JobRunner, run_id: str, kind: str, params: dict) -> None:
    job_id = runner.submit(Iteration(runner.db, run_id, 0), kind, params)
    runner.run_next()
    if store.jobs.get(runner.db, job_id).state != "done":
        raise AssertionError(store.jobs.get(runner.db, job_id).error)
