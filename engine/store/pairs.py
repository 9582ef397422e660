"""The pool of an iteration and the preference pairs that came of it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from engine.store.clock import now
from engine.store.connection import Record
from engine.store.place import Place
from engine.store.runs import RUNS
from engine.types import Domain

if TYPE_CHECKING:
    import pyarrow

PAIR_TEXTS = f"""JOIN iterations i USING (run_id, iteration)
        JOIN {RUNS} runs ON runs.id = p.run_id
        JOIN problems q ON q.id = p.problem_id
        JOIN responses c ON c.problem_id = p.problem_id AND c.idx = p.chosen_index
            AND c.set_id =
                CASE WHEN c.idx < runs.n_presample THEN i.presample_set ELSE i.resample_set END
        JOIN responses x ON x.problem_id = p.problem_id AND x.idx = p.rejected_index
            AND x.set_id =
                CASE WHEN x.idx < runs.n_presample THEN i.presample_set ELSE i.resample_set END"""
"""What pairs p are joined with: their problem q, chosen response c and rejected response x."""


_IN_POOL = """(r.set_id = i.resample_set
            OR (r.set_id = i.presample_set AND r.idx < runs.n_presample))"""
_JUDGED = """JOIN judged v ON v.set_id = r.set_id AND v.problem_id = r.problem_id AND v.idx = r.idx
        LEFT JOIN step_scores s ON s.set_id = r.set_id AND s.problem_id = r.problem_id
            AND s.idx = r.idx AND s.prm_id = runs.prm_id"""
_POOL = f"""FROM allocations a
        JOIN iterations i USING (run_id, iteration)
        JOIN {RUNS} runs ON runs.id = a.run_id
        JOIN responses r ON r.problem_id = a.problem_id AND {_IN_POOL}"""
"""Responses r to the problems of allocations a, pre-samples and resamples together."""


_POOL_RESPONSE = """r.problem_id, r.idx, r.text, r.finish_reason = 'length' AS truncated,
            v.correct, s.reward, q.domain"""
"""What is asked of responses r, with their verdicts v, scores s and problems q."""

PAIRS_AT_ONCE = 100_000
"""Rows that are inserted as one."""

PAIR = (
    "p.position, p.problem_id, q.question, q.level, p.chosen_index, p.rejected_index,"
    " p.chosen_reward, p.rejected_reward, h.made_by"
)
BY_HAND = """LEFT JOIN (
            SELECT problem_id, chosen_index, rejected_index,
                CASE WHEN arg_max(wanted, number) THEN arg_max(made_by, number) END AS made_by
            FROM hand_pairs WHERE run_id = ? AND iteration = ? GROUP BY ALL) h
        USING (problem_id, chosen_index, rejected_index)"""
"""Who made pairs p, where a person did."""


@dataclass(frozen=True, slots=True)
class PoolResponse:
    """A graded response of a problem in the pool."""

    problem_id: str
    idx: int
    text: str
    truncated: bool
    correct: bool
    reward: float | None
    domain: Domain = "maths"


class Candidate(NamedTuple):
    """A graded response of a problem in the pool, as pairing sees it."""

    problem_id: str
    idx: int
    truncated: bool
    correct: bool
    reward: float | None
    text: str
    """What stands for its text: equal where the texts are, empty where they are not compared."""


class NewPair(NamedTuple):
    """A chosen and a rejected response to a problem, with their rewards."""

    problem_id: str
    chosen_index: int
    rejected_index: int
    chosen_reward: float | None
    rejected_reward: float | None


@dataclass(frozen=True, slots=True)
class PairSet:
    """How many pairs an iteration has."""

    n_pairs: int
    n_foregone: int
    n_cut: int
    """Correct responses that were not chosen because they ended at the token limit."""
    n_ran_on: int
    """As n_cut, because they went on behind their turn."""
    n_by_hand: int
    """Of n_pairs: those that a person made."""
    n_hand_left_out: int
    """Pairs of a person that could not be used, because verdicts or what may be chosen changed."""


@dataclass(frozen=True, slots=True)
class ListedPair:
    """A preference pair without the texts of its responses."""

    position: int
    problem_id: str
    question: str
    level: str | None
    chosen_index: int
    rejected_index: int
    chosen_reward: float | None
    """None in a run without rewards, as the next one."""
    rejected_reward: float | None
    made_by: str | None
    """Who paired them by hand; None where the pairing rule did."""


@dataclass(frozen=True, slots=True)
class Pair(ListedPair):
    """A preference pair."""

    chosen: str
    rejected: str
    chosen_tokens: list[int] | None
    """As sampled; None where only the text is known, as the next one."""
    rejected_tokens: list[int] | None
    chosen_is_cut: bool
    """It ended at the token limit."""
    rejected_is_cut: bool


@dataclass(frozen=True, slots=True)
class PackedPairs:
    """Pairs as columns, PAIRS_AT_ONCE in each part: 50 bytes for each."""

    parts: list[dict[str, "pyarrow.Array[Any]"]]
    """NewPair's fields."""

    def __len__(self) -> int:
        return sum(len(part["problem_id"]) for part in self.parts)


