"""B-STaR's tuning: temperature and tau of an iteration, chosen by the balance score on a subset of
its problems.

Follows B-STaR, docs/method.md, section 2. What is chosen here changes the iteration's pre-samples,
so it comes before them.
"""

from dataclasses import dataclass, replace

import numpy as np

from engine import store
from engine.errors import ConfigError
from engine.method.metrics import n_star
from engine.method.tuning import balance_by_tau, best_cell
from engine.store.side_samples import SideResponse
from engine.study.handle import Iteration
from engine.study.runs import set_training_sets
from engine.study.side_samples import SideOrder, place_order
from engine.types import Purpose


@dataclass(frozen=True, slots=True)
class Grid:
    """Mean balance score by temperature and tau."""

    temperatures: tuple[float, ...]
    taus: tuple[float, ...]
    balance: np.ndarray
    """float in [0, 1], shape (temperatures, taus)."""
    n_star: int
    best: tuple[float, float]
    """(temperature, tau) of the highest score."""


def order(it: Iteration) -> list[SideOrder]:
    """Ask for the responses that the grid needs, one sample set per temperature. Raises:
    ConfigError.
    """
    config = it.config
    t = config.tuning
    return [
        place_order(
            it,
            purpose=Purpose.TUNE,
            n_problems=t.n_problems,
            n=t.n,
            settings=replace(config.train_settings(), temperature=temperature),
        )
        for temperature in t.temperatures
    ]


def grid(it: Iteration) -> Grid | None:
    """The scores over the grid; None until every response of it is drawn, graded and scored."""
    config = it.config
    t = config.tuning
    rows = store.side_samples.responses(it, Purpose.TUNE)
    if len(rows) < t.n_problems * t.n * len(t.temperatures):
        return None
    wanted = n_star(
        t.n_wanted or config.problems.n_train * config.sampling.n // 2, config.problems.n_train
    )
    temperatures, taus = tuple(sorted(t.temperatures)), tuple(sorted(t.taus))
    balance = np.array(
        [
            _row([r for r in rows if r.temperature == temp], taus, t.n_problems, wanted)
            for temp in temperatures
        ]
    )
    row, column = best_cell(balance)
    return Grid(temperatures, taus, balance, wanted, (temperatures[row], taus[column]))


def adopt(it: Iteration, temperature: float, tau: float, *, made_by: str) -> None:
    """Sample the iteration at this temperature and keep what is rewarded above tau. It never
    changes again.

    Raises: ConfigError if something was adopted, or the pre-samples were begun.
    """
    if store.runs.tuning(it):
        raise ConfigError(
            f"Iteration {it.number} is tuned already. To try other values, begin a new run."
        )
    settings = replace(it.config.train_settings(), temperature=temperature)
    with it.db.transaction():
        set_training_sets(it, settings)
        store.runs.add_tuning(it, temperature, tau, made_by)


def _row(
    rows: list[SideResponse], taus: tuple[float, ...], n_problems: int, wanted: int
) -> np.ndarray:
    """The scores of one temperature. A response that the reward model refused is never kept."""
    scored = [(r, r.reward) for r in rows if r.reward is not None]
    return balance_by_tau(
        [r.problem_id for r, _ in scored],
        [r.text for r, _ in scored],
        [r.correct for r, _ in scored],
        [reward for _, reward in scored],
        n_problems=n_problems,
        n_star=wanted,
        taus=taus,
    )
