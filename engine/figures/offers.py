"""What each strategy would buy with the rest of an iteration's budget, before a token is spent."""

from dataclasses import dataclass, replace

import numpy as np

from engine import store
from engine.config import RunConfig
from engine.method.posterior import expected_pairs, posterior_shapes
from engine.method.scale import Scale
from engine.method.strategies import Group, spread, strategies
from engine.store.samples import Estimates
from engine.study import plans
from engine.study.handle import Iteration
from engine.study.thresholds import scale_at
from engine.types import Choice, Difficulty, Mode

GRID = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
"""Quantiles of each outer strip that are tried as thresholds."""
TIE = 0.05
"""Expected pairs that are no difference."""


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
    it: Iteration,
    *,
    tau_l: float,
    tau_h: float,
    mode: Mode,
    own: Choice | None = None,
    group: Group | None = None,
) -> list[Offer]:
    """Every strategy at these thresholds and this mode, then the Boundary by each single signal. In
    rounds nothing is simulated: one go is offered. The configured strategy has its configured
    options, the others their defaults.

    Args:
        group: only the strategies of this group; None for all.
        own: a choice whose strategy has that choice's options instead.

    Raises: ConfigError for thresholds that cannot be used.
    """
    seen = _seen(it)
    given = {own.strategy: own.options} if own else {}
    return [
        _offer(it, seen, Choice(tau_l, tau_h, by, name, given.get(name)), label=label)
        for name, by, label in offered(it.config, mode)
        if group in (None, strategies()[name].group)
    ]


def offer(it: Iteration, choice: Choice, *, side: int = 0) -> Offer:
    """What one choice would buy, as offers says it of all.

    Args:
        side: responses of the budget that something else would take first, such as a calibration.

    Raises: ConfigError for thresholds that cannot be used, or a budget that is used up.
    """
    return _offer(it, _seen(it), choice, label=strategies()[choice.strategy].label, side=side)


def most_pairs(it: Iteration, choice: Choice) -> tuple[Choice, Offer]:
    """The thresholds, on a grid over each outer strip, of which most pairs are expected with this
    mode and strategy. Ties go to the widest Boundary: the lowest tau_l, then the highest tau_h.

    Raises: ConfigError as offer does.

    Source: ours.
    """
    seen, label = _seen(it), strategies()[choice.strategy].label
    e = seen.e
    low, high = e.phi_r[e.n_correct == 0], e.phi_r[e.n_correct == e.n]
    best: tuple[Choice, Offer] | None = None
    scale = scale_at(it, e)
    for tau_l in _grid(low, scale.low, scale):
        for tau_h in _grid(high, scale.high, scale)[::-1]:
            if tau_l <= tau_h:
                tried = replace(choice, tau_l=tau_l, tau_h=tau_h)
                bought = _offer(it, seen, tried, label=label)
                if best is None or bought.expected_pairs > best[1].expected_pairs + TIE:
                    best = tried, bought
    assert best is not None, "the outermost thresholds fit always"
    return best


def _grid(values: np.ndarray, end: float, scale: Scale) -> list[float]:
    """Quantiles of a strip and its open end, rising."""
    known = np.quantile(values, GRID) if len(values) else np.empty(0)
    return sorted({scale.within(float(v)) for v in [*known, end]})


@dataclass(frozen=True, slots=True)
class _Seen:
    """What every choice of an iteration is weighed by, read once."""

    e: Estimates
    shapes: tuple[np.ndarray, np.ndarray]
    lengths: np.ndarray
    rate: float | None


def _seen(it: Iteration) -> _Seen:
    e = store.samples.estimates(it)
    has_any = len(e.n) > 0
    alpha, beta, _ = posterior_shapes(e.n_correct, e.n, e.phi_r) if has_any else (e.n, e.n, False)
    return _Seen(e, (alpha, beta), _lengths(it, e), store.presamples.rate(it))


def _lengths(it: Iteration, e: Estimates) -> np.ndarray:
    """Mean tokens of each problem's pre-samples, float, shape (P,)."""
    measured = store.presamples.token_rates(it)
    ids, means = measured["problem_id"].astype(str).tolist(), measured["mean_tokens"].tolist()
    tokens = dict(zip(ids, means))
    return np.array([tokens.get(id, 0.0) for id in e.problem_ids.tolist()])


def offered(config: RunConfig, mode: Mode) -> list[tuple[str, Mode, str]]:
    """(strategy, mode, label) of everything that is offered: all strategies, then the Boundary by
    each single signal.
    """
    named: list[tuple[str, Mode, str]] = [(s.name, mode, s.label) for s in strategies().values()]
    if not config.has_rewards:
        return named
    return [
        *named,
        ("boundary", "accuracy", "Boundary, accuracy only"),
        ("boundary", "reward", "Boundary, reward only"),
    ]


def _offer(it: Iteration, seen: _Seen, choice: Choice, *, label: str, side: int = 0) -> Offer:
    e, mode = seen.e, choice.mode
    view = plans.view(
        it, e, plans.classes(it, e, choice), strategy=choice.strategy, options=choice.options
    )
    at_once = replace(view, budget=max(view.budget_left - side, 0))
    out = spread(choice.strategy, at_once)
    n_more, pool = out.n_more, out.in_pool
    is_mixed = (e.n_correct > 0) & (e.n_correct < e.n)
    pairs_now = np.minimum(e.n_correct, e.n - e.n_correct)
    n_tokens = float((n_more * seen.lengths).sum())
    return Offer(
        strategy=choice.strategy,
        mode=mode,
        label=label,
        n_responses={d.name.lower(): int(n_more[view.difficulty == d].sum()) for d in Difficulty},
        n_unspent=view.budget_left - int(n_more.sum()),
        n_covered=int((pool & (is_mixed | (n_more > 0))).sum()),
        expected_pairs=float(expected_pairs(*seen.shapes, e.n_correct, e.n, n_more)[pool].sum())
        if len(n_more)
        else 0.0,
        n_foregone=int(pairs_now[~pool].sum()),
        n_tokens=n_tokens,
        minutes=n_tokens / seen.rate / 60 if seen.rate else None,
    )
