"""Which problems the next iteration draws, from what the iterations so far saw of them.

"fresh" (never used ones) and "fixed" (the same ones) need no history and are not here. Each
selector is a pure function of the visits: what it would have remembered is worked out again.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.method.reach import highest_rate
from engine.method.seeds import stable_hash

GRESO_STEP, GRESO_FLOOR, GRESO_TARGETS = 0.01, 0.01, (0.25 / 3, 0.5 / 3)
"""By how much a base moves, the least chance to be drawn, and the wanted shares of drawn problems
that are all right and all wrong: 1 to 2 of a quarter.
"""
ADARFT_STEP, ADARFT_SHARPNESS, ADARFT_END = 50.0, 2.0, 100.0
"""eta, alpha, and d_max as in the authors' script; d_min is 0, and so is the start, from memory."""
ADASTAR_POWER = 2


@dataclass(frozen=True, slots=True)
class Visits:
    """What T iterations saw of a run's P training problems, in the run's order."""

    problem_ids: list[str]
    n_correct: np.ndarray
    """int, shape (T, P): right pre-samples."""
    n: np.ndarray
    """int, shape (T, P): pre-samples; 0 where an iteration did not draw the problem."""
    level: np.ndarray
    """float, shape (P,): how hard problems are said to be; NaN where nothing is said."""
    is_trained: np.ndarray
    """bool, shape (T,): whether an iteration's training gave another policy."""
    accuracy: np.ndarray
    """float, shape (T + 1,): held-out accuracy of the policies M_0 … M_T; NaN where it is not
    measured.
    """

    @property
    def last(self) -> np.ndarray:
        """The last iteration that drew each problem, int, shape (P,); -1 for none."""
        numbers = np.arange(1, len(self.n) + 1)[:, None]
        return (numbers * (self.n > 0)).max(axis=0, initial=0) - 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """How many problems, and what a selector may be told."""

    n: int
    seed: int
    target_rate: float = 0.5
    memory: float = 0.5
    revisit_share: float = 0.5
    least_change: float = 0.05


def adastar(visits: Visits, wanted: Wanted) -> np.ndarray:
    """Longest unseen first, of those the least often solved. Only the first part of an iteration's
    problems counts as seen, as many as the square of its accuracy says: a weak policy sees easy
    ones again.

    Departures: accuracy is that of the pre-samples, and so is a problem's win rate; whoever was
    never drawn counts as never solved.

    Source: AdaSTaR, arXiv 2505.16322; utils_adastar.py, device_inference_adastar_new_square.py.
    """
    p = len(visits.problem_ids)
    seen_at, rate = np.full(p, -1), np.zeros(p)
    for t, (n_correct, n) in enumerate(zip(visits.n_correct, visits.n)):
        drawn = np.flatnonzero(n)
        ordered = drawn[np.lexsort((rate[drawn], seen_at[drawn]))]
        accuracy = n_correct.sum() / max(n.sum(), 1)
        counted = ordered[: round(len(drawn) * accuracy**ADASTAR_POWER)]
        seen_at[counted], rate[counted] = t, n_correct[counted] / n[counted]
    return np.lexsort((rate, seen_at))[: wanted.n]


def mopps(visits: Visits, wanted: Wanted) -> np.ndarray:
    """A pass rate is drawn from each problem's Beta, which forgets; those nearest the target come.

    Departures: the authors' code adds a constant 8 in place of the counts where a problem has one
    response, by the binding of a conditional: here counts are added. It chooses among a batch of
    candidates; here all of the run's problems are candidates. The default of memory is ours.

    Source: MoPPS, arXiv 2507.04632; recipe/mopps/mopps.py ("topk").
    """
    alpha = np.ones(len(visits.problem_ids))
    beta = np.ones(len(alpha))
    keep = wanted.memory
    for n_correct, n in zip(visits.n_correct, visits.n):
        drawn = n > 0
        alpha[drawn] = keep * alpha[drawn] + (1 - keep) + n_correct[drawn]
        beta[drawn] = keep * beta[drawn] + (1 - keep) + (n - n_correct)[drawn]
    rng = np.random.default_rng(stable_hash(wanted.seed, "mopps", len(visits.n)))
    rates = rng.beta(alpha, beta)
    return np.argsort(np.abs(rates - wanted.target_rate), kind="stable")[: wanted.n]


