"""hs-star backup: a copy of the database, whoever has it open."""

import json
import sys
from pathlib import Path

import click

from engine.cli.options import as_json, database, require_database
from engine.paths import expanded


@click.command()
@click.argument("out", metavar="FILE")
@database
@as_json
def backup(out: str, db: Path, as_json: bool) -> None:
    """Write a copy of the database to FILE, as of one moment.

    A dashboard or a run that has the database open is asked to write it, and goes on working
    meanwhile. Policies, recordings and problem sets, which lie in the folder beside the database,
    are not in it: `hs-star export study` packs them too.
    """
    from engine.jobs.backup import back_up

    require_database(db)
    target = expanded(out).resolve()
    n_bytes = back_up(db, target)
    if as_json:
        print(json.dumps({"backup": str(target), "n_bytes": n_bytes}))
    else:
        print(f"{n_bytes:,} bytes in {target}", file=sys.stderr)
