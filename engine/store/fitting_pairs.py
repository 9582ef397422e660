"""An iteration's pairs that fit a condition over pair_columns."""

from typing import Any

from engine.method.conditions import Condition
from engine.store.conditions import as_sql
from engine.store.pair_columns import SQL
from engine.store.pairs import BY_HAND, PAIR, PAIR_TEXTS, ListedPair
from engine.store.place import Place

Key = tuple[str, int, int]
"""Problem, index of the chosen response, index of the rejected one."""


def listed(at: Place, where: Condition, *, limit: int, offset: int = 0) -> list[ListedPair]:
    """A slice of those that fit, as store.pairs.listed has them."""
    fitting, values = _fitting(at, where)
    sql = f"SELECT {PAIR} {fitting} ORDER BY p.position LIMIT ? OFFSET ?"
    return at.db.records(ListedPair, sql, [*values, limit, offset])


def count(at: Place, where: Condition) -> int:
    fitting, values = _fitting(at, where)
    return at.db.value(f"SELECT count(*) AS n {fitting}", values)


def keys(at: Place, where: Condition) -> list[Key]:
    """Which pairs fit."""
    fitting, values = _fitting(at, where)
    sql = f"SELECT p.problem_id, p.chosen_index, p.rejected_index {fitting} ORDER BY p.position"
    return at.db.tuples(sql, values)


def _fitting(at: Place, where: Condition) -> tuple[str, list[Any]]:
    sql, values = as_sql(where, SQL)
    pairs = "(SELECT * FROM pairs WHERE run_id = ? AND iteration = ?) p"
    return f"FROM {pairs} {BY_HAND} {PAIR_TEXTS} WHERE {sql}", [*at.key, *at.key, *values]