def greso(visits: Visits, wanted: Wanted) -> np.ndarray:
    """In a new order every time, skipping a problem that was all right, or all wrong, z times in a
    row with the chance 1 - max(p^z, .01). p of either kind falls where an iteration drew more of
    them than wanted, and rises where fewer.

    Departures: p moves once per iteration, not per step. Where too few are left, skipped ones come
    in their order. The start of p is ours.

    Source: GRESO, arXiv 2506.02177; verl/trainer/ttis and ray_trainer.py.
    """
    p = len(visits.problem_ids)
    chance, bases, runs = np.ones(p), [0.5, 0.5], np.zeros((2, p), dtype=np.int64)
    for n_correct, n in zip(visits.n_correct, visits.n):
        drawn = n > 0
        for kind, is_kind in enumerate((n_correct == n, n_correct == 0)):
            runs[kind] = np.where(drawn, (runs[kind] + 1) * is_kind, runs[kind])
            share = (is_kind & drawn).sum() / max(drawn.sum(), 1)
            step = -GRESO_STEP if share > GRESO_TARGETS[kind] else GRESO_STEP
            bases[kind] = min(max(bases[kind] + step, GRESO_STEP), 1.0)
    for kind in (0, 1):
        fallen = np.maximum(bases[kind] ** runs[kind], GRESO_FLOOR)
        chance = np.where(runs[kind] > 0, fallen, chance)
    rng = np.random.default_rng(stable_hash(wanted.seed, "greso", len(visits.n)))
    order = rng.permutation(p)
    is_skipped = rng.random(p) >= chance
    return order[np.argsort(is_skipped[order], kind="stable")][: wanted.n]


def adarft(visits: Visits, wanted: Wanted) -> np.ndarray:
    """Problems whose level, from 0 to 100, is nearest a target that rises while the policy solves
    more than target_rate and falls while it solves less; of equal ones by seed.

    Departure: the target moves once per iteration. That it starts at 0 is from memory.

    Source: AdaRFT, arXiv 2504.05520; verl/trainer/ppo/ray_trainer.py. Its constants: verl,
    recipe/adarft/run_adarft.sh.
    """
    low, high = np.nanmin(visits.level), np.nanmax(visits.level)
    difficulty = ADARFT_END * (visits.level - low) / max(high - low, 1e-12)
    target = 0.0
    for n_correct, n in zip(visits.n_correct, visits.n):
        ahead = n_correct.sum() / max(n.sum(), 1) - wanted.target_rate
        moved = target + ADARFT_STEP * np.tanh(ADARFT_SHARPNESS * ahead)
        target = float(np.clip(moved, 0.0, ADARFT_END))
    rng = np.random.default_rng(stable_hash(wanted.seed, "adarft", len(visits.n)))
    luck = rng.permutation(len(difficulty))
    return np.lexsort((luck, np.abs(difficulty - target)))[: wanted.n]


def pools(visits: Visits, wanted: Wanted) -> np.ndarray:
    """Fresh problems, and up to revisit_share of old ones: first the deferred, which were all
    wrong, once training has given another policy, those whose pass rate may be highest first; then
    the retired, which were all right, once held-out accuracy has changed by least_change since.
    Without fresh ones the others come, longest unseen first.

    Source: ours; deferring and retiring as in Pilot-Commit, arXiv 2605.26606.
    """
    last, rows = visits.last, np.arange(len(visits.problem_ids))
    at = np.maximum(last, 0)
    if not len(visits.n):
        return rows[: wanted.n]
    n_correct, n = visits.n_correct[at, rows], visits.n[at, rows]
    trained = np.append(visits.is_trained[::-1].cumsum()[::-1], 0)[at] > 0
    moved = np.abs(_latest(visits.accuracy) - visits.accuracy)[at]
    is_old = last >= 0
    is_deferred = is_old & (n_correct == 0) & trained
    is_retired = is_old & (n_correct == n) & (moved >= wanted.least_change)
    limit = highest_rate(np.where(visits.n_correct.any(axis=0), 0, visits.n.sum(axis=0)))
    returning = [np.lexsort((last, -limit)), np.argsort(last, kind="stable")]
    due = [order[of[order]] for order, of in zip(returning, (is_deferred, is_retired))]
    again = np.concatenate(due)[: round(wanted.revisit_share * wanted.n)]
    fresh = rows[~is_old]
    rest = np.setdiff1d(rows[is_old], again)
    rest = rest[np.argsort(last[rest], kind="stable")]
    return np.concatenate([again, fresh, rest])[: wanted.n]


def _latest(accuracy: np.ndarray) -> float:
    """The last one that is measured; NaN where none is."""
    measured = accuracy[~np.isnan(accuracy)]
    return float(measured[-1]) if len(measured) else float("nan")


SELECTORS: dict[str, Callable[[Visits, Wanted], np.ndarray]] = {
    "pools": pools,
    "adastar": adastar,
    "mopps": mopps,
    "greso": greso,
    "adarft": adarft,
}
"""By the name in problems.per_iteration: indices of the chosen problems, int, shape (n,), each
once; fewer where there are fewer.
"""
