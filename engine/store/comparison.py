"""Named reads for comparing runs: what they sampled, how long it took, and which pairs came of it.
Nothing here writes.
"""

from dataclasses import dataclass

from engine.store.connection import Database
from engine.store.runs import EVERY, RUNS
from engine.store.samples import table_sizes

_PARTS = f"""
    SELECT i.iteration, r.problem_id, r.n_tokens FROM iterations i
    JOIN {RUNS} runs ON runs.id = i.run_id
    JOIN run_problems p ON p.run_id = i.run_id AND p.iteration IN (i.iteration, {EVERY})
        AND p.role = 'train'
    JOIN responses r ON r.problem_id = p.problem_id
        AND (r.set_id = i.resample_set OR (r.set_id = i.presample_set AND r.idx < runs.n_presample))
    WHERE i.run_id = $run
    UNION ALL
    SELECT d.iteration, d.problem_id, r.n_tokens FROM train_draws d
    JOIN responses r USING (set_id, problem_id, idx)
    WHERE d.run_id = $run"""
"""Pre-samples, resamples and training draws of a run, one row each."""


@dataclass(frozen=True, slots=True)
class Yielded:
    """What the committed problems of one class and level gave in one iteration."""

    iteration: int
    difficulty: int
    level: str
    """Empty where the problems have none."""
    n_responses: int
    """Pre-samples, resamples and training draws together."""
    n_pairs: int


def tokens(db: Database, run_id: str) -> dict[int, int]:
    """Sampled tokens by iteration, over pre-samples, resamples, training draws and side samples;
    evaluations do not count.

    Counted once for as long as the tables have the same number of rows: they only grow.
    """
    return db.remembered(("tokens", run_id), table_sizes(db), lambda: _tokens(db, run_id))


def _tokens(db: Database, run_id: str) -> dict[int, int]:
    return dict(
        db.tuples(
            f"""SELECT iteration, sum(n_tokens)::BIGINT FROM (
                SELECT iteration, n_tokens FROM ({_PARTS})
                UNION ALL
                SELECT x.iteration, r.n_tokens FROM side_samples x
                JOIN responses r ON r.set_id = x.set_id AND r.problem_id = x.problem_id
                    AND r.idx < x.n
                WHERE x.run_id = $run)
            GROUP BY iteration""",
            {"run": run_id},
        )
    )


_SECONDS = """WITH filled AS (
    SELECT j.id, j.busy_s,
        CASE j.kind WHEN 'presample' THEN o.presample_set ELSE o.resample_set END
            AS set_id
    FROM jobs j JOIN iterations o USING (run_id, iteration)
    WHERE j.kind IN ('presample', 'resample')
    UNION SELECT j.id, j.busy_s, x.set_id FROM jobs j
    JOIN side_samples x USING (run_id, iteration)
    JOIN sample_sets s ON s.id = x.set_id AND s.purpose = j.kind),
made AS (
    SELECT policy_id, id, busy_s FROM jobs WHERE kind IN ('train', 'pick')
    UNION SELECT k.policy_id, t.id, t.busy_s FROM jobs k
    JOIN picks p ON p.number = json_extract(k.params, '$.pick')::INTEGER
    JOIN jobs t ON t.id = p.job_id WHERE k.kind = 'pick'),
used AS (
    SELECT iteration, unnest([presample_set, resample_set]) AS set_id
    FROM iterations WHERE run_id = ?
    UNION SELECT iteration, set_id FROM side_samples WHERE run_id = ?),
taken AS (
    SELECT i.iteration, r.drawn_in, count(*) AS n_taken FROM iterations i
    JOIN responses r ON r.set_id = i.resample_set AND r.drawn_in IS NOT NULL
    WHERE i.run_id = ? GROUP BY ALL)
SELECT iteration, sum(busy_s) FROM (
    SELECT DISTINCT u.iteration, f.id, f.busy_s FROM used u JOIN filled f USING (set_id)
    UNION SELECT t.iteration, f.id, f.busy_s * t.n_taken / count(r.problem_id)
    FROM taken t JOIN filled f ON f.set_id = t.drawn_in
    JOIN responses r ON r.set_id = t.drawn_in AND r.drawn_in IS NULL
    GROUP BY t.iteration, t.drawn_in, t.n_taken, f.id, f.busy_s
    UNION SELECT i.iteration, j.id, j.busy_s FROM iterations i
    JOIN iterations n ON n.run_id = i.run_id AND n.iteration = i.iteration + 1
    JOIN made j ON j.policy_id = n.policy_id
    WHERE i.run_id = ? AND n.policy_id <> i.policy_id
    UNION SELECT j.iteration, j.id, j.busy_s FROM jobs j
    WHERE j.run_id = ? AND j.kind IN ('train', 'pick') AND NOT EXISTS (
        SELECT 1 FROM iterations n
        WHERE n.run_id = j.run_id AND n.iteration = j.iteration + 1))
GROUP BY iteration"""


def seconds(db: Database, run_id: str) -> dict[int, float]:
    """Wall seconds by iteration of everything that filled the run's sample sets, whichever run
    ordered it, and of its trainings.

    So a fork counts the pre-sampling it shares, and of another run's resampling the share of the
    responses that it took from there. Evaluations do not count.
    """
    return dict(
        db.tuples(
            _SECONDS,
            [run_id] * 5,
        )
    )


def training_yield(db: Database, run_id: str) -> list[Yielded]:
    """Per iteration, class and level of the committed problems.

    Counted once for as long as the tables have the same number of rows: they only grow.
    """
    return db.remembered(
        ("training yield", run_id), table_sizes(db), lambda: _training_yield(db, run_id)
    )


def _training_yield(db: Database, run_id: str) -> list[Yielded]:
    return db.records(
        Yielded,
        f"""WITH drawn AS (
            SELECT iteration, problem_id, count(*) AS n FROM ({_PARTS}) GROUP BY ALL),
        paired AS (
            SELECT iteration, problem_id, count(*) AS n FROM pairs WHERE run_id = $run GROUP BY ALL)
        SELECT a.iteration, a.difficulty, coalesce(q.level, '') AS level,
            coalesce(sum(d.n), 0)::BIGINT AS n_responses,
            coalesce(sum(p.n), 0)::BIGINT AS n_pairs
        FROM allocations a JOIN problems q ON q.id = a.problem_id
        LEFT JOIN drawn d USING (iteration, problem_id)
        LEFT JOIN paired p USING (iteration, problem_id)
        WHERE a.run_id = $run GROUP BY ALL ORDER BY ALL""",
        {"run": run_id},
    )
