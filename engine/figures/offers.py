"""What each strategy would buy with the rest of an iteration's budget, before a token is spent."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from engine.config import RunConfig
from engine.method.difficulty import classify
from engine.method.posterior import expected_pairs, posterior_shapes
from engine.method.strategies import Presampled, strategies
from engine.store import Database, reads
from engine.store.reads import Estimates
from engine.study import plans, runs
from engine.types import Difficulty, Mode


@dataclass(frozen=True, slots=True)
class Offer:
    """One strategy over the pre-samples as they are."""

    strategy: str
    mode: Mode
    label: str
    n_responses: dict[str, int]
    """Further responses by class."""
    n_unspent: int
    n_covered: int
    """Problems that may give pairs and have responses of both kinds already, or get more."""
    expected_pairs: float
    """Over pre-samples and further responses of the problems that may give pairs, by the posterior
    of the pass rate.
    """
    n_foregone: int
    """Pairs that pre-samples of the other problems would have given."""
    n_tokens: float
    """Expected, at each problem's mean length so far."""
    minutes: float | None
    """At the rate measured while pre-sampling; None before there is one."""


def offers(
    db: Database,
    run_id: str,
    iteration: int,
    *,
    tau_l: float,
    tau_h: float,
    mode: Mode,
    options: Mapping[str, Any] | None = None,
) -> list[Offer]:
    """Every strategy at these thresholds, then the Boundary by each single signal. In rounds
    nothing is simulated: one go is offered.

    Args:
        options: of the strategies that have them, by strategy name; what is left out has its
            default.

    Raises: ConfigError for thresholds that cannot be used.
    """
    config, e = runs.config_of(db, run_id), reads.estimates(db, run_id, iteration)
    measured = reads.token_rates(db, run_id, iteration)
    tokens = dict(
        zip(measured["problem_id"].astype(str).tolist(), measured["mean_tokens"].tolist())
    )
    lengths = np.array([tokens.get(id, 0.0) for id in e.problem_ids.tolist()])
    rate = reads.presample_rate(db, run_id, iteration)
    alpha, beta, _ = (
        posterior_shapes(e.n_correct, e.n, e.phi_r) if len(e.n) else (e.phi_r, e.phi_r, False)
    )
    found = []
    for name, used_mode, label in choices(config, mode):
        classes = classify(e.n_correct, e.n, e.phi_r, tau_l=tau_l, tau_h=tau_h, mode=used_mode)
        seen = plans.view(
            db,
            config,
            run_id,
            iteration,
            e,
            classes,
            strategy=name,
            options=(options or {}).get(name),
        )
        found.append(
            _offer(
                replace(seen, budget=seen.budget_left),
                name,
                used_mode,
                label,
                e,
                (alpha, beta),
                lengths,
                rate,
            )
        )
    return found


def choices(config: RunConfig, mode: Mode) -> list[tuple[str, Mode, str]]:
    """(strategy, mode, label) of everything that is offered: all strategies, then the Boundary by
    each single signal.
    """
    named = [(s.name, mode, s.label) for s in strategies().values()]
    if config.reward.family == "none":
        return named
    return [
        *named,
        ("boundary", "accuracy", "Boundary, accuracy only"),
        ("boundary", "reward", "Boundary, reward only"),
    ]


def _offer(
    seen: Presampled,
    name: str,
    mode: Mode,
    label: str,
    e: Estimates,
    shapes: tuple,
    lengths: np.ndarray,
    rate: float | None,
) -> Offer:
    out = strategies()[name].spread(seen)
    n_more, pool = out.n_more, out.in_pool
    is_mixed = (e.n_correct > 0) & (e.n_correct < e.n)
    pairs_now = np.minimum(e.n_correct, e.n - e.n_correct)
    n_tokens = float((n_more * lengths).sum())
    return Offer(
        strategy=name,
        mode=mode,
        label=label,
        n_responses={d.name.lower(): int(n_more[seen.difficulty == d].sum()) for d in Difficulty},
        n_unspent=seen.budget_left - int(n_more.sum()),
        n_covered=int((pool & (is_mixed | (n_more > 0))).sum()),
        expected_pairs=float(expected_pairs(*shapes, e.n_correct, e.n, n_more)[pool].sum())
        if len(n_more)
        else 0.0,
        n_foregone=int(pairs_now[~pool].sum()),
        n_tokens=n_tokens,
        minutes=n_tokens / rate / 60 if rate else None,
    )
