"""hs-star evaluate: a policy alone, on a suite or on a configuration's held-out problems."""

import json
from pathlib import Path

import click

from engine.cli.options import as_json, database
from engine.cli.walking import driven, walk
from engine.paths import expanded


@click.command()
@click.argument("policy")
@click.option("--suite", metavar="NAME", help="paper, or a .toml file that names problem sets.")
@click.option(
    "--data",
    metavar="FOLDER",
    help="Where the suite's files are (default: what the suite registers).",
)
@click.option(
    "--n-max", type=int, help="At most so many problems per set, the first ones (default: all)."
)
@database
@as_json
def evaluate(
    policy: str, suite: str | None, data: str | None, n_max: int | None, db: Path, as_json: bool
) -> None:
    """Evaluate a policy, and nothing else: on a suite, or a configuration's on its held-out
    problems.

    POLICY is a configuration; with --suite also a model folder, a hub id, or starter.
    """
    from engine.config import load_config
    from engine.errors import ConfigError
    from engine.study.runs import create_run

    if suite:
        _evaluate_suite(policy, suite, data, n_max, db, as_json)
    elif Path(policy).suffix in (".toml", ".json"):
        config = load_config(policy)
        walk(db, lambda opened: create_run(opened, config), as_json=as_json, evaluate_only=True)
    else:
        raise ConfigError(
            f"{policy} is no .toml or .json configuration: to evaluate a policy alone,"
            " name a suite with --suite."
        )


def _evaluate_suite(
    policy: str, suite: str, data: str | None, n_max: int | None, path: Path, as_json: bool
) -> None:
    from dataclasses import asdict

    from engine.figures.text import table
    from engine.headless.suites import as_rows, evaluate_suite, load_suite, subject

    loaded, chosen = load_suite(suite), subject(policy)
    folder = expanded(data) if data else None
    with driven(path) as runner:
        result = evaluate_suite(runner, loaded, chosen, data=folder, n_max=n_max)
    print(json.dumps(asdict(result)) if as_json else table(as_rows(result)))
