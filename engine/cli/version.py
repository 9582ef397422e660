"""Which version of the program this is."""

import tomllib
from importlib.metadata import version as version_of

from engine.paths import CHECKOUT


def version() -> str:
    """A checkout's pyproject.toml says it, elsewhere what pip noted while installing."""
    if CHECKOUT:
        project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
        return project["project"]["version"]
    return version_of("hs-star-studio")
