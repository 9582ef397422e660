"""Reads behind the Responses page: filtered lists of an iteration's responses, and one problem's
responses in full.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import numpy as np

from engine.method.conditions import Condition, named
from engine.store.conditions import as_sql
from engine.store.place import Place
from engine.store.response_columns import SQL
from engine.store.runs import EVERY, RUNS
from engine.store.samples import table_sizes
from engine.types import Domain, FinishReason, Reference

Phase = Literal["presample", "resample", "train", "tune", "calibrate", "greedy", "evaluate"]
"""What a response was drawn for: the purposes of stored sample sets."""
SIDE: tuple[Phase, ...] = ("tune", "calibrate")
HELD_OUT: tuple[Phase, ...] = ("greedy", "evaluate")

_ITERATION = f"FROM iterations i JOIN {RUNS} runs ON runs.id = i.run_id"
_TRAINING = f"""{_ITERATION}
    JOIN run_problems p ON p.run_id = i.run_id AND p.iteration IN (i.iteration, {EVERY})
        AND p.role = 'train'
    JOIN responses r ON r.problem_id = p.problem_id
        AND (r.set_id = i.resample_set
            OR (r.set_id = i.presample_set AND r.idx < runs.n_presample))"""
_SIDE = f"""{_ITERATION}
    JOIN side_samples x ON x.run_id = i.run_id AND x.iteration = i.iteration
    JOIN sample_sets g ON g.id = x.set_id AND g.purpose = ?
    JOIN run_problems p ON p.run_id = i.run_id AND p.problem_id = x.problem_id
        AND p.role = 'train' AND p.iteration IN (i.iteration, {EVERY})
    JOIN responses r ON r.set_id = x.set_id AND r.problem_id = x.problem_id AND r.idx < x.n"""
_DRAWN = f"""{_ITERATION}
    JOIN train_draws x ON x.run_id = i.run_id AND x.iteration = i.iteration
    JOIN run_problems p ON p.run_id = i.run_id AND p.problem_id = x.problem_id
        AND p.role = 'train' AND p.iteration IN (i.iteration, {EVERY})
    JOIN responses r ON r.set_id = x.set_id AND r.problem_id = x.problem_id AND r.idx = x.idx"""
_HELD_OUT = f"""{_ITERATION}
    JOIN run_problems p ON p.run_id = i.run_id AND p.role = 'held_out'
    JOIN responses r ON r.set_id = ? AND r.problem_id = p.problem_id
        AND r.idx < CASE ? WHEN 'greedy' THEN 1 ELSE runs.n_evaluate END"""
_VERDICTS = (
    "LEFT JOIN judged v ON v.set_id = r.set_id AND v.problem_id = r.problem_id AND v.idx = r.idx"
)
_PURPOSE = "JOIN sample_sets o ON o.id = r.set_id"
_SCORES = """LEFT JOIN step_scores s ON s.set_id = r.set_id AND s.problem_id = r.problem_id
    AND s.idx = r.idx AND s.prm_id = runs.prm_id"""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which responses to list; an empty field filters nothing."""

    problem_ids: Sequence[str] | None = None
    statuses: Sequence[str] = ()
    """Verdict statuses; "ungraded" for responses without a verdict."""
    phase: Phase | None = None
    """None for pre-samples and resamples together."""
    truncated: bool | None = None
    reward_range: tuple[float, float] | None = None
    """Inclusive range of the process reward; None keeps responses without one too."""
    levels: Sequence[str] = ()
    """Of the problems; "" for problems without one."""
    token_range: tuple[int | None, int | None] = (None, None)
    """Inclusive; None for no end on that side."""
    text: str = ""
    """What a response contains, in capitals or not."""
    where: Condition | None = None
    """Over response_columns.COLUMNS."""
    held_out_set: str = ""
    """The sample set of the policy that is looked at: asked for in the phases greedy and
    evaluate.
    """


@dataclass(frozen=True, slots=True)
class ListedResponse:
    """A response with everything that is known of it."""

    set_id: str
    problem_id: str
    idx: int
    question: str
    answer: str
    level: str | None
    domain: Domain
    details: str
    text: str
    finish_reason: FinishReason
    n_tokens: int
    answer_at: int | None
    """Where the answer begins behind the thinking, in characters; None without thinking."""
    seed: int
    phase: Phase
    correct: bool | None
    """As it counts, a person's word included; None where it is not graded yet."""
    predicted: str | None
    status: str
    """A verdict status, or "ungraded"."""
    reason: str | None
    scores: list[float | None] | None
    reward: float | None
    score_status: str | None
    graded_status: str | None
    """Before any override."""
    override_note: str | None
    overridden_by: str | None
    overridden_at: datetime | None

    @property
    def reference(self) -> Reference:
        return Reference(self.answer, self.domain, self.details)


