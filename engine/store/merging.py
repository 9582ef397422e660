"""The rows of one database taken into another that has other runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.errors import StoreConflict
from engine.store.attaching import attached
from engine.store.connection import Database

_NOT_MERGED = {"migrations"}
_OF_SETS = ("overrides", "opinions")
"""What persons and judges said of a sample set: taken along where the set is new here."""


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    columns: str
    """Those that do not count the rows of one database."""
    order: str
    """The column that counts them, or ALL."""
    has_key: bool

    def taken(self, other: str) -> str:
        """SQL that takes its rows over out of the other database, in their order."""
        ignoring = "OR IGNORE " if self.has_key else ""
        chosen = "WHERE set_id IN (SELECT id FROM new_sets)" if self.name in _OF_SETS else ""
        return (
            f'INSERT {ignoring}INTO "{self.name}" ({self.columns}) SELECT {self.columns}'
            f' FROM {other}."{self.name}" {chosen} ORDER BY {self.order}'
        )


def merge(db: Database, other: Path) -> list[str]:
    """Take all rows of another database with the same schema, which nobody has open. What is known
    here already (problems, policies, responses of shared sample sets) stays as it is.

    Returns: ids of the runs that are new. Raises: StoreConflict if a run of it is here already;
    then nothing is changed.
    """
    with attached(db, other, read_only=True) as name, db.transaction() as cursor:
        runs = [id for (id,) in cursor.execute(f"SELECT id FROM {name}.runs").fetchall()]
        here = cursor.execute(f"SELECT id FROM runs WHERE id IN (SELECT id FROM {name}.runs)")
        _require_none([id for (id,) in here.fetchall()], db)
        cursor.execute(
            f"CREATE TEMP TABLE new_sets AS SELECT id FROM {name}.sample_sets"
            " WHERE id NOT IN (SELECT id FROM sample_sets)"
        )
        for table in _tables(db):
            cursor.execute(table.taken(name))
        cursor.execute("DROP TABLE new_sets")
    db.forget()
    return runs


def require_new(db: Database, run_ids: Sequence[str]) -> None:
    """Raises: StoreConflict if a run is in a database already."""
    here = db.tuples("SELECT id FROM runs WHERE list_contains(?, id)", [list(run_ids)])
    _require_none([id for (id,) in here], db)


def _require_none(known: list[str], db: Database) -> None:
    if known:
        raise StoreConflict(
            f"The run {known[0]} is in {db.path} already. Import the study into another database"
            " with --db, or delete that run first."
        )


def _tables(db: Database) -> list[_Table]:
    keyed = {
        name
        for (name,) in db.tuples(
            """SELECT table_name FROM duckdb_constraints() WHERE constraint_type = 'PRIMARY KEY'
            AND database_name = current_database()"""
        )
    }
    named: dict[str, list[tuple[str, str]]] = {}
    for table, column, default in db.tuples(
        """SELECT c.table_name, c.column_name, coalesce(c.column_default, '')
        FROM duckdb_columns() c JOIN duckdb_tables() t USING (database_name, table_name)
        WHERE database_name = current_database() ORDER BY c.table_name, c.column_index"""
    ):
        named.setdefault(table, []).append((f'"{column}"', default))
    return [
        _Table(
            name,
            ", ".join(column for column, default in columns if not default.startswith("nextval")),
            next((column for column, default in columns if default.startswith("nextval")), "ALL"),
            name in keyed,
        )
        for name, columns in named.items()
        if name not in _NOT_MERGED
    ]
