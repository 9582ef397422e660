"""Conditions (engine.method.conditions) as SQL: every literal is a parameter, every name one of the
caller's expressions.
"""

from collections.abc import Mapping
from typing import Any

from engine.method.conditions import (
    Among,
    Any_,
    Compared,
    Condition,
    Constant,
    Every,
    Holds,
    Not,
    Operand,
)


def as_sql(condition: Condition, columns: Mapping[str, str]) -> tuple[str, list[Any]]:
    """A condition in SQL, true or false of every row, and the parameters in their order.

    Args:
        columns: SQL by the name of every column that is named.
    """
    match condition:
        case Not(of):
            sql, values = as_sql(of, columns)
            return f"NOT {sql}", values
        case Every(parts):
            return _joined(parts, " AND ", columns)
        case Any_(parts):
            return _joined(parts, " OR ", columns)
        case Holds(column):
            sql, values = _operand(column, columns)
            return f"coalesce({sql}, false)", values
        case Among(column, wanted):
            return _joined([Compared("==", column, Constant(v)) for v in wanted], " OR ", columns)
        case Compared(sign, left, right):
            (a, first), (b, second) = _operand(left, columns), _operand(right, columns)
            return _compared(sign, a, b), [*first, *second]


def _compared(sign: str, a: str, b: str) -> str:
    if sign == "==":
        return f"({a} IS NOT DISTINCT FROM {b})"
    if sign == "!=":
        return f"({a} IS DISTINCT FROM {b})"
    if sign == "contains":
        return f"coalesce(contains(lower({a}), lower({b})), false)"
    return f"coalesce({a} {sign} {b}, false)"


def _joined(
    parts: "tuple[Condition, ...] | list[Compared]", word: str, columns: Mapping[str, str]
) -> tuple[str, list[Any]]:
    each = [as_sql(part, columns) for part in parts]
    return f"({word.join(sql for sql, _ in each)})", [v for _, values in each for v in values]


def _operand(operand: Operand, columns: Mapping[str, str]) -> tuple[str, list[Any]]:
    if isinstance(operand, Constant):
        return "?", [operand.value]
    return columns[operand.name], []