@dataclass(frozen=True, slots=True)
class OutlinedResponse:
    """A response without its text."""

    set_id: str
    idx: int
    phase: Phase
    status: str
    """As in ListedResponse."""
    predicted: str | None
    reward: float | None


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
    from_where, values = _from_where(at, chosen)
    keys = at.db.tuples(
        f"""SELECT r.set_id, r.problem_id, r.idx, r.rowid {from_where}
            AND p.position BETWEEN ? AND ?
        ORDER BY p.position, r.idx, r.set_id LIMIT ? OFFSET ?""",
        [
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


def outline(at: Place, chosen: Filter) -> list[OutlinedResponse]:
    """All responses that fit without their texts, in the order of page(): for a filter that names
    a problem.
    """
    from_where, values = _from_where(at, chosen, also=f"{_PURPOSE} {_VERDICTS} {_SCORES}")
    return at.db.records(
        OutlinedResponse,
        f"""SELECT r.set_id, r.idx, o.purpose AS phase, coalesce(v.status, 'ungraded') AS status,
            v.predicted, s.reward {from_where} ORDER BY p.position, r.idx, r.set_id""",
        values,
    )


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
        from_where, values = _from_where(at, chosen)
        counted = at.db.columns(
            f"""SELECT p.position, count(*) AS n {from_where}
            GROUP BY p.position ORDER BY p.position""",
            values,
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
        f"""SELECT r.set_id, r.problem_id, r.idx, q.question, q.answer, q.level, q.domain,
            q.details, r.text, r.finish_reason, r.n_tokens, r.answer_at, r.seed,
            o.purpose AS phase,
            v.correct, v.predicted, coalesce(v.status, 'ungraded') AS status, v.reason,
            s.scores, s.reward, s.status AS score_status,
            v.graded_status, v.override_note, v.overridden_by, v.overridden_at
        FROM (SELECT * FROM responses WHERE rowid IN (SELECT unnest(?))) r
        JOIN runs ON runs.id = ?
        {_PURPOSE}
        JOIN (SELECT * FROM problems WHERE id IN (SELECT unnest(?))) q ON q.id = r.problem_id
        LEFT JOIN (SELECT * FROM judged {few}) v ON v.set_id = r.set_id
            AND v.problem_id = r.problem_id AND v.idx = r.idx
        LEFT JOIN (SELECT * FROM step_scores {few}) s ON s.set_id = r.set_id
            AND s.problem_id = r.problem_id AND s.idx = r.idx AND s.prm_id = runs.prm_id""",
        [rowids, at.run_id, problem_ids, problem_ids, problem_ids],
    )
    return {(row.set_id, row.problem_id, row.idx): row for row in rows}


def _from_where(at: Place, chosen: Filter, *, also: str = "") -> tuple[str, list[Any]]:
    """FROM and WHERE of the responses that fit, with the joins that the filter needs and no other,
    and all values in their order.

    Args:
        also: joins in place of those that the filter needs.
    """
    source, drawn = _source(chosen)
    where, values = _where(chosen)
    names = named(chosen.where) if chosen.where else set[str]()
    needed = (
        _VERDICTS if chosen.statuses or names & {"correct", "status", "predicted"} else "",
        _SCORES if chosen.reward_range or "reward" in names else "",
        _PURPOSE if "phase" in names else "",
    )
    joins = also or " ".join(needed)
    sql = f"{source} {joins} WHERE i.run_id = ? AND i.iteration = ? {where}"
    return sql, [*drawn, *at.key, *values]


def _source(chosen: Filter) -> tuple[str, list[Any]]:
    """Where responses r of a phase, to problems p of iteration i, come from."""
    if chosen.phase in HELD_OUT:
        return _HELD_OUT, [chosen.held_out_set, chosen.phase]
    if chosen.phase == "train":
        return _DRAWN, []
    if chosen.phase in SIDE:
        return _SIDE, [chosen.phase]
    return _TRAINING, []


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
    if chosen.phase in ("presample", "resample"):
        add("(r.set_id = i.presample_set) = ?", chosen.phase == "presample")
    if chosen.truncated is not None:
        add("(r.finish_reason = 'length') = ?", chosen.truncated)
    if chosen.reward_range:
        add("s.reward BETWEEN ? AND ?", *chosen.reward_range)
    if chosen.levels:
        add(
            """r.problem_id IN (
                SELECT id FROM problems WHERE list_contains(?, coalesce(level, '')))""",
            list(chosen.levels),
        )
    for sign, end in zip((">=", "<="), chosen.token_range, strict=True):
        if end is not None:
            add(f"r.n_tokens {sign} ?", end)
    if chosen.text:
        add("contains(lower(r.text), lower(?))", chosen.text)
    if chosen.where:
        sql, given = as_sql(chosen.where, SQL)
        add(sql, *given)
    return " ".join(parts), values
