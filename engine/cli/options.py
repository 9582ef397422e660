"""What several commands share: the options --db, --json and --run, and what they require."""

from pathlib import Path

import click

from engine.paths import DEFAULT_DB


def _located(_context: click.Context, _option: click.Parameter, path: str) -> Path:
    """The file that is meant, from whichever folder, ~ being the user's own."""
    return Path(path).expanduser().resolve()


database = click.option(
    "--db",
    default=str(DEFAULT_DB),
    show_default=True,
    metavar="FILE",
    callback=_located,
    help="The database file.",
)
as_json = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object and nothing else."
)
one_run = click.option("--run", "run_id", metavar="ID", help="Run id (default: the newest).")


def require_database(path: Path) -> None:
    """Only `run` makes a database. Raises: ConfigError if there is none."""
    from engine.errors import ConfigError

    if not path.exists():
        raise ConfigError(f"There is no database at {path}. Give one with --db; `run` makes it.")
