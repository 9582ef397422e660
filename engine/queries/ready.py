"""Questions that are asked often, as one would write them. $run and $iteration stand for what is
selected.
"""

from dataclasses import dataclass
from typing import Literal

Plot = Literal["bar", "line", "dots"]

_TRAINING = """iterations i
JOIN sample_sets s ON s.id IN (i.presample_set, i.resample_set)
JOIN run_problems p ON p.run_id = i.run_id AND p.role = 'train' AND p.iteration IN (i.iteration, -1)
JOIN responses r ON r.set_id = s.id AND r.problem_id = p.problem_id"""
_JUDGED = "JOIN judged v ON (v.set_id, v.problem_id, v.idx) = (r.set_id, r.problem_id, r.idx)"


@dataclass(frozen=True, slots=True)
class Ready:
    """A question with what it is about and how it is best drawn."""

    title: str
    sql: str
    x: str = ""
    y: str = ""
    plot: Plot | None = None


READY = (
    Ready(
        "How often was the policy right, by iteration and phase?",
        f"""SELECT i.iteration, s.purpose, count(*) AS responses, avg(v.correct::INT) AS accuracy,
    avg(r.n_tokens) AS tokens
FROM {_TRAINING}
{_JUDGED}
WHERE i.run_id = $run
GROUP BY ALL ORDER BY ALL""",
        "iteration",
        "accuracy",
        "dots",
    ),
    Ready(
        "Which problems were never solved?",
        f"""SELECT r.problem_id, any_value(q.question) AS question, any_value(q.answer) AS answer,
    count(*) AS responses
FROM {_TRAINING}
{_JUDGED}
JOIN problems q ON q.id = r.problem_id
WHERE i.run_id = $run
GROUP BY r.problem_id HAVING NOT bool_or(v.correct)
ORDER BY responses DESC, r.problem_id LIMIT 200""",
    ),
    Ready(
        "Which wrong answers come again and again?",
        f"""SELECT r.problem_id, any_value(q.answer) AS reference, v.predicted AS answer,
    count(*) AS times
FROM {_TRAINING}
{_JUDGED}
JOIN problems q ON q.id = r.problem_id
WHERE i.run_id = $run AND NOT v.correct AND v.predicted IS NOT NULL
GROUP BY r.problem_id, v.predicted HAVING count(*) > 1
ORDER BY times DESC, r.problem_id LIMIT 200""",
    ),
    Ready(
        "Why were responses wrong?",
        f"""SELECT v.status, count(*) AS responses
FROM {_TRAINING}
{_JUDGED}
WHERE i.run_id = $run AND i.iteration = $iteration
GROUP BY ALL ORDER BY responses DESC""",
        "status",
        "responses",
        "bar",
    ),
    Ready(
        "Are wrong responses longer than right ones?",
        f"""SELECT CASE WHEN v.correct THEN 'right' ELSE 'wrong' END AS verdict,
    count(*) AS responses, avg(r.n_tokens) AS mean_tokens, median(r.n_tokens) AS median_tokens,
    avg((r.finish_reason = 'length')::INT) AS share_cut
FROM {_TRAINING}
{_JUDGED}
WHERE i.run_id = $run
GROUP BY ALL ORDER BY ALL""",
        "verdict",
        "mean_tokens",
        "bar",
    ),
    Ready(
        "Does the process reward tell right from wrong?",
        f"""SELECT round(c.reward, 1) AS reward, count(*) AS responses,
    avg(v.correct::INT) AS accuracy
FROM {_TRAINING}
{_JUDGED}
JOIN step_scores c ON (c.set_id, c.problem_id, c.idx) = (r.set_id, r.problem_id, r.idx)
    AND c.prm_id = (SELECT prm_id FROM runs WHERE id = $run)
WHERE i.run_id = $run AND c.reward IS NOT NULL
GROUP BY ALL ORDER BY ALL""",
        "reward",
        "accuracy",
        "line",
    ),
    Ready(
        "What got which class, and how many further responses?",
        """SELECT iteration, ['inlier', 'boundary', 'outlier'][difficulty + 1] AS class,
    count(*) AS problems, sum(n_more) AS further_responses
FROM allocations WHERE run_id = $run
GROUP BY ALL ORDER BY ALL""",
        "class",
        "problems",
        "bar",
    ),
    Ready(
        "Which pairs have rewards closest to each other?",
        """SELECT problem_id, chosen_reward, rejected_reward,
    chosen_reward - rejected_reward AS gap
FROM pairs WHERE run_id = $run AND iteration = $iteration
ORDER BY gap LIMIT 200""",
        "chosen_reward",
        "rejected_reward",
        "dots",
    ),
    Ready(
        "How did the loss go?",
        """SELECT m.step, m.value AS loss
FROM metrics m JOIN jobs j ON j.id = m.job_id
WHERE j.run_id = $run AND j.iteration = $iteration AND m.name = 'loss'
ORDER BY m.step""",
        "step",
        "loss",
        "line",
    ),
    Ready(
        "Where did the time go?",
        """SELECT kind, count(*) AS jobs, sum(busy_s) AS seconds
FROM jobs WHERE run_id = $run
GROUP BY ALL ORDER BY seconds DESC""",
        "kind",
        "seconds",
        "bar",
    ),
    Ready(
        "Which tables and columns are there?",
        """SELECT table_name, column_name, data_type
FROM duckdb_columns() WHERE NOT internal
ORDER BY table_name, column_index""",
    ),
)
