"""What several commands share: the options --db, --json and --run, and what they require."""

from pathlib import Path

import click

from engine.paths import DEFAULT_DB, expanded


def _located(_context: click.Context, _option: click.Parameter, path: str) -> Path:
    """The file that is meant, from whichever folder, ~ being the user's own."""
    return expanded(path).resolve()


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


def _mapping(
    _context: click.Context, _option: click.Parameter, given: tuple[str, ...]
) -> dict[str, str] | None:
    """Path by role; None where nothing is mapped."""
    pairs = [one.partition("=") for one in given]
    if bad := next((role for role, equals, path in pairs if not (role and equals and path)), None):
        raise click.BadParameter(f"{bad!r} is no ROLE=PATH, such as question=prompt[-1].content.")
    return {role: path for role, _, path in pairs} or None


mapping = click.option(
    "--map",
    "mapping",
    multiple=True,
    metavar="ROLE=PATH",
    callback=_mapping,
    help="Where a role stands in a row, such as question=prompt[-1].content; may be repeated."
    " Without it, known shapes are read.",
)
one_run = click.option("--run", "run_id", metavar="ID", help="Run id (default: the newest).")


def require_database(path: Path) -> None:
    """Only `run` makes a database. Raises: ConfigError if there is none."""
    from engine.errors import ConfigError

    if not path.exists():
        raise ConfigError(f"There is no database at {path}. Give one with --db; `run` makes it.")
