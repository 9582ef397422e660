"""One DuckDB file, one owner, one cursor per thread.

Knows nothing of runs: only how the file is opened, migrated, written in one transaction, and what
its failures mean.
"""

import threading
import weakref
from collections.abc import Callable, Generator, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import duckdb

from engine.errors import StoreConflict
from engine.paths import artifacts_of, expanded
from engine.store import opening, wal
from engine.store.failures import CANNOT_WRITE, is_ctrl_c, reading, write_error
from engine.store.migrating import migrate
from engine.store.remembering import Remembered

if TYPE_CHECKING:
    import numpy as np
    import pyarrow

PART = 8192
"""So many rows are taken from DuckDB at once."""

Record = TypeVar("Record")
Parameters = Sequence[Any] | Mapping[str, Any]
"""Of a query: by position (?) or by name ($name)."""
Column: TypeAlias = "Sequence[Any] | np.ndarray | pyarrow.Array[Any]"


class Database:
    """An open database file. Every thread that uses it gets a cursor of its own.

    Args:
        path: the file, created with its folder if missing; ":memory:" for tests.

    Raises: StoreLocked with the owner's PID if another process has it open; StoreError if it is no
    database of ours.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        in_memory = str(path) == ":memory:"
        if not in_memory:
            self.path = expanded(path).resolve()
        opened = opening.open_memory() if in_memory else opening.open_file(self.path)
        self._connection, self._written = opened.connection, opened.written
        self.warning = opened.warning
        """What was found damaged or missing when it was opened; None is the normal case."""
        self._local = threading.local()
        self._closed = weakref.finalize(self, _close, self._connection, self._local, self._written)
        """Also where nobody closes it, as a notebook may not: at the end of the process at last."""
        self._remembered = Remembered()
        self._n_commits = 0
        self._write = threading.RLock()
        try:
            migrate(self.path, self.transaction)
        except BaseException:
            self.close()
            raise

    @property
    def artifacts(self) -> Path:
        """The folder beside the file for what no table holds: trained policies, checkpoints,
        logs.
        """
        return artifacts_of(self.path)

    @property
    def version(self) -> Hashable:
        """Another one after every transaction of this process, which is the only one that writes;
        in a transaction another at every look.
        """
        return object() if self._in_transaction else self._n_commits

    @property
    def _in_transaction(self) -> bool:
        return getattr(self._local, "open", False)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """This thread's cursor. Write through it only in a transaction()."""
        if not hasattr(self._local, "cursor"):
            self._local.cursor = self._connection.cursor()
        return self._local.cursor

    @contextmanager
    def transaction(self) -> Generator[duckdb.DuckDBPyConnection]:
        """All or nothing. Writers of this process take turns. Nested use joins the outer
        transaction.
        """
        with self._write:
            if self._in_transaction:
                yield self.cursor()
                return
            cursor = self.cursor()
            try:
                cursor.execute("BEGIN")
                self._local.open = True
                yield cursor
                cursor.execute("COMMIT")
                self._n_commits += 1
                if self._written and self._written.note() > opening.log_limit(self.path):
                    self.checkpoint()
            except BaseException as error:
                try:
                    cursor.execute("ROLLBACK")
                except duckdb.Error:
                    del self._local.cursor
                if is_ctrl_c(error):
                    raise KeyboardInterrupt from None
                if isinstance(error, duckdb.ConstraintException) or (
                    isinstance(error, duckdb.Error) and "conflict" in str(error)
                ):
                    raise StoreConflict(
                        f"{self.path}: somebody else stored the same row first ({error})."
                    ) from error
                if isinstance(error, CANNOT_WRITE):
                    raise write_error(self.path, error) from error
                raise
            finally:
                self._local.open = False

    def rows(self, sql: str, parameters: Parameters = ()) -> list[dict[str, Any]]:
        """The result as one dict per row."""
        with reading():
            result = self.cursor().execute(sql, parameters)
            names = [column[0] for column in result.description or ()]
            return [dict(zip(names, row)) for row in result.fetchall()]

    def tuples(self, sql: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """The result as plain tuples."""
        with reading():
            return self.cursor().execute(sql, parameters).fetchall()

    def records(
        self, kind: Callable[..., Record], sql: str, parameters: Parameters = ()
    ) -> list[Record]:
        """The result as typed records, whose fields are named like the columns. Beside them a
        bounded number of rows is in memory.
        """
        with reading():
            result = self.cursor().execute(sql, parameters)
            names = [column[0] for column in result.description or ()]
            parts = iter(partial(result.fetchmany, PART), [])
            return [kind(**dict(zip(names, row))) for rows in parts for row in rows]

    def known_records(
        self, kind: Callable[..., Record], sql: str, parameters: Sequence[Any] = ()
    ) -> list[Record]:
        """As records, read again only after something was stored: for short lists that every page
        asks for.
        """
        read = lambda: self.records(kind, sql, parameters)
        return list(self.remembered((sql, *parameters), self.version, read))

    def record(
        self, kind: Callable[..., Record], sql: str, parameters: Parameters = ()
    ) -> Record | None:
        """The first record of the result, or None."""
        row = self.row(sql, parameters)
        return None if row is None else kind(**row)

    def value(self, sql: str, parameters: Parameters = ()) -> Any:
        """The first column of the result's first row, of a query that always has one."""
        return self.tuples(sql, parameters)[0][0]

    def row(self, sql: str, parameters: Parameters = ()) -> dict[str, Any] | None:
        """The first row of the result, or None."""
        rows = self.rows(sql, parameters)
        return rows[0] if rows else None

    def known(
        self, kind: Callable[..., Record], sql: str, parameters: Sequence[Any] = ()
    ) -> Record | None:
        """What record() gives, asked of the database only if something was written since: for what
        a page looks at in every draw.
        """
        return self.remembered(
            (sql, *parameters), self.version, lambda: self.record(kind, sql, parameters)
        )

    def columns(self, sql: str, parameters: Parameters = ()) -> dict[str, Any]:
        """The result as NumPy columns; a column with NULLs is a masked array."""
        with reading():
            return self.cursor().execute(sql, parameters).fetchnumpy()

    def columns_beside(
        self, name: str, columns: Mapping[str, Column], sql: str, parameters: Parameters = ()
    ) -> dict[str, Any]:
        """As columns(), of a query that finds these columns as a table of this name."""
        with reading(), self._registered(name, columns) as cursor:
            return cursor.execute(sql, parameters).fetchnumpy()

    def remembered(self, key: Hashable, version: Any, read: Callable[[], Any]) -> Any:
        """What `read` gives, read again when the version is another one than at the last read of
        this key, or when many other keys were asked for since.
        """
        return self._remembered.get(key, version, read)

    def forget(self) -> None:
        """Read everything anew: for a deletion, after which counts of rows may be what they once
        were.
        """
        self._remembered.forget()

    def batches(
        self, queries: Iterable[tuple[str, Any]], *, n_rows: int = PART
    ) -> Iterator["pyarrow.RecordBatch"]:
        """The rows of several queries with equal columns, one after the other, as of one moment.

        Args:
            queries: (SQL, parameters); at least one.
            n_rows: rows per batch at most.

        The first batch is empty and knows the columns. What is not read yet is not in memory.
        """
        cursor, is_first = self._connection.cursor(), True
        try:
            with reading():
                cursor.execute("BEGIN")
                for sql, parameters in queries:
                    reader = cursor.sql(sql, params=parameters).to_arrow_reader(n_rows)
                    if is_first:
                        yield _without_rows(reader.schema)
                    is_first = False
                    yield from reader
        finally:
            cursor.close()

    def as_new(self, write: Callable[[], Record]) -> Record:
        """What `write` gives, in one transaction: its rows are taken for new, and where the key of
        one is there already all is undone and written again with a look for each, as every
        or_ignore has it. DuckDB reads the keys of the whole table for such looks.
        """
        if not self._in_transaction:
            self._local.is_new = True
            try:
                with self.transaction():
                    return write()
            except StoreConflict:
                pass
            finally:
                self._local.is_new = False
        with self.transaction():
            return write()

    def insert(self, table: str, columns: Mapping[str, Column], *, or_ignore: bool = False) -> int:
        """Append rows given by column. With or_ignore a row whose key is there already changes
        nothing.

        Returns: the number of rows that are new.
        """
        if not columns or not len(next(iter(columns.values()))):
            return 0
        if or_ignore:
            return self.as_new(lambda: self._insert(table, columns, "OR IGNORE "))
        with self.transaction():
            return self._insert(table, columns, "")

    def _insert(self, table: str, columns: Mapping[str, Column], ignoring: str) -> int:
        names, is_new = ", ".join(columns), getattr(self._local, "is_new", False)
        with self._registered("batch", columns) as cursor:
            [(n_new,)] = cursor.execute(
                f"INSERT {'' if is_new else ignoring}INTO {table} ({names})"
                f" SELECT {names} FROM batch"
            ).fetchall()
            return n_new

    @contextmanager
    def _registered(
        self, name: str, columns: Mapping[str, Column]
    ) -> Generator[duckdb.DuckDBPyConnection]:
        """This thread's cursor, for which columns are a table of this name as long as it lasts."""
        import pyarrow

        cursor = self.cursor()
        table = {
            column: v if isinstance(v, pyarrow.Array) else pyarrow.array(v, from_pandas=False)
            for column, v in columns.items()
        }
        cursor.register(name, pyarrow.table(table))
        try:
            yield cursor
        finally:
            # in a broken transaction: its own error is the one to tell
            with suppress(duckdb.Error):
                cursor.unregister(name)

    def checkpoint(self) -> None:
        """Bring all that is stored into the file itself, so that nothing hangs on its log. One that
        cannot be made now, because somebody reads, is left to the next.
        """
        with self._write, suppress(duckdb.Error):
            if self._written:
                self._written.expect_empty()
            try:
                self.cursor().execute("CHECKPOINT")
            finally:
                if self._written:
                    self._written.note()

    def close(self) -> None:
        self._closed()


def _without_rows(schema: "pyarrow.Schema") -> "pyarrow.RecordBatch":
    import pyarrow

    library: Any = pyarrow  # whose arrays have no types; from lists it would import pandas
    columns = [library.nulls(0, kind) for kind in schema.types]
    return library.RecordBatch.from_arrays(columns, schema=schema)


def _close(
    connection: duckdb.DuckDBPyConnection, local: threading.local, written: wal.Written | None
) -> None:
    """Close it with this thread's cursor, and note what that left of the log."""
    if written:
        written.expect_empty()
    if cursor := getattr(local, "cursor", None):
        cursor.close()
    connection.close()
    if written:
        written.close()
