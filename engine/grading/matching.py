"""Several comparisons as one, each of which may be True, False or None for unsure."""

from collections.abc import Callable, Sequence
from typing import TypeVar

One = TypeVar("One")


def all_of(outcomes: Sequence[bool | None]) -> bool | None:
    """False if one is, else None if one is."""
    if any(outcome is False for outcome in outcomes):
        return False
    return None if None in outcomes else True


def matched(
    first: Sequence[One], second: Sequence[One], equal: Callable[[One, One], bool | None]
) -> bool | None:
    """Whether each of the one has its equal in the other, both ways."""
    if not first or not second:
        return not first and not second
    unsure = False
    rows = [[equal(a, b) for b in second] for a in first]
    if len(first) == len(second) and _is_uneven(rows):
        return False
    for line in (*rows, *zip(*rows)):
        if True not in line:
            if None not in line:
                return False
            unsure = True
    return None if unsure else True


def _is_uneven(rows: Sequence[Sequence[bool | None]]) -> bool:
    """Whether something is in one of two equally long lists more often than in the other: 1, 1, 2
    and 1, 2, 2.
    """
    return any(
        sum(row[at] is True for row in rows) != sum(cell is True for cell in row_of)
        for row_of in rows
        for at in [next((n for n, cell in enumerate(row_of) if cell is True), None)]
        if at is not None
    )