def packed(pairs: Iterable[NewPair]) -> PackedPairs:
    """Pairs in this order."""
    import pyarrow

    kinds = (
        pyarrow.string(),
        pyarrow.int32(),
        pyarrow.int32(),
        pyarrow.float64(),
        pyarrow.float64(),
    )
    stream = iter(pairs)
    parts: list[dict[str, pyarrow.Array[Any]]] = []
    while rows := list(islice(stream, PAIRS_AT_ONCE)):
        columns = zip(NewPair._fields, zip(*rows), kinds)
        parts.append({name: pyarrow.array(values, kind) for name, values, kind in columns})
    return PackedPairs(parts)


def pool(at: Place) -> list[PoolResponse]:
    """Graded responses of the problems in a commit's pool, with their rewards, pre-samples and
    resamples together.
    """
    return at.db.records(
        PoolResponse,
        f"""SELECT {_POOL_RESPONSE}
        {_POOL}
        JOIN problems q ON q.id = a.problem_id
        {_JUDGED}
        WHERE a.run_id = ? AND a.iteration = ? AND a.in_pool ORDER BY r.problem_id, r.idx""",
        at.key,
    )


def candidates(at: Place, *, compare_texts: bool) -> Iterator[Candidate]:
    """The responses of pool(), in its order, a bounded number in memory and none of their texts."""
    text = "md5(r.text)" if compare_texts else "''"
    return _streamed(
        at,
        Candidate,
        f"""SELECT r.problem_id, r.idx, r.finish_reason = 'length' AS truncated, v.correct,
            s.reward, {text} AS text
        {_POOL}
        {_JUDGED}
        WHERE a.run_id = ? AND a.iteration = ? AND a.in_pool ORDER BY r.problem_id, r.idx""",
    )


def correct_responses(at: Place) -> Iterator[PoolResponse]:
    """The correct responses of pool(), in any order, a bounded number in memory."""
    return _streamed(
        at,
        PoolResponse,
        f"""SELECT {_POOL_RESPONSE}
        {_POOL}
        JOIN problems q ON q.id = a.problem_id
        {_JUDGED}
        WHERE a.run_id = ? AND a.iteration = ? AND a.in_pool AND v.correct""",
    )


def _streamed(at: Place, kind: Callable[..., Record], sql: str) -> Iterator[Record]:
    for batch in at.db.batches([(sql, at.key)]):
        columns: dict[str, list[Any]] = batch.to_pydict()
        yield from map(kind, *columns.values())


def graded(at: Place, problem_ids: Sequence[str]) -> list[PoolResponse]:
    """Graded responses to these problems as pool() has them, in the pool or not."""
    return at.db.records(
        PoolResponse,
        f"""SELECT {_POOL_RESPONSE}
        FROM iterations i
        JOIN {RUNS} runs ON runs.id = i.run_id
        JOIN responses r ON r.problem_id IN (SELECT unnest(?)) AND {_IN_POOL}
        JOIN problems q ON q.id = r.problem_id
        {_JUDGED}
        WHERE i.run_id = ? AND i.iteration = ? ORDER BY r.problem_id, r.idx""",
        [list(problem_ids), *at.key],
    )


