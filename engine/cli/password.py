"""hs-star password: who may come in to a dashboard that others can reach."""

import sys
from pathlib import Path

import click

from engine.cli.options import database


@click.command()
@click.option("--read-only", is_flag=True, help="For visitors who look and start nothing.")
@click.option("--remove", is_flag=True, help="Take the password away.")
@database
def password(read_only: bool, remove: bool, db: Path) -> None:
    """Set the password of the dashboard, which asks for it from then on.

    It is asked for twice, or read as one line of standard input. Only its hash is stored, in
    FILE.login.toml beside the database. A dashboard that runs takes it at once; who is logged in
    with the password before it is logged out.
    """
    from engine.login import Role, set_password

    role = Role.READ_ONLY if read_only else Role.FULL
    path = set_password(db, role, None if remove else _asked())
    words = "removed from" if remove else "set in"
    print(f"The password for {_WORDS[role]} is {words} {path}.", file=sys.stderr)


_WORDS = {"full": "everything", "read_only": "looking only"}


def _asked() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    return click.prompt("Password", hide_input=True, confirmation_prompt=True)
