"""Pairs that a person leaves out of those that are built: rows with who and when; the newest row of
a pair counts, and taking one back is a row too.
"""

from collections.abc import Sequence

from engine.store.clock import now
from engine.store.hand_pairs import HandPair, that_hold
from engine.store.place import Place


def add(at: Place, pairs: Sequence[tuple[str, int, int]], *, left_out: bool, made_by: str) -> None:
    """Note that a person leaves pairs (problem, chosen, rejected) out, or no longer."""
    n, made_at = len(pairs), now()
    with at.db.transaction():
        first = n_rows(at)
        at.db.insert(
            "left_out_pairs",
            {
                "run_id": [at.run_id] * n,
                "iteration": [at.number] * n,
                "number": list(range(first, first + n)),
                "problem_id": [problem_id for problem_id, _, _ in pairs],
                "chosen_index": [chosen for _, chosen, _ in pairs],
                "rejected_index": [rejected for _, _, rejected in pairs],
                "left_out": [left_out] * n,
                "made_by": [made_by] * n,
                "made_at": [made_at] * n,
            },
        )


def n_rows(at: Place) -> int:
    """How often somebody left a pair of an iteration out or took that back."""
    count = "SELECT count(*) FROM left_out_pairs WHERE run_id = ? AND iteration = ?"
    return at.db.value(count, at.key)


def holding(at: Place) -> list[HandPair]:
    """The pairs of an iteration that are left out, in the order in which that was decided."""
    return at.db.records(HandPair, that_hold("left_out_pairs", "left_out"), at.key)
