"""Conditions as a person types them: one of the grammar (engine.method.conditions), or @ and the
name under which one is saved.
"""

import re
from collections.abc import Mapping

from engine import store
from engine.errors import ConfigError
from engine.method.condition_tokens import names
from engine.method.conditions import Condition, Kind, parse
from engine.store import Database

SAVED = "@"
MOST_CHARS = 40
_NAME = re.compile(rf"[\w-]{{1,{MOST_CHARS}}}")


def read(db: Database, typed: str, columns: Mapping[str, Kind]) -> Condition | None:
    """What a person typed; None for nothing.

    Args:
        columns: what may be named here, and what it holds.

    Raises: ConfigError for what cannot be read, a name under which nothing is saved, or a saved
    condition about columns that are not these.
    """
    text = text_of(db, typed)
    if not text:
        return None
    is_saved = typed.strip().startswith(SAVED)
    if is_saved and (absent := [name for name in names(text) if name not in columns]):
        raise ConfigError(
            f"The saved condition {typed.strip()} ({text}) names {' and '.join(absent)}, which"
            f" these rows do not have. They have {', '.join(columns)}."
        )
    return parse(text, columns)


def text_of(db: Database, typed: str) -> str:
    """The condition that a person typed: that text, or what is saved under @name. Raises:
    ConfigError for a name under which nothing is.
    """
    typed = typed.strip()
    if not typed.startswith(SAVED):
        return typed
    saved = {SAVED + one.name: one.text for one in store.saved_conditions.listed(db)}
    if typed not in saved:
        raise ConfigError(
            f"No condition is saved as {typed}. Saved are: {', '.join(saved) or 'none yet'}."
        )
    return saved[typed]


def save(db: Database, name: str, text: str, columns: Mapping[str, Kind], *, made_by: str) -> None:
    """Save a condition by name; one of the same name is replaced.

    Args:
        made_by: a tab's id, or "cli".

    Raises: ConfigError for a name that could not be typed behind @, or a text that cannot be read.
    """
    name, text = name.strip().removeprefix(SAVED), text_of(db, text)
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"The name {name[:MOST_CHARS]!r} cannot be used: it must have 1 to {MOST_CHARS}"
            " letters, digits, _ or -, so that it can be typed behind @."
        )
    parse(text, columns)
    store.saved_conditions.save(db, name, text, made_by=made_by)
