"""A configuration as the text of a TOML file that reads back as the same configuration."""

from collections.abc import Sequence
from typing import Any

import tomli_w

from engine.config.reading import plain_config
from engine.config.run import RunConfig


def as_toml(config: RunConfig, notes: Sequence[str] = ()) -> str:
    """A configuration as the text of a TOML file that load_config reads; notes stand on top as
    comments.

    None is said by leaving the setting out: every setting that may be None is None by default.
    """
    comments = "".join(f"# {_one_line(note)}\n" for note in notes)
    return comments + tomli_w.dumps(_without_none(plain_config(config)))


def _one_line(note: str) -> str:
    """Without control characters, which TOML does not allow in a comment."""
    return "".join(filter(str.isprintable, " ".join(note.split())))


def _without_none(table: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _without_none(value) if isinstance(value, dict) else value
        for name, value in table.items()
        if value is not None
    }
