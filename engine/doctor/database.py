"""Whether a database is whole: its log, every row of its tables, and the policies beside it."""

from pathlib import Path

from engine.errors import EngineError
from engine.models.weights import content_id
from engine.store import Database, wal
from engine.store.backup import rows_read


def check(path: Path) -> tuple[dict[str, str], bool]:
    """Findings by name, each one line, and whether nothing is wrong. Reads everything, changes
    nothing: a database with a damaged log is not opened.
    """
    if damage := wal.damage_of(path):
        return {
            "log": f"{wal.log_of(path)} is damaged: {damage}. Copy it and the database before"
            " you open them."
        }, False
    try:
        db = Database(path)
    except EngineError as error:
        return {"database": str(error)}, False
    try:
        rows = rows_read(db)
        policies, is_sound = _policies(db)
    except EngineError as error:
        return {"database": str(error)}, False
    finally:
        db.close()
    tables = f"{sum(rows.values()):,} rows of {len(rows)} tables read"
    return {"log": "whole", "tables": tables, "policies": policies}, is_sound


def _policies(db: Database) -> tuple[str, bool]:
    """Those that were trained here, by the content of their folders."""
    folders = [
        folder
        for folder in sorted((db.artifacts / "policies").glob("[0-9a-f]*"))
        if len(folder.name) == 16
    ]
    damaged = [folder.name for folder in folders if content_id(folder) != folder.name]
    if damaged:
        return f"damaged: {', '.join(damaged)}; the next job that needs one trains it again", False
    return f"{len(folders)} whole", True
