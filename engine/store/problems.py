"""Problems, and which of them a run and its iterations use."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from engine.store.connection import Database
from engine.store.place import Place
from engine.store.runs import EVERY, RUNS
from engine.store.samples import table_sizes
from engine.types import Problem, Reference


@dataclass(frozen=True, slots=True)
class Visit:
    """A training problem in an iteration that drew it."""

    number: int
    """The iteration's."""
    problem_id: str
    n: int
    """Judged pre-samples."""
    n_correct: int


_PROBLEM = "p.id, p.question, p.answer, p.level, p.solution, p.domain, p.details"


def of_run(db: Database, run_id: str, role: str, number: int | None = None) -> dict[str, Problem]:
    """A run's problems by id, in its order: role "train" (of one iteration, if a number is given)
    or "held_out".
    """
    problems = db.records(
        Problem,
        f"""SELECT {_PROBLEM} FROM run_problems rp
        JOIN problems p ON p.id = rp.problem_id
        WHERE rp.run_id = ? AND rp.role = ? AND (? IS NULL OR rp.iteration IN (?, {EVERY}))
        ORDER BY rp.position""",
        [run_id, role, number, number],
    )
    return {problem.id: problem for problem in problems}


def by_id(db: Database, problem_ids: Sequence[str]) -> dict[str, Problem]:
    """These problems by id, in their order."""
    problems = db.records(
        Problem,
        f"""SELECT {_PROBLEM} FROM (
            SELECT unnest($ids) AS id, unnest(range(len($ids))) AS position) asked
        JOIN problems p ON p.id = asked.id ORDER BY asked.position""",
        {"ids": list(problem_ids)},
    )
    return {problem.id: problem for problem in problems}


def levels(at: Place, role: str) -> list[str]:
    """The levels that problems of an iteration, or held-out ones of its run, came with; "" among
    them where some came with none.
    """
    asked = "levels", at.run_id, at.number, role
    return at.db.remembered(asked, table_sizes(at.db), lambda: _levels(at, role))


def _levels(at: Place, role: str) -> list[str]:
    rows = at.db.tuples(
        f"""SELECT DISTINCT coalesce(p.level, '') AS level FROM run_problems rp
        JOIN problems p ON p.id = rp.problem_id
        WHERE rp.run_id = ? AND rp.role = ? AND (rp.role <> 'train' OR rp.iteration IN (?, {EVERY}))
        ORDER BY level""",
        [at.run_id, role, at.number],
    )
    return [level for (level,) in rows]


def training_problem(at: Place, problem_id: str | None = None) -> Problem:
    """The training problem of an iteration that has this id, else its first one."""
    (problem,) = at.db.records(
        Problem,
        f"""SELECT {_PROBLEM} FROM (
            SELECT problem_id FROM run_problems
            WHERE run_id = ? AND role = 'train' AND iteration IN (?, {EVERY})
            ORDER BY problem_id IS NOT DISTINCT FROM ? DESC, position LIMIT 1) first
        JOIN problems p ON p.id = first.problem_id""",
        [at.run_id, at.number, problem_id],
    )
    return problem


def questions(db: Database, problem_ids: list[str]) -> list[str]:
    """The questions of these problems, in this order."""
    return [question or "" for question in texts(db, "question", problem_ids)]


def texts(
    db: Database,
    column: Literal["question", "answer", "level", "domain"],
    problem_ids: list[str],
) -> list[str | None]:
    """One column of these problems, in this order."""
    return [
        text
        for (text,) in db.tuples(
            f"""SELECT p.{column}
            FROM (SELECT unnest(?) AS id, unnest(range(len(?))) AS position) asked
            JOIN problems p ON p.id = asked.id ORDER BY asked.position""",
            [problem_ids, problem_ids],
        )
    ]


def references(db: Database) -> dict[str, Reference]:
    """What responses to every stored problem are checked against, by id."""
    rows = db.tuples("SELECT id, answer, domain, details FROM problems")
    return {id: Reference(*reference) for id, *reference in rows}


