"""The arena at scale: ten rules on a million made-up responses, CPU seconds and peak memory, each
shape a process of its own.

    python -m benchmarks arena

16 plays at 5 responses per problem (6 of the wide one's 32), intervals from 200 resamples of
problems. What a recording of that size costs to read is in the table `data`.
"""

import sys

import numpy as np

from benchmarks.rows import Row, alone
from benchmarks.scale import cost_of
from engine.headless.arena import arena
from engine.method.arena import Contender, Recording, Rules, recording_of

SHAPES = ((125_000, 8), (31_250, 32))
"""Problems, and responses to each."""
RULES = (
    "boundary",
    "uniform",
    "lookahead",
    "posterior",
    "knapsack",
    "coba",
    "vip",
    "cero",
    "vigor",
    "reinforce_ada",
)
PER_PROBLEM = 5.0
N_PLAYS = 16
N_RESAMPLES = 200


def measure() -> list[Row]:
    """Raises: RuntimeError with the end of what a child printed, where it fails."""
    rows = []
    for n_problems, n_each in SHAPES:
        cost = cost_of(["-m", "benchmarks.arena", str(n_problems), str(n_each)])
        name = f"arena: {len(RULES)} rules, {n_problems:,} x {n_each}"
        rows += [alone(f"{name}, CPU", [cost.cpu_s], "s")]
        rows += [alone(f"{name}, peak", [cost.peak_mib], "MiB")]
    return rows


def made_up(n_problems: int, n_each: int) -> Recording:
    """Seeded responses of problems whose pass rates are many at the ends, with rewards that follow
    the verdicts, and texts that repeat.
    """
    rng = np.random.default_rng(0)
    shape = n_problems, n_each
    correct = rng.random(shape) < rng.beta(0.4, 0.6, n_problems)[:, None]
    reward = np.clip(0.25 + 0.5 * correct + rng.normal(0, 0.2, shape), 0, 1)
    text = rng.geometric(0.1, shape)
    ids = np.repeat(np.arange(n_problems), n_each)
    names = [f"{at:016x}" for at in range(n_problems)]
    return recording_of(names, ids, correct.ravel(), reward.ravel(), text.ravel())


def _play(n_problems: int, n_each: int) -> None:
    rules = Rules(n_presample=3, tau_l=0.25, tau_h=0.65, n_plays=N_PLAYS)
    contenders = [Contender(name) for name in RULES]
    recording = made_up(n_problems, n_each)
    rows = arena(
        "made up", recording, contenders, [PER_PROBLEM], rules, n_resamples=N_RESAMPLES, say=print
    )
    for row in rows:
        print(f"{row.rule}: {row.distinct.value:,.0f} distinct pairs")


if __name__ == "__main__":
    _play(int(sys.argv[1]), int(sys.argv[2]))
