"""Resamples that another run drew with the same requests: taken over with their verdicts and
scores, and counted apart.

Seeds follow from a sample set's policy, purpose, iteration, seed and settings, not from its owner.
Sets that are equal in all of these hold the answers to equal requests.
"""

from engine.store.place import Place
from engine.store.runs import RUNS
from engine.store.samples import table_sizes

_EQUAL = """FROM iterations i
        JOIN sample_sets own ON own.id = i.resample_set
        JOIN sample_sets other ON other.id <> own.id AND other.policy_id = own.policy_id
            AND other.purpose = own.purpose AND other.iteration = own.iteration
            AND other.seed = own.seed AND other.settings = own.settings
            AND other.sampler = own.sampler"""


def reuse(at: Place) -> int:
    """Take what an iteration's committed plan owes from equal sets of other runs, as far as it is
    stored there. Only where a problem's prompt follows from the settings alone.

    Verdicts that a person overrode are taken as they were graded; those by other rules are not
    taken, and given anew.

    Returns: how many responses were taken now.
    """
    before = n_reused(at)
    with at.db.transaction() as cursor:
        cursor.execute(
            f"""INSERT INTO responses BY NAME
            SELECT r.* REPLACE (own.id AS set_id, coalesce(r.drawn_in, r.set_id) AS drawn_in)
            {_EQUAL}
            JOIN {RUNS} runs ON runs.id = i.run_id
            JOIN allocations a ON a.run_id = i.run_id AND a.iteration = i.iteration
            JOIN responses r ON r.set_id = other.id AND r.problem_id = a.problem_id
                AND r.idx >= runs.n_presample AND r.idx < runs.n_presample + a.n_more
            LEFT JOIN responses mine ON mine.set_id = own.id AND mine.problem_id = r.problem_id
                AND mine.idx = r.idx
            WHERE i.run_id = ? AND i.iteration = ? AND mine.set_id IS NULL
            QUALIFY row_number() OVER (
                PARTITION BY r.problem_id, r.idx ORDER BY other.created_at, other.id) = 1""",
            at.key,
        )
        for table, must in (("verdicts", "own.graded = source.graded"), ("step_scores", "true")):
            cursor.execute(
                f"""INSERT OR IGNORE INTO {table} BY NAME
                SELECT x.* REPLACE (r.set_id AS set_id) FROM iterations i
                JOIN responses r ON r.set_id = i.resample_set AND r.drawn_in IS NOT NULL
                JOIN sample_sets own ON own.id = r.set_id
                JOIN sample_sets source ON source.id = r.drawn_in AND {must}
                JOIN {table} x ON x.set_id = r.drawn_in AND x.problem_id = r.problem_id
                    AND x.idx = r.idx
                WHERE i.run_id = ? AND i.iteration = ?""",
                at.key,
            )
    return n_reused(at) - before


def n_reused(at: Place) -> int:
    """Resamples of an iteration that other runs had drawn. Counted once for as long as the tables
    have the same number of rows: they only grow.
    """
    asked = "n_reused", *at.key
    return at.db.remembered(asked, table_sizes(at.db), lambda: _n_reused(at))


def _n_reused(at: Place) -> int:
    return at.db.value(
        """SELECT count(r.drawn_in) FROM iterations i
        LEFT JOIN responses r ON r.set_id = i.resample_set
        WHERE i.run_id = ? AND i.iteration = ?""",
        at.key,
    )
