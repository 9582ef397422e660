"""Reads behind the Responses page: filtered lists of an iteration's responses, and one problem's
responses in full.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import numpy as np

from engine.store.place import Place
from engine.store.runs import EVERY, RUNS
from engine.store.samples import table_sizes
from engine.types import FinishReason

_RESPONSES = f"""FROM iterations i
    JOIN {RUNS} runs ON runs.id = i.run_id
    JOIN run_problems p ON p.run_id = i.run_id AND p.iteration IN (i.iteration, {EVERY})
        AND p.role = 'train'
    JOIN responses r ON r.problem_id = p.problem_id
        AND (r.set_id = i.resample_set
            OR (r.set_id = i.presample_set AND r.idx < runs.n_presample))"""
_VERDICTS = (
    "LEFT JOIN judged v ON v.set_id = r.set_id AND v.problem_id = r.problem_id AND v.idx = r.idx"
)
_SCORES = """LEFT JOIN step_scores s ON s.set_id = r.set_id AND s.problem_id = r.problem_id
    AND s.idx = r.idx AND s.prm_id = runs.prm_id"""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which responses to list; an empty field filters nothing."""

    problem_ids: Sequence[str] | None = None
    statuses: Sequence[str] = ()
    """Verdict statuses; "ungraded" for responses without a verdict."""
    phase: str | None = None
    """presample or resample."""
    truncated: bool | None = None
    reward_range: tuple[float, float] | None = None
    """Inclusive range of the process reward; None keeps responses without one too."""


@dataclass(frozen=True, slots=True)
class ListedResponse:
    """A response with everything that is known of it."""

    set_id: str
    problem_id: str
    idx: int
    question: str
    answer: str
    level: str | None
    text: str
    finish_reason: FinishReason
    n_tokens: int
    answer_at: int | None
    """Where the answer begins behind the thinking, in characters; None without thinking."""
    seed: int
    phase: Literal["presample", "resample"]
    correct: bool | None
    """As it counts, a person's word included; None where it is not graded yet."""
    predicted: str | None
    status: str
    """A verdict status, or "ungraded"."""
    reason: str | None
    scores: list[float] | None
    reward: float | None
    score_status: str | None
    graded_status: str | None
    """Before any override."""
    override_note: str | None
    overridden_by: str | None
    overridden_at: datetime | None


def count(at: Place, chosen: Filter) -> int:
    _, ends = _places(at, chosen)
    return int(ends[-1]) if len(ends) else 0


def page(at: Place, chosen: Filter, *, limit: int, offset: int = 0) -> list[ListedResponse]:
    """Responses in the run's problem order: texts, verdicts as they count and as they were graded,
    step scores.
    """
    positions, ends = _places(at, chosen)
    first, last = np.searchsorted(ends, (offset, offset + limit - 1), side="right")
    wanted = positions[first : last + 1]
    if not len(wanted):
        return []
    from_where, values = _from_where(chosen)
    keys = at.db.tuples(
        f"""SELECT r.set_id, r.problem_id, r.idx, r.rowid {from_where}
            AND p.position BETWEEN ? AND ?
        ORDER BY p.position, r.idx LIMIT ? OFFSET ?""",
        [
            at.run_id,
            at.number,
            *values,
            int(wanted[0]),
            int(wanted[-1]),
            limit,
            offset - (int(ends[first - 1]) if first else 0),
        ],
    )
    rows = _texts(
        at,
        sorted({problem_id for _, problem_id, _, _ in keys}),
        [rowid for *_, rowid in keys],
    )
    return [rows[tuple(key)] for *key, _ in keys]


def lengths(at: Place) -> list[tuple[str, str, str, int]]:
    """(purpose, problem id, text, tokens) of every pre-sample and resample of an iteration that a
    model answered.
    """
    return at.db.tuples(
        f"""SELECT s.purpose, r.problem_id, r.text, r.n_tokens
        FROM iterations i
        JOIN {RUNS} runs ON runs.id = i.run_id
        JOIN allocations a ON a.run_id = i.run_id AND a.iteration = i.iteration
        JOIN sample_sets s ON s.id IN (i.presample_set, i.resample_set)
        JOIN responses r ON r.set_id = s.id AND r.problem_id = a.problem_id
            AND r.finish_reason <> 'refused'
            AND (s.purpose <> 'presample' OR r.idx < runs.n_presample)
        WHERE i.run_id = ? AND i.iteration = ?""",
        at.key,
    )


