"""Paths in the folder beside a database, FILE.files: stored relative to it, so that both can be
moved or renamed together. Every other path is stored as it is.
"""

import json

from engine.store.connection import Database

MARK = "{files}"
"""What stands for the folder in a stored path."""


def stored(db: Database, path: str) -> str:
    """A path as it is stored."""
    home = f"{db.artifacts}/"
    return f"{MARK}/{path.removeprefix(home)}" if path.startswith(home) else path


def located(db: Database, path: str) -> str:
    """A stored path as it is now."""
    inner = path.removeprefix(f"{MARK}/")
    return str(db.artifacts / inner) if inner != path else path


def stored_in_json(db: Database, text: str) -> str:
    """JSON as it is stored: texts in it that begin with the folder."""
    return text.replace(f'"{_escaped(db)}/', f'"{MARK}/')


def located_in_json(db: Database, text: str) -> str:
    """Stored JSON with paths as they are now."""
    return text.replace(f'"{MARK}/', f'"{_escaped(db)}/')


def _escaped(db: Database) -> str:
    return json.dumps(str(db.artifacts))[1:-1]
