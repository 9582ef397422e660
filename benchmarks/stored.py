"""A database as a long study leaves it: made-up problems with responses, verdicts and step scores,
at any size, without a model.
"""

from dataclasses import replace
from pathlib import Path

from engine import store
from engine.config import load_config
from engine.grading.version import RULES
from engine.store import Database
from engine.study import pairing, plans
from engine.study.handle import Iteration
from engine.study.runs import create_run
from engine.types import Choice

CONFIG = Path(__file__).resolve().parent.parent / "data" / "starter" / "default.toml"
N_HELD_OUT = 400


def presampled(path: Path, *, n_problems: int, n_presample: int = 3, n: int = 8) -> str:
    """A new database with one run whose pre-samples are all drawn, graded and scored. Seeded.
    Returns: the run's id.
    """
    db = Database(path)
    try:
        return _presampled(db, n_problems, n_presample, n)
    finally:
        db.close()


def resampled(path: Path, *, n_problems: int, n_presample: int = 3, n: int = 8) -> str:
    """The same, committed, with the rest of the budget spent and the pairs built: n_problems * n
    responses.
    """
    db = Database(path)
    try:
        run_id = _presampled(db, n_problems, n_presample, n)
        plans.commit(
            Iteration(db, run_id, 0),
            Choice(0.25, 0.65, "both", "boundary"),
            made_by="benchmark",
        )
        wanted = (
            f"SELECT problem_id AS id, unnest(range({n_presample}, {n_presample} + n_more)) AS idx"
            " FROM allocations"
        )
        it = Iteration(db, run_id, 0)
        _answer(it, it.row.resample_set, wanted)
        pairing.make_pairs(it)
        _job(db, run_id, "resample")
        return run_id
    finally:
        db.close()


def begun(path: Path, *, n_runs: int) -> None:
    """A new database with many runs that were only begun."""
    db = Database(path)
    try:
        config = load_config(CONFIG)
        problems = replace(config.problems, n_train=20, n_held_out=10)
        for seed in range(n_runs):
            create_run(db, replace(config, seed=seed, problems=problems))
    finally:
        db.close()


def _presampled(db: Database, n_problems: int, n_presample: int, n: int) -> str:
    config = load_config(CONFIG)
    config = replace(
        config,
        name=f"{n_problems:,} made-up problems",
        problems=replace(config.problems, n_train=1, n_held_out=N_HELD_OUT),
        sampling=replace(config.sampling, n=n, n_presample=n_presample),
    )
    run_id = create_run(db, config)
    with db.transaction() as cursor:
        cursor.execute("DELETE FROM run_problems WHERE run_id = ? AND role = 'train'", [run_id])
        cursor.execute(
            "UPDATE runs SET config = replace(config, '\"n_train\": 1,', ?) WHERE id = ?",
            [f'"n_train": {n_problems},', run_id],
        )
        cursor.execute(
            """INSERT INTO problems (id, question, answer, level, solution)
            SELECT md5('p' || i)[:16], 'What is the value number ' || i ||
                    ' of the table, if every '
            || 'row of it holds the sum of the two rows above and the first two hold $' || i % 97
                || '$ and $' || i % 89 || '$?',
            (i % 1000)::VARCHAR, (1 + i % 5)::VARCHAR, NULL FROM range(?) t(i)""",
            [n_problems],
        )
        cursor.execute(
            "INSERT INTO run_problems SELECT ?, 'train', i, md5('p' || i)[:16], 0 FROM range(?)"
            " t(i)",
            [run_id, n_problems],
        )
    wanted = (
        f"SELECT md5('p' || i)[:16] AS id, idx FROM range({n_problems}) t(i), range({n_presample})"
        " u(idx)"
    )
    it = Iteration(db, run_id, 0)
    _answer(it, it.row.presample_set, wanted)
    _job(db, run_id, "presample")
    return run_id


def _answer(it: Iteration, set_id: str, wanted: str) -> None:
    """Responses with verdicts and scores for the (id, idx) of a query. A problem has a skill; its
    responses follow it.
    """
    made = f"""SELECT id, idx, (hash(id) % 1009) / 1008.0 AS skill, (hash(id || '/' || idx) % 1013)
            / 1012.0 AS luck FROM ({wanted})"""
    judged = f"""SELECT id, idx, luck < 1.4 * skill - 0.2 AS correct,
        least(1, greatest(0, 0.1 + 0.55 * skill + 0.35 * ((hash(idx || id) % 1019) / 1018.0))) AS
            reward FROM ({made})"""
    with it.db.transaction() as cursor:
        cursor.execute(
            f"""INSERT INTO responses (set_id, problem_id, idx, seed, text, finish_reason, n_tokens)
            SELECT ?, id, idx, hash(id || idx),
                    'Add the two rows above: ' || hash(id) % 977 || ' + '
            || hash(idx) % 881 || ' is on the way to the answer.' || chr(10) || chr(10) ||
                'Then go on with row ' || hash(idx || id) % 761
            || ' until the row that is asked for.' || chr(10) || chr(10) ||
                'The answer is \\boxed{{' || hash(idx) % 1000 || '}}.',
            'stop', 60 + (hash(idx || id) % 90)::INTEGER FROM ({wanted})""",
            [set_id],
        )
        cursor.execute(
            f"""INSERT INTO verdicts
            (set_id, problem_id, idx, correct, predicted, status, reason, rules)
            SELECT ?, id, idx, correct, (hash(idx) % 1000)::VARCHAR,
            CASE WHEN correct THEN 'correct' ELSE 'wrong' END, 'Compared as numbers.', ? FROM
                ({judged})""",
            [set_id, RULES],
        )
        cursor.execute(
            "INSERT INTO step_scores (set_id, problem_id, idx, prm_id, scores, status, reward)"
            " SELECT ?, id, idx, ?, [least(1, reward + 0.1), reward,"
            f" least(1, reward + 0.2)], 'ok', reward FROM ({judged})",
            [set_id, it.run.prm_id],
        )


def _job(db: Database, run_id: str, kind: str) -> None:
    store.jobs.set_state(db, store.jobs.add(Iteration(db, run_id, 0), kind, {}), "done")
