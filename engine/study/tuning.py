"""B-STaR's tuning: temperature and tau of an iteration, chosen by the balance score on a subset of
its problems.

Follows B-STaR, docs/method.md, section 2. What is chosen here changes the iteration's pre-samples,
so it comes before them.
"""

from dataclasses import dataclass, replace

import numpy as np

from engine.errors import ConfigError
from engine.method.metrics import n_star
from engine.method.tuning import balance_by_tau, best_cell
from engine.store import Database, now, reads, side_reads
from engine.study import runs
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


def order(db: Database, run_id: str, iteration: int) -> list[SideOrder]:
    """Ask for the responses that the grid needs, one sample set per temperature. Raises:
    ConfigError.
    """
    config = runs.config_of(db, run_id)
    t = config.tuning
    return [
        place_order(
            db,
            run_id,
            iteration,
            purpose=Purpose.TUNE,
            n_problems=t.n_problems,
            n=t.n,
            settings=replace(config.train_settings(), temperature=temperature),
        )
        for temperature in t.temperatures
    ]


def grid(db: Database, run_id: str, iteration: int) -> Grid | None:
    """The scores over the grid; None until every response of it is drawn, graded and scored."""
    config = runs.config_of(db, run_id)
    t = config.tuning
    rows = side_reads.side_responses(db, run_id, iteration, Purpose.TUNE)
    if len(rows) < t.n_problems * t.n * len(t.temperatures):
        return None
    wanted = n_star(
        t.n_wanted or config.problems.n_train * config.sampling.n // 2, config.problems.n_train
    )
    temperatures, taus = tuple(sorted(t.temperatures)), tuple(sorted(t.taus))
    balance = np.array(
        [
            _row([r for r in rows if r["temperature"] == temp], taus, t.n_problems, wanted)
            for temp in temperatures
        ]
    )
    row, column = best_cell(balance)
    return Grid(temperatures, taus, balance, wanted, (temperatures[row], taus[column]))


def adopt(
    db: Database, run_id: str, iteration: int, temperature: float, tau: float, *, made_by: str
) -> None:
    """Sample the iteration at this temperature and keep what is rewarded above tau. It never
    changes again.

    Raises: ConfigError if something was adopted, or the pre-samples were begun.
    """
    config, row = runs.config_of(db, run_id), reads.iteration(db, run_id, iteration)
    if reads.tuning(db, run_id, iteration):
        raise ConfigError(
            f"Iteration {iteration} is tuned already. To try other values, begin a new run."
        )
    settings = replace(config.train_settings(), temperature=temperature)
    with db.transaction() as cursor:
        runs.set_training_sets(db, run_id, row, settings)
        cursor.execute(
            "INSERT INTO tunings VALUES (?, ?, ?, ?, ?, ?)",
            [run_id, iteration, temperature, tau, made_by, now()],
        )


def _row(rows: list[dict], taus: tuple[float, ...], n_problems: int, wanted: int) -> np.ndarray:
    """The scores of one temperature. A response that the reward model refused is never kept."""
    scored = [r for r in rows if r["reward"] is not None]
    ids, texts, correct, rewards = (
        [r[name] for r in scored] for name in ("problem_id", "text", "correct", "reward")
    )
    return balance_by_tau(
        ids, texts, correct, rewards, n_problems=n_problems, n_star=wanted, taus=taus
    )