def add(db: Database, problems: Sequence[Problem]) -> None:
    """Store problems; those that are there already stay as they are."""
    names = ("id", "question", "answer", "level", "solution", "domain", "details")
    db.insert(
        "problems",
        {name: [getattr(p, name) for p in problems] for name in names},
        or_ignore=True,
    )


def add_to_run(db: Database, run_id: str, role: str, problem_ids: Sequence[str]) -> None:
    """Let a run use problems, in this order; no iteration takes them yet."""
    n = len(problem_ids)
    columns = {
        "run_id": [run_id] * n,
        "role": [role] * n,
        "position": list(range(n)),
        "problem_id": list(problem_ids),
    }
    db.insert("run_problems", columns)


_UNUSED_OF = "run_id = $run AND role = 'train' AND iteration IS NULL"
_UNUSED = "run_id = ? AND role = 'train' AND iteration IS NULL"


def n_unused(db: Database, run_id: str) -> int:
    """Training problems that no iteration of a run has taken."""
    return db.value(f"SELECT count(*) FROM run_problems WHERE {_UNUSED}", [run_id])


def visits(db: Database, run_id: str) -> list[Visit]:
    """Every training problem of every iteration of a run, with what its pre-samples say."""
    return db.records(
        Visit,
        f"""SELECT i.iteration AS number, p.problem_id, count(v.correct) AS n,
            coalesce(sum(v.correct::INTEGER), 0)::BIGINT AS n_correct
        FROM iterations i
        JOIN {RUNS} runs ON runs.id = i.run_id
        JOIN run_problems p ON p.run_id = i.run_id AND p.role = 'train'
            AND p.iteration IN (i.iteration, {EVERY})
        LEFT JOIN judged v ON v.set_id = i.presample_set AND v.problem_id = p.problem_id
            AND v.idx < runs.n_presample
        WHERE i.run_id = ? GROUP BY i.iteration, p.problem_id""",
        [run_id],
    )


def n_drawn_before(at: Place) -> int:
    """Training problems of an iteration that an earlier one of its run drew, too."""
    return at.db.value(
        """SELECT count(*) FROM run_problems p
        WHERE p.run_id = $run AND p.role = 'train' AND p.iteration = $number AND EXISTS (
            SELECT 1 FROM run_problems o WHERE o.run_id = p.run_id AND o.role = 'train'
                AND o.problem_id = p.problem_id AND o.iteration < $number)""",
        {"run": at.run_id, "number": at.number},
    )


def take_these(db: Database, run_id: str, number: int, problem_ids: Sequence[str]) -> None:
    """Give an iteration these training problems; one that another iteration took gets a row of its
    own, behind all others.
    """
    with db.transaction() as cursor:
        cursor.execute(
            f"""INSERT INTO run_problems (run_id, role, position, problem_id, iteration)
            SELECT $run, 'train', wanted.place + (
                SELECT max(position) + 1 FROM run_problems WHERE run_id = $run AND role = 'train'),
                wanted.id, $number
            FROM (SELECT unnest($ids::VARCHAR[]) AS id, unnest(range(len($ids))) AS place) wanted
            WHERE wanted.id NOT IN (SELECT problem_id FROM run_problems WHERE {_UNUSED_OF})""",
            {"run": run_id, "number": number, "ids": list(problem_ids)},
        )
        cursor.execute(
            f"""UPDATE run_problems SET iteration = $number
            WHERE {_UNUSED_OF} AND list_contains($ids, problem_id)""",
            {"run": run_id, "number": number, "ids": list(problem_ids)},
        )


def take(db: Database, run_id: str, number: int, n: int) -> None:
    """Give an iteration, or all of them (EVERY), the next n unused training problems."""
    with db.transaction() as cursor:
        cursor.execute(
            f"""UPDATE run_problems SET iteration = ?
            WHERE run_id = ? AND role = 'train' AND problem_id IN (
                SELECT problem_id FROM run_problems WHERE {_UNUSED} ORDER BY position LIMIT ?)""",
            [number, run_id, run_id, n],
        )
