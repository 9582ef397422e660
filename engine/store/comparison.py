"""Named reads for comparing runs: what they sampled, how long it took, and which pairs came of it.
Nothing here writes.
"""

from collections import Counter
from dataclasses import dataclass

from engine.store.connection import Database
from engine.store.place import Place
from engine.store.runs import RUNS
from engine.store.samples import only_of, table_sizes


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
    totals: Counter[int] = Counter()
    for at, set_id, below in _training_sets(db, run_id):
        joined, values = only_of(at, set_id, "r")
        totals[at.number] += db.value(
            f"""SELECT coalesce(sum(r.n_tokens), 0)::BIGINT FROM responses r {joined}
            WHERE r.set_id = $set_id AND ($below IS NULL OR r.idx < $below)""",
            {**values, "set_id": set_id, "below": below},
        )
    totals.update(
        dict(
            db.tuples(
                f"""SELECT iteration, sum(n_tokens)::BIGINT FROM (
                    SELECT d.iteration, r.n_tokens FROM {_DRAWS} WHERE d.run_id = $run
                    UNION ALL
                    SELECT x.iteration, r.n_tokens FROM side_samples x
                    JOIN responses r ON r.set_id = x.set_id AND r.problem_id = x.problem_id
                        AND r.idx < x.n
                    WHERE x.run_id = $run)
                GROUP BY iteration""",
                {"run": run_id},
            )
        )
    )
    return {number: n for number, n in totals.items() if n}


_DRAWS = "train_draws d JOIN responses r USING (set_id, problem_id, idx)"


def _training_sets(db: Database, run_id: str) -> list[tuple[Place, str, int | None]]:
    """The sample sets of a run's iterations, and below which index their responses are the run's;
    None where all are.
    """
    rows = db.tuples(
        f"""SELECT i.iteration, i.presample_set, i.resample_set, r.n_presample FROM iterations i
        JOIN {RUNS} r ON r.id = i.run_id WHERE i.run_id = ? ORDER BY i.iteration""",
        [run_id],
    )
    return [
        (Place(db, run_id, number), set_id, below)
        for number, presamples, resamples, n in rows
        for set_id, below in ((presamples, n), (resamples, None))
    ]


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
    """The committed problems tell which responses count: others need no join over all of them."""
    return db.records(
        Yielded,
        f"""WITH committed AS (
            SELECT a.iteration, a.problem_id, a.difficulty, coalesce(q.level, '') AS level
            FROM allocations a JOIN problems q ON q.id = a.problem_id WHERE a.run_id = $run),
        drawn AS (
            SELECT c.iteration, c.difficulty, c.level, 1 AS n_responses, 0 AS n_pairs
            FROM committed c JOIN iterations i ON i.run_id = $run AND i.iteration = c.iteration
            JOIN {RUNS} runs ON runs.id = $run
            JOIN responses r ON r.problem_id = c.problem_id AND (r.set_id = i.resample_set
                OR (r.set_id = i.presample_set AND r.idx < runs.n_presample))
            UNION ALL
            SELECT c.iteration, c.difficulty, c.level, 1, 0 FROM {_DRAWS}
            JOIN committed c USING (iteration, problem_id) WHERE d.run_id = $run
            UNION ALL
            SELECT c.iteration, c.difficulty, c.level, 0, 1 FROM pairs p
            JOIN committed c USING (iteration, problem_id) WHERE p.run_id = $run
            UNION ALL
            SELECT iteration, difficulty, level, 0, 0 FROM committed)
        SELECT iteration, difficulty, level, sum(n_responses)::BIGINT AS n_responses,
            sum(n_pairs)::BIGINT AS n_pairs
        FROM drawn GROUP BY ALL ORDER BY ALL""",
        {"run": run_id},
    )