def _places(at: Place, chosen: Filter) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the problems with responses that fit, ascending, and how many fit up to and with
    each.

    Remembered for the last filter, and the last one that names problems, while the tables have the
    same number of rows: they only grow.
    """

    def read() -> tuple[np.ndarray, np.ndarray]:
        from_where, values = _from_where(chosen)
        counted = at.db.columns(
            f"""SELECT p.position, count(*) AS n {from_where}
            GROUP BY p.position ORDER BY p.position""",
            [at.run_id, at.number, *values],
        )
        return np.asarray(counted["position"]), np.cumsum(counted["n"])

    key = "responses", at.run_id, at.number, chosen.problem_ids is None
    return at.db.remembered(key, (chosen, table_sizes(at.db)), read)


def _texts(
    at: Place, problem_ids: list[str], rowids: list[int]
) -> dict[tuple[str, str, int], ListedResponse]:
    """Everything about a few responses by (set, problem, index). Problems are named for each table:
    no join reads the whole of one.
    """
    few = "WHERE problem_id IN (SELECT unnest(?))"
    rows = at.db.records(
        ListedResponse,
        f"""SELECT r.set_id, r.problem_id, r.idx, q.question, q.answer, q.level, r.text,
            r.finish_reason, r.n_tokens, r.answer_at, r.seed,
            CASE WHEN r.set_id = i.presample_set THEN 'presample' ELSE 'resample' END AS phase,
            v.correct, v.predicted, coalesce(v.status, 'ungraded') AS status, v.reason,
            s.scores, s.reward, s.status AS score_status,
            v.graded_status, v.override_note, v.overridden_by, v.overridden_at
        FROM (SELECT * FROM responses WHERE rowid IN (SELECT unnest(?))) r
        JOIN iterations i ON i.run_id = ? AND i.iteration = ?
        JOIN {RUNS} runs ON runs.id = i.run_id
        JOIN (SELECT * FROM problems WHERE id IN (SELECT unnest(?))) q ON q.id = r.problem_id
        LEFT JOIN (SELECT * FROM judged {few}) v ON v.set_id = r.set_id
            AND v.problem_id = r.problem_id AND v.idx = r.idx
        LEFT JOIN (SELECT * FROM step_scores {few}) s ON s.set_id = r.set_id
            AND s.problem_id = r.problem_id AND s.idx = r.idx AND s.prm_id = runs.prm_id""",
        [rowids, at.run_id, at.number, problem_ids, problem_ids, problem_ids],
    )
    return {(row.set_id, row.problem_id, row.idx): row for row in rows}


def _from_where(chosen: Filter) -> tuple[str, list[Any]]:
    """FROM and WHERE of the responses that fit, with the joins that the filter needs and no other,
    and the filter's values.
    """
    where, values = _where(chosen)
    needs_verdicts, needs_scores = bool(chosen.statuses), chosen.reward_range is not None
    joins = f"{_VERDICTS if needs_verdicts else ''} {_SCORES if needs_scores else ''}"
    return f"{_RESPONSES} {joins} WHERE i.run_id = ? AND i.iteration = ? {where}", values


def _where(chosen: Filter) -> tuple[str, list[Any]]:
    parts: list[str] = []
    values: list[Any] = []

    def add(sql: str, *given: Any) -> None:
        parts.append(f"AND {sql}")
        values.extend(given)

    if chosen.problem_ids is not None:
        add("r.problem_id IN (SELECT unnest(?))", list(chosen.problem_ids))
    if chosen.statuses:
        add("list_contains(?, coalesce(v.status, 'ungraded'))", list(chosen.statuses))
    if chosen.phase:
        add("(r.set_id = i.presample_set) = ?", chosen.phase == "presample")
    if chosen.truncated is not None:
        add("(r.finish_reason = 'length') = ?", chosen.truncated)
    if chosen.reward_range:
        add("s.reward BETWEEN ? AND ?", *chosen.reward_range)
    return " ".join(parts), values
