"""Strategies: who gets the rest of the sampling budget, and which problems give pairs. One file
each, found by being here.

A module in this folder offers STRATEGIES, a list of Strategy; nothing else has to know it. A
strategy is a pure function of what the pre-samples say. It hands out the whole budget or, where it
has nobody to give to, nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module
from math import isfinite
from pkgutil import iter_modules
from typing import Any, Literal, get_args

import numpy as np

from engine.errors import ConfigError
from engine.method.handing_out import evenly, in_proportion
from engine.method.posterior import mean_and_variance

Group = Literal["paper", "ours", "published"]
"""Whose a strategy is: HS-STaR's, ours beyond it, or published elsewhere."""
UNREACHED = "unreached_share"
"""An option of the rules that can keep a share of the budget for problems that nobody has seen
solved: those without one right response.
"""


@dataclass(frozen=True, slots=True)
class Presampled:
    """What a strategy sees: one entry per classified problem, in any order."""

    problem_ids: list[str]
    n_correct: np.ndarray
    """int, shape (P,): correct ones among the n responses known so far; in the first round these
    are the pre-samples.
    """
    n: np.ndarray
    phi_r: np.ndarray
    """float, shape (P,): process reward of the pre-samples; NaN in a run without one."""
    difficulty: np.ndarray
    """int8, shape (P,): the class as committed."""
    first_n_correct: np.ndarray
    """int, shape (P,): correct ones among the first_n pre-samples of M_0; the same as n_correct in
    the first iteration.
    """
    first_n: np.ndarray
    n_given: np.ndarray
    """int, shape (P,): what earlier rounds gave."""
    budget: int
    """Responses to hand out now."""
    budget_left: int
    """budget, and what later rounds will hand out."""
    seed: int
    options: Mapping[str, Any]
    """The strategy's own options, every one with a value."""
    excluded: frozenset[str] = frozenset()
    """Problems that a person left out of the plan: no strategy is shown them."""
    n_right_texts: np.ndarray | None = None
    """int, shape (P,): different texts among the n_correct; None where they were not compared."""
    n_wrong_texts: np.ndarray | None = None
    """Likewise, among the wrong ones."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A strategy's answer, in the order of the problems it saw."""

    n_more: np.ndarray
    """int, shape (P,), >= 0; sums to the budget, or to 0."""
    in_pool: np.ndarray
    """bool, shape (P,): whether a problem's responses may become pairs."""


@dataclass(frozen=True, slots=True)
class Strategy:
    name: str
    label: str
    about: str
    """One sentence: what it does with the budget."""
    spread: Callable[[Presampled], Spread]
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Its own options with their defaults. n_rounds among them: the budget is handed out in so many
    rounds.
    """
    check: Callable[[Mapping[str, Any]], None] = lambda options: None
    """Raises: ConfigError for an option's value that cannot be used."""
    group: Group = "ours"
    source: str = ""
    """Where the rule was published, in a few words; empty for ours."""
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """The values of those options that are words."""
    reads_texts: bool = False
    """Whether it wants to know how many texts are different: others are not kept waiting."""


@cache
def strategies() -> dict[str, Strategy]:
    """Every strategy by name: the paper's first, ours, then what others published."""
    entries: list[Strategy] = [
        s
        for module in iter_modules(__path__)
        for s in import_module(f"{__name__}.{module.name}").STRATEGIES
    ]
    order = get_args(Group)
    by_group = sorted(entries, key=lambda s: (order.index(s.group), s.name != "boundary"))
    return {s.name: s for s in by_group}


def strategy(name: str) -> Strategy:
    """Raises: ConfigError for a name that is not a strategy."""
    if name not in strategies():
        raise ConfigError(f'difficulty.strategy is "{name}": use one of {", ".join(strategies())}.')
    return strategies()[name]


def rule(
    name: str,
    label: str,
    about: str,
    hand_out: Callable[[Presampled], np.ndarray | Spread],
    options: Mapping[str, Any] | None = None,
    *,
    source: str = "",
    check: Callable[[Mapping[str, Any]], None] = lambda options: None,
    choices: Mapping[str, tuple[str, ...]] | None = None,
    group: Group = "published",
    reads_texts: bool = False,
) -> Strategy:
    """A strategy that may keep a stated share of the budget for unreached problems.

    Args:
        hand_out: further responses of every problem, shape (P,), where every problem may give
            pairs; or a Spread.
    """

    def own(seen: Presampled) -> Spread:
        given = hand_out(seen)
        if isinstance(given, Spread):
            return given
        return Spread(given, np.ones(len(given), dtype=bool))

    def checked(options: Mapping[str, Any]) -> None:
        if not 0 <= options[UNREACHED] <= 1:
            raise ConfigError(
                f"difficulty.options.{UNREACHED} is {options[UNREACHED]}: the share of the budget"
                " that is kept for problems without a right response lies in [0, 1]."
            )
        check(options)

    return Strategy(
        name,
        label,
        about,
        lambda seen: _with_unreached(seen, own),
        {**(options or {}), UNREACHED: 0.0},
        checked,
        group,
        source,
        choices or {},
        reads_texts,
    )


