"""hs-star run and resume: whole iterations without a person."""

import click

from engine.cli.options import as_json, database, one_run, require_database
from engine.cli.walking import walk


@click.command()
@click.argument("config", metavar="CONFIG.toml")
@click.option(
    "--template",
    metavar="NAME",
    help="Run it as this method or baseline, such as hs_star, uniform_dpo, rest_em, b_star.",
)
@database
@as_json
def run(config: str, template: str | None, db: str, as_json: bool) -> None:
    """Run whole iterations with a configuration's thresholds."""
    from engine.config import load_config, require_thresholds
    from engine.config.templates import from_template
    from engine.study.runs import create_run

    chosen = load_config(config)
    if template:
        chosen = from_template(chosen, template)
    require_thresholds(chosen)
    walk(db, lambda opened: create_run(opened, chosen), as_json=as_json)


@click.command()
@one_run
@database
@as_json
def resume(run_id: str | None, db: str, as_json: bool) -> None:
    """Go on with a run where it stopped."""
    from engine import store
    from engine.errors import ConfigError

    def pick(opened) -> str:
        known = [run.id for run in store.runs.listed(opened)]
        if not known or (run_id and run_id not in known):
            raise ConfigError(
                f"There is no run {run_id or 'yet'} in {opened.path}. `run` starts one."
            )
        return run_id or known[0]

    require_database(db)
    walk(db, pick, as_json=as_json)
