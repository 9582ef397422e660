"""hs-star run and resume: whole iterations without a person."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli.options import as_json, database, one_run, require_database
from engine.cli.walking import walk

if TYPE_CHECKING:
    from engine.config import RunConfig
    from engine.store import Database


@click.command()
@click.argument("config", metavar="CONFIG.toml")
@click.option(
    "--template",
    metavar="NAME",
    help="Run it as this method or baseline, such as hs_star, uniform_dpo, rest_em, b_star.",
)
@database
@as_json
def run(config: str, template: str | None, db: Path, as_json: bool) -> None:
    """Run whole iterations with a configuration's thresholds."""
    from engine.config import load_config, require_thresholds
    from engine.config.templates import from_template

    chosen = load_config(config)
    if template:
        chosen = from_template(chosen, template)
    require_thresholds(chosen)
    walk(
        db,
        lambda opened: _created(opened, chosen),
        as_json=as_json,
        placement=chosen.placement,
    )


def _created(opened: "Database", chosen: "RunConfig") -> str:
    from engine.study.runs import create_run

    return create_run(opened, chosen)


@click.command()
@one_run
@database
@as_json
def resume(run_id: str | None, db: Path, as_json: bool) -> None:
    """Go on with a run where it stopped."""
    from engine.study.runs import pick_run

    require_database(db)
    walk(db, lambda opened: pick_run(opened, run_id), as_json=as_json)
