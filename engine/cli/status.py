"""hs-star status: what a database holds, or what the process does that has it open."""

import json
from pathlib import Path

import click

from engine.cli.options import as_json, database, require_database


@click.command()
@database
@as_json
def status(db: Path, as_json: bool) -> None:
    """Say which runs and jobs a database holds, or what its owner does."""
    from engine.errors import StoreLocked
    from engine.jobs.status import published
    from engine.paths import status_path
    from engine.store import Database

    require_database(db)
    try:
        opened = Database(db)
    except StoreLocked as locked:
        said = published(db)
        if said is None:
            raise StoreLocked(
                f"{locked} What it does cannot be read from {status_path(db)}."
            ) from None
        print(json.dumps(said) if as_json else f"{locked}\nIt last said: {json.dumps(said)}")
        return
    runs = _runs(opened)
    opened.close()
    if as_json:
        print(json.dumps({"runs": runs}))
        return
    for run in runs:
        _print_run(run)


def _runs(db) -> list[dict]:
    from engine import store

    store.jobs.mark_lost(db)
    return [
        {
            "id": run.id,
            "name": run.name,
            "n_iterations": run.n_iterations,
            "jobs": _job_states(db, run.id),
        }
        for run in store.runs.listed(db)
    ]


def _job_states(db, run_id: str) -> list[dict]:
    from engine import store

    return [
        {k: getattr(job, k) for k in ("iteration", "kind", "state", "n_done", "n_total")}
        for job in store.jobs.of_run(db, run_id)
    ]


def _print_run(run: dict) -> None:
    print(f"{run['id']}  {run['name']}  iterations: {run['n_iterations']}")
    for job in run["jobs"]:
        print(
            f"    {job['iteration']}  {job['kind']:<10} {job['state']:<12}"
            f" {job['n_done']}/{job['n_total']}"
        )
