"""What a judge says of responses: rows beside verdicts, which never change one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from engine.grading.version import RULES
from engine.store.clock import now
from engine.store.place import Place
from engine.store.runs import EVERY, RUNS

Says = Literal["same", "different", "unclear"]
"""Whether the answer means what the reference means."""

_GRADED = f"""FROM iterations i
    JOIN {RUNS} runs ON runs.id = i.run_id
    JOIN run_problems p ON p.run_id = i.run_id AND p.iteration IN (i.iteration, {EVERY})
        AND p.role = 'train'
    JOIN responses r ON r.problem_id = p.problem_id AND (r.set_id = i.resample_set
        OR (r.set_id = i.presample_set AND r.idx < runs.n_presample))
    JOIN judged v ON v.set_id = r.set_id AND v.problem_id = r.problem_id AND v.idx = r.idx
    JOIN problems q ON q.id = r.problem_id"""
"""Graded pre-samples and resamples r of iteration i, with their verdicts v and problems q."""

_OPINION = """JOIN opinions o ON o.set_id = r.set_id AND o.problem_id = r.problem_id
        AND o.idx = r.idx AND o.judge = ?"""


@dataclass(frozen=True, slots=True)
class Open:
    """A response that a judge may be asked about."""

    set_id: str
    problem_id: str
    idx: int
    question: str
    reference: str
    predicted: str


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one judge says of one response."""

    says: Says
    reply: str
    """The judge's own words."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A response with its verdict and a judge's opinion."""

    set_id: str
    problem_id: str
    idx: int
    question: str
    reference: str
    predicted: str
    text: str
    status: str
    """By the rules, before any override."""
    reason: str | None
    says: Says
    reply: str
    made_at: datetime
    label: bool | None
    """A person's word: whether it is correct; None where nobody looked."""


def statuses(at: Place) -> dict[str, int]:
    """How many graded responses of an iteration have which status, by the rules."""
    rows = at.db.tuples(
        f"""SELECT v.graded_status, count(*) AS n {_GRADED}
        WHERE i.run_id = ? AND i.iteration = ? GROUP BY v.graded_status ORDER BY n DESC, 1""",
        at.key,
    )
    return dict(rows)


def n_by_earlier_rules(at: Place) -> int:
    """How many graded responses of an iteration have a verdict by other rules of finding and
    comparing answers than those of this version.
    """
    return at.db.value(
        f"""SELECT count(*) {_GRADED}
        JOIN verdicts given ON given.set_id = v.set_id AND given.problem_id = v.problem_id
            AND given.idx = v.idx
        WHERE i.run_id = ? AND i.iteration = ? AND given.rules <> ?""",
        [*at.key, RULES],
    )


def owed(at: Place, judge: str) -> list[Open]:
    """Responses that the rules call wrong or could not check, and that this judge was not asked
    about: by problem and index. Those without an answer, and overridden ones, are passed over, and
    so is what is not maths: whether a program passes its tests is no matter of opinion.
    """
    return at.db.records(
        Open,
        f"""SELECT r.set_id, r.problem_id, r.idx, q.question, q.answer AS reference, v.predicted
        {_GRADED}
        WHERE i.run_id = ? AND i.iteration = ? AND v.overridden_by IS NULL
            AND v.graded_status IN ('wrong', 'error', 'timeout') AND v.predicted IS NOT NULL
            AND q.domain = 'maths'
            AND (r.set_id, r.problem_id, r.idx) NOT IN (
                SELECT (set_id, problem_id, idx) FROM opinions WHERE judge = ?)
        ORDER BY r.problem_id, r.idx""",
        [*at.key, judge],
    )


def add(at: Place, judge: str, opinions: Sequence[tuple[Open, Opinion]]) -> None:
    """Store a judge's opinions."""
    made_at = now()
    at.db.insert(
        "opinions",
        {
            "set_id": [one.set_id for one, _ in opinions],
            "problem_id": [one.problem_id for one, _ in opinions],
            "idx": [one.idx for one, _ in opinions],
            "judge": [judge] * len(opinions),
            "says": [opinion.says for _, opinion in opinions],
            "reply": [opinion.reply for _, opinion in opinions],
            "made_at": [made_at] * len(opinions),
        },
    )


def judged(at: Place, judge: str) -> list[Judged]:
    """Every response of an iteration that this judge was asked about, by problem and index."""
    return at.db.records(
        Judged,
        f"""SELECT r.set_id, r.problem_id, r.idx, q.question, q.answer AS reference, v.predicted,
            r.text, v.graded_status AS status, v.reason, o.says, o.reply, o.made_at,
            CASE WHEN v.overridden_by IS NOT NULL AND v.overridden_by NOT IN ('judge', 'regrade')
                THEN v.correct END AS label
        {_GRADED} {_OPINION}
        WHERE i.run_id = ? AND i.iteration = ? ORDER BY r.problem_id, r.idx""",
        [judge, *at.key],
    )