def tokens(at: Place) -> dict[tuple[str, int], list[int] | None]:
    """The sampled token ids of every response in a commit's pool by (problem id, index); None where
    only the text is known.
    """
    rows = at.db.tuples(
        f"""SELECT r.problem_id, r.idx, r.tokens
        {_POOL} WHERE a.run_id = ? AND a.iteration = ? AND a.in_pool""",
        at.key,
    )
    return {(problem_id, index): ids for problem_id, index, ids in rows}


def find_set(at: Place) -> PairSet | None:
    """How many pairs an iteration has and how many were foregone; None before they are built."""
    return at.db.record(
        PairSet,
        """SELECT n_pairs, n_foregone, n_cut, n_ran_on, n_by_hand, n_hand_left_out FROM pair_sets
        WHERE run_id = ? AND iteration = ?""",
        at.key,
    )


def add(
    at: Place,
    pairs: PackedPairs,
    *,
    n_foregone: int,
    n_cut: int,
    n_ran_on: int,
    n_by_hand: int,
    n_hand_left_out: int,
) -> None:
    """Store an iteration's pairs, in training order.

    Raises: StoreConflict if they are stored already.
    """
    n = len(pairs)
    with at.db.transaction() as cursor:
        cursor.execute(
            """INSERT INTO pair_sets
            (run_id, iteration, n_pairs, n_foregone, n_cut, n_ran_on, n_by_hand, n_hand_left_out,
                created_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            [*at.key, n, n_foregone, n_cut, n_ran_on, n_by_hand, n_hand_left_out, now()],
        )
        start = 0
        for part in pairs.parts:
            n_rows = len(part["problem_id"])
            at.db.insert(
                "pairs",
                {
                    "run_id": [at.run_id] * n_rows,
                    "iteration": [at.number] * n_rows,
                    "position": range(start, start + n_rows),
                    **part,
                },
            )
            start += n_rows


def remove(at: Place) -> None:
    """Forget an iteration's pairs, to build them anew."""
    with at.db.transaction() as cursor:
        for table in ("pairs", "pair_sets"):
            cursor.execute(f"DELETE FROM {table} WHERE run_id = ? AND iteration = ?", at.key)


def texts(at: Place, *, position: int | None = None) -> list[Pair]:
    """An iteration's preference pairs with their texts, in training order; rewards are None in a
    run without any.

    Args:
        position: only the pair that stands there; None for all.
    """
    return at.db.records(
        Pair,
        f"""SELECT {PAIR}, c.text AS chosen, x.text AS rejected,
            c.tokens AS chosen_tokens, x.tokens AS rejected_tokens,
            c.finish_reason = 'length' AS chosen_is_cut,
            x.finish_reason = 'length' AS rejected_is_cut
        FROM (
            SELECT * FROM pairs
            WHERE run_id = ? AND iteration = ? AND (? IS NULL OR position = ?)) p
        {BY_HAND}
        {PAIR_TEXTS} ORDER BY p.position""",
        [*at.key, position, position, *at.key],
    )


def listed(at: Place, *, limit: int, offset: int = 0) -> list[ListedPair]:
    """A slice of an iteration's pairs without the texts of their responses."""
    return at.db.records(
        ListedPair,
        f"""SELECT {PAIR} FROM (
            SELECT * FROM pairs WHERE run_id = ? AND iteration = ?
            ORDER BY position LIMIT ? OFFSET ?) p
        {BY_HAND}
        JOIN problems q ON q.id = p.problem_id ORDER BY p.position""",
        [*at.key, limit, offset, *at.key],
    )


def figures(at: Place) -> tuple[int, np.ndarray]:
    """How many problems an iteration's pairs come from, and each pair's chosen minus rejected
    reward; none in a run without any.
    """
    of_iteration = "FROM pairs WHERE run_id = ? AND iteration = ?"
    n_problems = at.db.value(f"SELECT count(DISTINCT problem_id) {of_iteration}", at.key)
    margins = at.db.columns(
        f"""SELECT chosen_reward - rejected_reward AS margin {of_iteration}
        AND chosen_reward IS NOT NULL AND rejected_reward IS NOT NULL""",
        at.key,
    )["margin"]
    return n_problems, np.asarray(margins, dtype=np.float64)
