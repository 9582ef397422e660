"""hs-star track: watch a run in other tools, and send what it has stored."""

import json
import sys
from pathlib import Path

import click

from engine.cli.options import as_json, database, one_run, require_database
from engine.config.tracking import TRACKERS

NONE = "none"


@click.command()
@click.argument("trackers", nargs=-1, required=True, type=click.Choice([*TRACKERS, NONE]))
@one_run
@database
@as_json
def track(trackers: tuple[str, ...], run_id: str | None, db: Path, as_json: bool) -> None:
    """Watch a run in TRACKERS from now on, and send them what is stored.

    tensorboard writes event files into the folder tracking/tensorboard beside the database; trackio
    keeps them on this machine; wandb and mlflow send where their own settings say. none: nowhere.
    """
    from engine.errors import EngineError
    from engine.store import Database, tracking
    from engine.study.runs import pick_run
    from engine.tracking.following import send_stored

    require_database(db)
    chosen = tuple(name for name in trackers if name != NONE)
    opened = Database(db)
    try:
        run = pick_run(opened, run_id)
        tracking.choose(opened, run, chosen, made_by="cli")
        troubles = send_stored(opened, run)
    finally:
        opened.close()
    if troubles:
        raise EngineError("\n".join(troubles))
    if as_json:
        print(json.dumps({"run": run, "trackers": list(chosen)}))
    else:
        print(f"Run {run} is watched in {', '.join(chosen) or 'no tool'}.", file=sys.stderr)
