"""Whether two databases hold the same study: every row of every table but for random ids, times,
durations and paths.

    python -m tests.same_rows BEFORE.duckdb AFTER.duckdb

A rearrangement of the code must leave nothing to tell. Random ids (of runs and jobs, and of the
resample sets that hash a run's) are replaced by what they name, so that a row in one database
stands for the same row in the other.
"""

import sys
from pathlib import Path

import duckdb

LEFT_OUT = {
    "created_at",
    "made_at",
    "decided_at",
    "logged_at",
    "noted_at",
    "saved_at",
    "started_at",
    "finished_at",
    "done_at",
    "busy_s",
    "path",
    "prm_path",
}
"""Times, durations and paths."""
NOTHING_OF_A_STUDY = {"migrations", "checkpoints", "notes", "loads"}
"""How the file came to be, what the clock decides when to write, and what workers said."""


def rows_of(path: Path) -> dict[str, list[tuple]]:
    """Rows by table, each as (column, text) pairs in a fixed order, sorted."""
    with duckdb.connect(str(path), read_only=True) as db:
        names = [
            name
            for (name,) in db.execute(
                "SELECT table_name FROM duckdb_tables() ORDER BY 1"
            ).fetchall()
        ]
        tables = {name: _table(db, name) for name in names if name not in NOTHING_OF_A_STUDY}
    known = _known_ids(tables)
    return {name: sorted(_plain(row, known) for row in rows) for name, rows in tables.items()}


def differences(before: Path, after: Path) -> list[str]:
    """One line per table that is not the same; empty where all are."""
    one, other = rows_of(before), rows_of(after)
    lines = [f"table {name} is in one database only" for name in sorted(one.keys() ^ other.keys())]
    for name in sorted(one.keys() & other.keys()):
        gone, new = _without(one[name], other[name]), _without(other[name], one[name])
        if gone or new:
            shown = "\n".join(
                f"    {sign} {dict(row)}"
                for sign, rows in (("-", gone), ("+", new))
                for row in rows[:2]
            )
            lines.append(f"{name}: {len(gone)} rows are gone, {len(new)} are new\n{shown}")
    return lines


def _table(db: duckdb.DuckDBPyConnection, name: str) -> list[dict]:
    result = db.execute(f'SELECT * FROM "{name}"')
    columns = [column[0] for column in result.description]
    return [dict(zip(columns, row)) for row in result.fetchall()]


def _known_ids(tables: dict[str, list[dict]]) -> dict[str, str]:
    runs = sorted(tables["runs"], key=lambda row: row["created_at"])
    known = {row["id"]: f"run {n}" for n, row in enumerate(runs)}
    known |= {row["id"]: f"job {row['number']}" for row in tables["jobs"]}
    owned = [row for row in tables["sample_sets"] if row["owner"]]
    return known | {
        row["id"]: f"{row['purpose']} {row['iteration']} of {known[row['owner']]}" for row in owned
    }


def _plain(row: dict, known: dict[str, str]) -> tuple:
    return tuple(
        (name, repr(known.get(value, value) if isinstance(value, str) else value))
        for name, value in row.items()
        if name not in LEFT_OUT
    )


def _without(rows: list[tuple], others: list[tuple]) -> list[tuple]:
    there = set(others)
    return [row for row in rows if row not in there]


if __name__ == "__main__":
    found = differences(*map(Path, sys.argv[1:3]))
    print("\n".join(found) or "The same rows in every table.")
    sys.exit(bool(found))
