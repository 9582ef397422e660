"""How many different texts the responses of an iteration's problems have."""

from dataclasses import dataclass

import numpy as np

from engine.store.place import Place
from engine.store.runs import EVERY, RUNS
from engine.store.samples import table_sizes


@dataclass(frozen=True, slots=True)
class TextCounts:
    """Different texts of the problems that have a judged response, in no order."""

    problem_ids: np.ndarray
    n_right: np.ndarray
    """int, shape (P,): different texts of correct responses."""
    n_wrong: np.ndarray


def text_counts(at: Place, *, with_resamples: bool) -> TextCounts:
    """Counted over pre-samples, and over what the plan's rounds drew where that is wanted."""
    asked = "text_counts", *at.key, with_resamples
    return at.db.remembered(asked, table_sizes(at.db), lambda: _text_counts(at, with_resamples))


def _text_counts(at: Place, with_resamples: bool) -> TextCounts:
    columns = at.db.columns(
        f"""SELECT r.problem_id,
            count(DISTINCT r.text) FILTER (v.correct) AS n_right,
            count(DISTINCT r.text) FILTER (NOT v.correct) AS n_wrong
        FROM iterations i
        JOIN {RUNS} runs ON runs.id = i.run_id
        JOIN run_problems p ON p.run_id = i.run_id AND p.iteration IN (i.iteration, {EVERY})
            AND p.role = 'train'
        JOIN responses r ON r.problem_id = p.problem_id AND (
            (r.set_id = i.presample_set AND r.idx < runs.n_presample)
            OR (r.set_id = i.resample_set AND $with_resamples))
        JOIN judged v ON v.set_id = r.set_id AND v.problem_id = r.problem_id AND v.idx = r.idx
        WHERE i.run_id = $run AND i.iteration = $number GROUP BY r.problem_id""",
        {"run": at.run_id, "number": at.number, "with_resamples": with_resamples},
    )
    ids = columns["problem_id"].astype(str)
    return TextCounts(ids, np.asarray(columns["n_right"]), np.asarray(columns["n_wrong"]))
