"""The child that answers a question in SQL: it opens a copy of a database, shuts every way out of
it, runs one SELECT, and writes the rows to standard output as an Arrow stream.

    python -m engine.store.asked COPY < question.json

The question says the SQL, values for its $names, and the limits. What it is not told it cannot
reach: no file, no extension, no network, no setting. Three walls stand behind each other: only one
SELECT is run at all; DuckDB refuses everything outside the copy and cannot be told otherwise; and
the process may write no file.
"""

import json
import sys
from typing import TYPE_CHECKING, Any

import duckdb

if TYPE_CHECKING:
    import pyarrow

REFUSED = 3
"""The exit status with which a sentence stands on standard error."""
BATCH = 2048


def main(copy: str) -> int:
    """Answer the question on standard input. Returns the exit status."""
    question = json.load(sys.stdin)
    _limit_process(question["memory_mb"])
    try:
        connection = open_shut(copy, memory_mb=question["memory_mb"])
        is_cut = answer(connection, question)
    except (duckdb.Error, ValueError, MemoryError) as error:
        print(_sentence(error), file=sys.stderr)
        return REFUSED
    print(json.dumps({"is_cut": is_cut}), file=sys.stderr)
    return 0


def open_shut(copy: str, *, memory_mb: int) -> duckdb.DuckDBPyConnection:
    """The copy, to be read; from now on nothing else can be reached and no setting changed."""
    connection = duckdb.connect(
        copy,
        read_only=True,
        config={
            "enable_external_access": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
            "temp_directory": "",
            "memory_limit": f"{memory_mb}MB",
            "threads": "2",
        },
    )
    connection.execute("SET lock_configuration = true")
    return connection


def answer(connection: duckdb.DuckDBPyConnection, question: dict[str, Any]) -> bool:
    """Write the rows of the one SELECT, at most so many and so many bytes.

    Returns: whether there were more. Raises: ValueError for anything but one SELECT; duckdb.Error.
    """
    import pyarrow.ipc

    statement = _only_select(question["sql"])
    values = {n: v for n, v in question["values"].items() if n in statement.named_parameters}
    result: Any = connection.execute(statement, values or None)
    reader: Any = result.to_arrow_reader(BATCH)
    stdout: Any = sys.stdout.buffer
    rows_left, bytes_left = question["max_rows"], question["max_bytes"]
    stream: Any = pyarrow.ipc.new_stream(stdout, reader.schema)
    with stream as out:
        for batch in reader:
            fitting = _that_fit(batch, rows_left, bytes_left)
            out.write_batch(batch.slice(0, fitting))
            if fitting < batch.num_rows:
                return True
            rows_left -= batch.num_rows
            bytes_left -= batch.nbytes
    return False


def _that_fit(batch: "pyarrow.RecordBatch", rows_left: int, bytes_left: int) -> int:
    """How many of a batch's first rows are within both limits, about."""
    n = min(batch.num_rows, rows_left)
    while n and batch.slice(0, n).nbytes > bytes_left:
        n //= 2
    return n


def _only_select(sql: str) -> Any:
    statements = duckdb.extract_statements(sql)
    if len(statements) != 1:
        raise ValueError(f"There are {len(statements)} statements: ask one SELECT at a time.")
    if statements[0].type not in (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN):
        kind = str(statements[0].type).rpartition(".")[2]
        raise ValueError(f"This is a statement of the kind {kind}: only a SELECT is answered.")
    return statements[0]


def _limit_process(memory_mb: int) -> None:
    """No file may be written, none dumped, and memory ends somewhere above DuckDB's own limit."""
    try:
        import resource
    except ImportError:  # Windows has none of it; DuckDB's own limits hold there too
        return
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    most = (memory_mb + 4096) * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _sentence(error: BaseException) -> str:
    text = str(error) or type(error).__name__
    return text if text.endswith((".", "!", "?", "^")) else f"{text}."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
