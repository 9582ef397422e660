"""How far an iteration is: what engine.walk.next_phase decides on, read from the store."""

from engine import store
from engine.config.backends import draws_itself
from engine.study.handle import Iteration
from engine.study.training_rows import n_training_rows
from engine.walk import Progress


def progress(it: Iteration) -> Progress:
    """What of an iteration is stored. Raises: ConfigError for an unknown run or iteration."""
    n_presamples = it.config.problems.n_train * it.config.sampling.n_presample
    draws = draws_itself(it.config.training.method)
    is_committed = store.commits.find(it) is not None
    return Progress(
        tuned=is_tuned(it),
        presampled=store.samples.n_judged(it, it.row.presample_set, it.run.prm_id) >= n_presamples,
        committed=is_committed,
        resampled=is_committed if draws else store.pairs.find_set(it) is not None,
        n_rows=n_training_rows(it),
        next_policy=store.runs.next_policy(it),
    )


def is_tuned(it: Iteration) -> bool:
    """Whether the iteration's settings are bound, because they were tuned or because nothing is to
    be tuned.
    """
    return it.config.tuning.n_problems == 0 or store.runs.tuning(it) is not None
