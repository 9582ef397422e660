"""hs-star track: watch a run in other tools, and send what it has stored."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from engine.cli.options import as_json, database, one_run, require_database

NONE = "none"


class Trackers(click.ParamType):
    """A tracker's name, or none. Which there are is asked of the configuration, and only when a
    person names one: that room is slow to import.
    """

    name = "tracker"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from engine.config.tracking import TRACKERS

        return click.Choice([*TRACKERS, NONE]).convert(value, param, ctx)


@click.command()
@click.argument("trackers", nargs=-1, required=True, type=Trackers(), metavar="TRACKER...")
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