def weighed(
    weights: Callable[[np.ndarray, np.ndarray, Presampled], np.ndarray],
) -> Callable[[Presampled], np.ndarray]:
    """A hand-out in proportion to one weight per problem.

    Args:
        weights: of E[p] and E[p (1 - p)] under the posterior of each pass rate, shape (P,) each,
            and of all that is seen: floats >= 0, shape (P,).
    """

    def hand_out(seen: Presampled) -> np.ndarray:
        mean, variance = mean_and_variance(seen.n_correct, seen.n, seen.phi_r)
        own = weights(mean, variance, seen)
        return in_proportion(seen.budget, own, seen.problem_ids, seed=seen.seed)

    return hand_out


def even_among(seen: Presampled, wanted: np.ndarray) -> Spread:
    """The budget evenly over some problems; the others give no pairs either."""
    return Spread(evenly(seen.budget, wanted, seen.problem_ids, seed=seen.seed), wanted)


def require_positive(options: Mapping[str, Any], *names: str) -> None:
    """Raises: ConfigError for an option that is not above 0."""
    for name in names:
        if options[name] <= 0:
            raise ConfigError(f"difficulty.options.{name} is {options[name]}: it must be above 0.")


def _with_unreached(seen: Presampled, own: Callable[[Presampled], Spread]) -> Spread:
    """A stated share evenly to the problems without a right response, the rest as the rule has it;
    all as the rule has it where there is no such problem, and the share to all where the rule has
    nobody to give to but keeps one.
    """
    unreached = np.asarray(seen.n_correct) == 0
    reserved = round(seen.options[UNREACHED] * seen.budget) if unreached.any() else 0
    own_part = {
        "budget": seen.budget - reserved,
        "budget_left": seen.budget_left - reserved,
    }
    given = own(replace(seen, **own_part))
    if not reserved:
        return given
    if reserved < seen.budget and not given.n_more.any():
        reserved = seen.budget
    extra = evenly(reserved, unreached, seen.problem_ids, seed=seen.seed)
    return Spread(given.n_more + extra, given.in_pool | unreached)


def spread(name: str, seen: Presampled) -> Spread:
    """What a strategy hands out, in the order of all problems: those that are excluded get nothing
    and give no pairs.

    Raises: ConfigError for an unknown strategy.
    """
    chosen = strategy(name)
    if not seen.excluded:
        return chosen.spread(seen)
    is_in = np.array([id not in seen.excluded for id in seen.problem_ids], dtype=bool)
    columns = ("n_correct", "n", "phi_r", "difficulty", "first_n_correct", "first_n", "n_given")
    ids = [id for id in seen.problem_ids if id not in seen.excluded]
    rest = {column: getattr(seen, column)[is_in] for column in columns}
    for texts in ("n_right_texts", "n_wrong_texts"):
        counted = getattr(seen, texts)
        rest[texts] = None if counted is None else counted[is_in]
    own = chosen.spread(replace(seen, problem_ids=ids, excluded=frozenset(), **rest))
    whole = Spread(np.zeros(len(is_in), dtype=np.int64), np.zeros(len(is_in), dtype=bool))
    whole.n_more[is_in], whole.in_pool[is_in] = own.n_more, own.in_pool
    return whole


def options_of(name: str, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A strategy's options with what is given in place of its defaults.

    Raises: ConfigError for an unknown strategy or option, or a value that cannot be used.
    """
    chosen, given = strategy(name), dict(given or {})
    for option, value in given.items():
        if option not in chosen.options:
            known = ", ".join(chosen.options) or "none"
            raise ConfigError(
                f"difficulty.options.{option} is not an option of the strategy {name}: it has"
                f" {known}."
            )
        if option in chosen.choices:
            _check_choice(option, value, chosen.choices[option])
        else:
            _check_type(option, value, chosen.options[option])
    options = {**chosen.options, **given}
    n_rounds = options.get("n_rounds", 1)
    if n_rounds < 1:
        raise ConfigError(
            f"difficulty.options.n_rounds is {n_rounds}: the budget is handed out in 1 round or"
            " more."
        )
    chosen.check(options)
    return options


def _is_number(value: object, kind: type) -> bool:
    """Whether it is a finite number of this kind, which a whole number always is."""
    return type(value) is int or (kind is float and isinstance(value, float) and isfinite(value))


def _check_choice(option: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ConfigError(
            f"difficulty.options.{option} is {value!r}: use one of {', '.join(allowed)}."
        )


def _check_type(
    option: str, value: float | str | Sequence[float], default: float | tuple[float, ...]
) -> None:
    if isinstance(default, tuple):
        listed = list(value) if isinstance(value, list | tuple) else []
        fits = len(listed) == len(default) and all(_is_number(one, float) for one in listed)
        wanted = f"a list of {len(default)} numbers"
    else:
        fits = _is_number(value, type(default))
        wanted = "a whole number" if type(default) is int else "a number"
    if not fits:
        raise ConfigError(
            f"difficulty.options.{option} is {value!r}: it must be {wanted}, such as {default}."
        )
