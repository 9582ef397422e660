"""One stage of the scale benchmark, as a process: python -m benchmarks.scale_stage STAGE FOLDER."""

import sys
from collections.abc import Callable
from pathlib import Path

from engine.config import load_config
from engine.export.regrade import stored_verdicts
from engine.export.run import export_table
from engine.grading import Grader
from engine.grading.again import regrade
from engine.headless import replay, run
from engine.jobs.runner import JobRunner
from engine.paths import artifacts_of
from engine.recorded import import_responses
from engine.store import Database
from engine.study import plans
from engine.study.handle import Iteration
from engine.study.runs import create_run, latest, pick_run
from engine.types import Choice

CHOICE = Choice(0.25, 0.65, "both", "boundary")


def main() -> None:
    stage, folder = sys.argv[1], Path(sys.argv[2])
    path = folder / "study.duckdb"
    if stage == "import":
        import_responses(folder / "responses.jsonl", artifacts_of(path), scale="probability")
        return
    db = Database(path)
    try:
        _STAGES[stage](db, folder)
    finally:
        db.close()


def _presample(db: Database, _folder: Path) -> None:
    (study,) = artifacts_of(db.path).rglob("study.toml")
    run_id = create_run(db, load_config(study))
    _driven(db, lambda runner: run.presample(runner, Iteration(db, run_id, 0)))


def _resample(db: Database, _folder: Path) -> None:
    it = _only_iteration(db)
    plans.commit(it, CHOICE, made_by="benchmark")
    _driven(db, lambda runner: run.run_to_end(runner, it.run_id))


def _export(db: Database, folder: Path) -> None:
    export_table(db, "responses", folder / "responses_out.jsonl", run_id=_only_iteration(db).run_id)


def _regrade(db: Database, _folder: Path) -> None:
    with Grader() as grader:
        regrade(stored_verdicts(db, _only_iteration(db).run_id), grader)


def _replay(db: Database, _folder: Path) -> None:
    it = _only_iteration(db)
    replay.replay(db, it.run_id, tau_l=CHOICE.tau_l, tau_h=CHOICE.tau_h, mode=CHOICE.mode)


def _driven(db: Database, drive: Callable[[JobRunner], None]) -> None:
    runner = JobRunner(db)
    try:
        drive(runner)
    finally:
        runner.close()


def _only_iteration(db: Database) -> Iteration:
    return latest(db, pick_run(db, None))


_STAGES: dict[str, Callable[[Database, Path], None]] = {
    "presample": _presample,
    "resample and pairs": _resample,
    "export": _export,
    "regrade": _regrade,
    "replay": _replay,
}

if __name__ == "__main__":
    main()
