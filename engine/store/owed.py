"""What a sample set still lacks of what is wanted, as columns: keys are kept for all of it, texts
are read a window at a time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.events import Key, Text
from engine.store.connection import Database
from engine.store.place import Place
from engine.store.runs import EVERY
from engine.types import ScoredPart


@dataclass(frozen=True, slots=True)
class Wanted:
    """Problems, and which of their responses are wanted."""

    problem_ids: np.ndarray
    """str, shape (P,)."""
    first: np.ndarray
    """int32, shape (P,): of a problem the responses first, first + 1, … below end."""
    end: np.ndarray

    @property
    def n(self) -> int:
        """Responses."""
        return int((self.end - self.first).sum())


@dataclass(frozen=True, slots=True)
class Keys:
    """Responses to wanted problems, 8 bytes each."""

    place: np.ndarray
    """int32, shape (N,): which of the wanted problems."""
    index: np.ndarray
    """int32, shape (N,)."""

    def __len__(self) -> int:
        return len(self.place)

    def part(self, start: int, end: int) -> "Keys":
        """A slice of them."""
        return Keys(self.place[start:end], self.index[start:end])

    def ordered(self, order: np.ndarray) -> "Keys":
        """The same in another order."""
        return Keys(self.place[order], self.index[order])

    def of(self, wanted: Wanted) -> list[Key]:
        """As (problem id, index)."""
        return list(zip(wanted.problem_ids[self.place].tolist(), self.index.tolist()))


NO_KEYS = Keys(np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int32))


def all_of(problem_ids: Sequence[str] | np.ndarray, first: int, end: int) -> Wanted:
    """The same responses of every problem."""
    ids = np.asarray(problem_ids, dtype=str)
    return Wanted(
        ids, np.full(len(ids), first, dtype=np.int32), np.full(len(ids), end, dtype=np.int32)
    )


def of_run(db: Database, run_id: str, role: str, number: int | None, end: int) -> Wanted:
    """The first responses of a run's problems, in its order: role "train" (of one iteration) or
    "held_out".
    """
    columns = db.columns(
        f"""SELECT problem_id FROM run_problems
        WHERE run_id = ? AND role = ? AND (? IS NULL OR iteration IN (?, {EVERY}))
        ORDER BY position""",
        [run_id, role, number, number],
    )
    return all_of(columns["problem_id"], 0, end)


def of_allocation(at: Place, first: int) -> Wanted:
    """What a commit's rounds gave so far, behind the first responses of every problem; by id."""
    columns = at.db.columns(
        """SELECT problem_id, n_more::INTEGER AS n_more FROM allocations
        WHERE run_id = ? AND iteration = ? AND n_more > 0 ORDER BY problem_id""",
        at.key,
    )
    wanted = all_of(columns["problem_id"], first, first)
    return Wanted(wanted.problem_ids, wanted.first, wanted.end + np.asarray(columns["n_more"]))


def missing(db: Database, set_id: str, wanted: Wanted) -> Keys:
    """Wanted responses that are not stored, in the order of their problems."""
    return _keys(
        db,
        wanted,
        """SELECT place, index FROM (
            SELECT place, problem_id, unnest(range(first, "end"))::INTEGER AS index FROM wanted) w
        ANTI JOIN (SELECT problem_id, idx AS index FROM responses WHERE set_id = ?)
            USING (problem_id, index)
        ORDER BY place, index""",
        [set_id],
    )


def ungraded(db: Database, set_id: str, wanted: Wanted) -> Keys:
    """Stored responses to wanted problems that have no verdict."""
    return _keys(
        db,
        wanted,
        """SELECT place, idx AS index FROM responses JOIN wanted USING (problem_id)
        ANTI JOIN (SELECT * FROM verdicts WHERE set_id = ?) USING (problem_id, idx)
        WHERE set_id = ? ORDER BY place, idx""",
        [set_id, set_id],
    )


def unscored(db: Database, set_id: str, prm_id: str, wanted: Wanted, *, refused: bool) -> Keys:
    """Stored responses to wanted problems that this reward model has not seen: those whose prompt
    was refused, or the others.
    """
    return _keys(
        db,
        wanted,
        """SELECT place, idx AS index FROM responses JOIN wanted USING (problem_id)
        ANTI JOIN (SELECT * FROM step_scores WHERE set_id = ? AND prm_id = ?)
            USING (problem_id, idx)
        WHERE set_id = ? AND (finish_reason = 'refused') = ? ORDER BY place, idx""",
        [set_id, prm_id, set_id, refused],
    )


def texts(db: Database, set_id: str, keys: Sequence[Key], part: ScoredPart) -> list[Text]:
    """(problem id, index, text) of stored responses, in the order of the keys.

    Args:
        part: the whole response, or its answer: the text behind the thinking.
    """
    if not keys:
        return []
    ids, indices = zip(*keys)
    text = "text" if part == "response" else "substr(text, coalesce(answer_at, 0) + 1)"
    return db.tuples(
        f"""SELECT problem_id, idx, {text} FROM responses JOIN (
            SELECT unnest($ids) AS problem_id, unnest($indices)::INTEGER AS idx,
                unnest(range(len($ids))) AS position) USING (problem_id, idx)
        WHERE set_id = $set_id ORDER BY position""",
        {"ids": list(ids), "indices": list(indices), "set_id": set_id},
    )


def longest_question(db: Database, problem_ids: np.ndarray) -> str:
    """The longest of these problems' questions in bytes; "" without problems."""
    rows = db.columns_beside(
        "wanted",
        {"problem_id": problem_ids},
        """SELECT question FROM problems WHERE id IN (SELECT problem_id FROM wanted)
        ORDER BY strlen(question) DESC LIMIT 1""",
    )
    return next(iter(rows["question"]), "")


def _keys(db: Database, wanted: Wanted, sql: str, parameters: list[Any]) -> Keys:
    columns = {
        "place": np.arange(len(wanted.problem_ids), dtype=np.int32),
        "problem_id": wanted.problem_ids,
        "first": wanted.first,
        "end": wanted.end,
    }
    rows = db.columns_beside("wanted", columns, sql, parameters)
    return Keys(rows["place"], rows["index"])
