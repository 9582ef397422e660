"""Side samples: responses drawn to decide something, counted in the budget, never paired. Tuning
and calibration order them.
"""

from dataclasses import dataclass

from engine.errors import ConfigError
from engine.method.seeds import stable_hash
from engine.store import Database, commit_reads, reads
from engine.study import runs
from engine.study.sample_sets import sample_set
from engine.types import Purpose, SamplingSettings


@dataclass(frozen=True, slots=True)
class SideOrder:
    """n responses to each of some of an iteration's problems, in one sample set."""

    set_id: str
    problem_ids: list[str]
    n: int


def place_order(
    db: Database,
    run_id: str,
    iteration: int,
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
    if commit_reads.commit(db, run_id, iteration):
        raise ConfigError(
            f"Iteration {iteration} is committed: its budget is bound. Fork the run to {purpose}"
            " first."
        )
    config, row = runs.config_of(db, run_id), reads.iteration(db, run_id, iteration)
    ids = list(reads.problems(db, run_id, "train", iteration))
    if not 1 <= n_problems <= len(ids):
        raise ConfigError(
            f"n_problems is {n_problems}: the iteration has {len(ids)} problems to {purpose} on."
            f" Choose 1 to {len(ids)}."
        )
    chosen = sorted(ids, key=lambda id: stable_hash(config.seed, purpose, iteration, id))[
        :n_problems
    ]
    samples = sample_set(
        policy_id=row["policy_id"],
        purpose=purpose,
        iteration=iteration,
        seed=config.seed,
        settings=settings,
        sampler=config.sampling.sampler,
    )
    with db.transaction():
        runs.store_set(db, samples)
        columns = {
            "run_id": [run_id] * n_problems,
            "iteration": [iteration] * n_problems,
            "set_id": [samples.id] * n_problems,
            "problem_id": chosen,
            "n": [n] * n_problems,
        }
        db.insert("side_samples", columns, or_ignore=True)
    return SideOrder(samples.id, chosen, n)
