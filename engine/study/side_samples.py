"""Side samples: responses drawn to decide something, counted in the budget, never paired. Tuning
and calibration order them.
"""

from dataclasses import dataclass

from engine import store
from engine.errors import ConfigError
from engine.method.seeds import stable_hash
from engine.study.handle import Iteration
from engine.study.sample_sets import make_known, sample_set
from engine.types import Purpose, SamplingSettings


@dataclass(frozen=True, slots=True)
class SideOrder:
    """n responses to each of some of an iteration's problems, in one sample set."""

    set_id: str
    problem_ids: list[str]
    n: int


def place_order(
    it: Iteration,
    *,
    purpose: Purpose,
    settings: SamplingSettings,
    n_problems: int,
    n: int,
) -> SideOrder:
    """Note that an iteration wants these responses; what is noted already stays.

    The problems are the first n_problems in an order that depends on the run's seed, the iteration
    and the purpose alone, so a larger order contains a smaller one.

    Raises: ConfigError if the iteration is committed, or has fewer problems.
    """
    if store.commits.find(it):
        raise ConfigError(
            f"Iteration {it.number} is committed: its budget is bound. Fork the run to {purpose}"
            " first."
        )
    config = it.config
    ids = list(store.problems.of_run(it.db, it.run_id, "train", it.number))
    if not 1 <= n_problems <= len(ids):
        raise ConfigError(
            f"n_problems is {n_problems}: the iteration has {len(ids)} problems to {purpose} on."
            f" Choose 1 to {len(ids)}."
        )
    chosen = sorted(ids, key=lambda id: stable_hash(config.seed, purpose, it.number, id))[
        :n_problems
    ]
    samples = sample_set(
        policy_id=it.row.policy_id,
        purpose=purpose,
        iteration=it.number,
        seed=config.seed,
        settings=settings,
        sampler=config.sampling.sampler,
        graded=config.extraction().key(),
    )
    with it.db.transaction():
        make_known(it.db, samples)
        store.side_samples.add(it, samples.id, chosen, n)
    return SideOrder(samples.id, chosen, n)
