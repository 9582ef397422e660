"""hs-star dashboard: the window, wherever the program is installed."""

import os
import sys
from pathlib import Path

import click

from engine.cli.options import database
from engine.paths import ROOT


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="[STREAMLIT OPTIONS]")
@database
def dashboard(options: tuple[str, ...], db: Path) -> None:
    """Serve the dashboard at http://127.0.0.1:8501, until Ctrl-C.

    STREAMLIT OPTIONS are those of `streamlit run`, such as --server.port 8600.
    """
    sys.stdout.flush()
    os.execv(sys.executable, dashboard_command(db, options))


def dashboard_command(db: Path, options: tuple[str, ...] = ()) -> list[str]:
    """`streamlit run app/main.py` in this environment. -P keeps the current folder from being
    imported from: a person's own app/ or engine/ there is not the program's.
    """
    streamlit = [sys.executable, "-P", "-m", "streamlit", "run"]
    return [*streamlit, str(ROOT / "app" / "main.py"), *options, "--", "--db", str(db)]
