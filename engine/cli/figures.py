"""hs-star compare, replay and rates: figures of what was sampled already."""

import json
from pathlib import Path
from typing import get_args

import click

from engine.cli.options import as_json, database, one_run, require_database
from engine.types import Mode


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="FILE[:RUN]...")
@as_json
def compare(runs: tuple[str, ...], as_json: bool) -> None:
    """Set runs side by side: budget, accuracy, pairs, gains.

    FILE is a database and RUN a run in it (default: its newest run).
    """
    from engine.figures.comparison import compare as side_by_side
    from engine.figures.comparison import plain
    from engine.figures.measure import measure_files
    from engine.figures.text import as_text

    comparison = side_by_side(measure_files(list(runs)))
    print(json.dumps(plain(comparison)) if as_json else as_text(comparison))


@click.command()
@click.argument("config", required=False, metavar="[STUDY.toml]")
@one_run
@click.option("--tau-l", type=float, help="Default: the configuration's.")
@click.option("--tau-h", type=float, help="Default: the configuration's.")
@click.option("--mode", type=click.Choice(get_args(Mode)))
@database
@as_json
def replay(
    config: str | None,
    run_id: str | None,
    tau_l: float | None,
    tau_h: float | None,
    mode: str | None,
    db: Path,
    as_json: bool,
) -> None:
    """Say what every strategy would have yielded on recorded responses.

    STUDY.toml is an imported set's study.toml; without it a run of --db is replayed.
    """
    from dataclasses import asdict

    from engine.config import load_config
    from engine.figures.text import table
    from engine.headless.replay import as_rows, replay_config, replay_run

    chosen = {"tau_l": tau_l, "tau_h": tau_h, "mode": mode}
    if config:
        replays = replay_config(load_config(config), **chosen)
    else:
        require_database(db)
        replays = replay_run(db, run_id, **chosen)
    print(json.dumps([asdict(r) for r in replays]) if as_json else table(as_rows(replays)))


@click.command()
@click.argument("file")
@database
@as_json
def rates(file: str, db: Path, as_json: bool) -> None:
    """Classes by accuracy of a table of pass rates per problem."""
    from engine.recorded.rates import read_rates

    pass_rates = read_rates(Path(file))
    result = {
        "n_problems": len(pass_rates.names),
        "n_rejected": len(pass_rates.rejected),
        "classes": pass_rates.classes(),
    }
    print(json.dumps(result, indent=None if as_json else 2))
