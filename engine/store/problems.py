"""Problems, and which of them a run and its iterations use."""

from collections.abc import Sequence
from typing import Literal

from engine.store.connection import Database
from engine.store.place import Place
from engine.store.runs import EVERY
from engine.store.samples import table_sizes
from engine.types import Problem, Reference

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


_UNUSED = "run_id = ? AND role = 'train' AND iteration IS NULL"


def n_unused(db: Database, run_id: str) -> int:
    """Training problems that no iteration of a run has taken."""
    return db.value(f"SELECT count(*) FROM run_problems WHERE {_UNUSED}", [run_id])


def take(db: Database, run_id: str, number: int, n: int) -> None:
    """Give an iteration, or all of them (EVERY), the next n unused training problems."""
    with db.transaction() as cursor:
        cursor.execute(
            f"""UPDATE run_problems SET iteration = ?
            WHERE run_id = ? AND role = 'train' AND problem_id IN (
                SELECT problem_id FROM run_problems WHERE {_UNUSED} ORDER BY position LIMIT ?)""",
            [number, run_id, run_id, n],
        )
