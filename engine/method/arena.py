"""The allocation arena: rules for a sampling budget, each played on the same recorded responses at
the same exact budget.

A play shuffles each problem's responses, takes the first n_p of them as pre-samples, lets a rule
hand out the rest of the budget, and draws what it hands out in that order, as a run would; in
rounds, the rule sees what the round before has drawn. Every rule of a play sees the same order.
Figures are means over plays, so that chance in who comes first is averaged; what is left to chance
is which problems there are, and intervals come from resampling them.

Pure and ours. It reads counts, verdicts, rewards and which texts are equal; no text.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from engine.errors import ConfigError
from engine.method.difficulty import classify
from engine.method.planning import round_budget
from engine.method.seeds import stable_hash
from engine.method.strategies import Presampled, options_of, spread
from engine.types import Mode

METRICS = ("spent", "pairs", "distinct", "covered", "signal", "all_right", "all_wrong", "refused")
"""What is known of each problem behind a play: responses, pairs, pairs of distinct texts, whether
it has a pair, responses times the variance of their verdicts, responses of problems that are all
right, of those that are all wrong, and responses that the rule gave and nobody recorded.
"""


@dataclass(frozen=True, slots=True)
class Recording:
    """Recorded responses of P problems, at most N each, as columns; unused places are behind."""

    problem_ids: list[str]
    n: np.ndarray
    """int, shape (P,): recorded responses."""
    correct: np.ndarray
    """bool, shape (P, N)."""
    reward: np.ndarray
    """float, shape (P, N): NaN where there is none."""
    text: np.ndarray
    """int, shape (P, N): equal within a row where texts are equal."""

    def __post_init__(self) -> None:
        shapes = {self.correct.shape, self.reward.shape, self.text.shape}
        lengths = {len(self.problem_ids), len(self.n), len(self.correct)}
        if len(shapes) > 1 or len(lengths) > 1:
            raise ValueError(f"The columns of a recording have the shapes {sorted(shapes)}.")

    @property
    def has_rewards(self) -> bool:
        """Whether any response has one."""
        return not np.isnan(self.reward).all()


@dataclass(frozen=True, slots=True)
class Contender:
    """A rule as it is played."""

    strategy: str
    mode: Mode = "both"
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def name(self) -> str:
        own = [f"{key} {value}" for key, value in self.options.items()]
        return ", ".join([self.strategy, *([self.mode] if self.mode != "both" else []), *own])


@dataclass(frozen=True, slots=True)
class Rules:
    """What all plays have in common."""

    n_presample: int
    tau_l: float
    tau_h: float
    n_plays: int
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Played:
    """A rule at a budget, by problem, means over plays."""

    columns: dict[str, np.ndarray]
    """METRICS, floats, shape (P,)."""
    by_rate: tuple[np.ndarray, np.ndarray]
    """Share of correct ones among all recorded responses, and further responses given, shape (P,)
    each.
    """


def each_once(contenders: Sequence[Contender]) -> list[Contender]:
    """In their order; one that is named again is left out, or it would count twice."""
    return list({contender.name: contender for contender in contenders}.values())


def play(
    recording: Recording, contenders: Sequence[Contender], budgets: Sequence[int], rules: Rules
) -> dict[tuple[str, int], Played]:
    """Every rule at every budget, by the rule's name and the budget.

    Args:
        contenders, budgets: what is named twice is played once.
        budgets: responses in all, pre-samples included.

    Raises: ConfigError for a budget below the pre-samples, problems with fewer recorded responses
        than those, or a rule that cannot be played.
    """
    _require_playable(recording, budgets, rules)
    contenders = each_once(contenders)
    budgets = list(dict.fromkeys(budgets))
    sums: dict[tuple[str, int], dict[str, np.ndarray]] = {}
    p = len(recording.n)
    for number in range(rules.n_plays):
        drawn = _Drawn(_shuffled(recording, stable_hash(rules.seed, "play", number)))
        for contender in contenders:
            for budget in budgets:
                figures = _one(drawn, contender, budget, rules, number)
                total = sums.setdefault(
                    (contender.name, budget), {name: np.zeros(p) for name in (*METRICS, "given")}
                )
                for name, values in figures.items():
                    total[name] += values / rules.n_plays
    rate = np.where(_is_there(recording), recording.correct, 0).sum(axis=1) / recording.n
    return {
        key: Played({name: total[name] for name in METRICS}, (rate, total["given"]))
        for key, total in sums.items()
    }


def _require_playable(recording: Recording, budgets: Sequence[int], rules: Rules) -> None:
    if not len(recording.n) or recording.n.min() < rules.n_presample:
        least = int(recording.n.min()) if len(recording.n) else 0
        raise ConfigError(
            f"A problem has {least} recorded responses, and {rules.n_presample} are taken as"
            " pre-samples: leave such problems out, or take fewer pre-samples."
        )
    least = len(recording.n) * rules.n_presample
    if low := [budget for budget in budgets if budget < least]:
        raise ConfigError(
            f"A budget of {low[0]:,} is less than the {least:,} pre-samples of"
            f" {len(recording.n):,} problems: give more, or take fewer pre-samples."
        )


def _is_there(recording: Recording) -> np.ndarray:
    n_most: int = recording.correct.shape[1]
    return np.arange(n_most) < recording.n[:, None]


def _shuffled(recording: Recording, seed: int) -> Recording:
    """Every problem's responses in another order."""
    chance = np.random.default_rng(seed).random(recording.correct.shape)
    order = np.argsort(np.where(_is_there(recording), chance, 2.0), axis=1)
    columns = (recording.correct, recording.reward, recording.text)
    own = (np.take_along_axis(column, order, axis=1) for column in columns)
    return Recording(recording.problem_ids, recording.n, *own)


class _Drawn:
    """Counts of the first 0, 1, … N responses of every problem, shape (P, N + 1)."""

    def __init__(self, recording: Recording):
        self.recording = recording
        there, right = _is_there(recording), recording.correct
        new = _is_first(recording.text, right)
        self.n_right = _counted(there & right)
        self.n_distinct_right = _counted(there & right & new)
        self.n_distinct_wrong = _counted(there & ~right & new)

    def right(self, n: np.ndarray) -> np.ndarray:
        return self.n_right[np.arange(len(n)), n]

    def texts(self, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Different right and different wrong texts."""
        rows = np.arange(len(n))
        return self.n_distinct_right[rows, n], self.n_distinct_wrong[rows, n]

    def distinct_pairs(self, n: np.ndarray) -> np.ndarray:
        return np.minimum(*self.texts(n))


def _counted(flags: np.ndarray) -> np.ndarray:
    counts = np.zeros((flags.shape[0], flags.shape[1] + 1), dtype=np.int64)
    np.cumsum(flags, axis=1, out=counts[:, 1:])
    return counts


def _is_first(text: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Whether no response before it has the same text and verdict, bool, shape (P, N)."""
    keys = text * 2 + right
    order = np.argsort(keys, axis=1, kind="stable")
    ordered = np.take_along_axis(keys, order, axis=1)
    is_new = np.ones(ordered.shape, dtype=bool)
    is_new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    first = np.empty_like(is_new)
    np.put_along_axis(first, order, is_new, axis=1)
    return first


def _one(
    drawn: _Drawn, contender: Contender, budget: int, rules: Rules, number: int
) -> dict[str, np.ndarray]:
    """The figures of one rule, budget and play, each of shape (P,)."""
    n, n_asked, in_pool = drawn.recording.n, np.zeros(len(drawn.recording.n), dtype=np.int64), None
    spent = np.full(len(n), rules.n_presample)
    for asked, pool in _rounds(drawn, contender, budget, rules, number):
        n_asked += asked
        np.minimum(rules.n_presample + n_asked, n, out=spent)
        in_pool = pool if in_pool is None else in_pool | pool
    right = drawn.right(spent)
    pool = np.ones(len(n), dtype=bool) if in_pool is None else in_pool
    pairs = np.minimum(right, spent - right) * pool
    return {
        "spent": spent,
        "given": spent - rules.n_presample,
        "pairs": pairs,
        "distinct": drawn.distinct_pairs(spent) * pool,
        "covered": pairs > 0,
        "signal": right * (spent - right) / spent,
        "all_right": spent * (right == spent),
        "all_wrong": spent * (right == 0),
        "refused": rules.n_presample + n_asked - spent,
    }


def _rounds(
    drawn: _Drawn, contender: Contender, budget: int, rules: Rules, number: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(responses given, problems whose responses may become pairs) of every round."""
    recording, options = drawn.recording, options_of(contender.strategy, contender.options)
    first_n = np.full(len(recording.n), rules.n_presample)
    first_right = drawn.right(first_n)
    rewards = recording.reward[:, : rules.n_presample]
    phi_r = rewards.sum(axis=1) / rules.n_presample
    classes = classify(
        first_right, first_n, phi_r, tau_l=rules.tau_l, tau_h=rules.tau_h, mode=contender.mode
    )
    given, left = np.zeros_like(first_n), budget - int(first_n.sum())
    for n_rounds_left in range(options.get("n_rounds", 1), 0, -1):
        n = np.minimum(first_n + given, recording.n)
        right_texts, wrong_texts = drawn.texts(n)
        seen = Presampled(
            problem_ids=recording.problem_ids,
            n_correct=drawn.right(n),
            n=n,
            phi_r=phi_r,
            difficulty=classes,
            first_n_correct=first_right,
            first_n=first_n,
            n_given=given,
            budget=round_budget(left, n_rounds_left),
            budget_left=left,
            seed=stable_hash(rules.seed, "allocate", number, n_rounds_left),
            options=options,
            n_right_texts=right_texts,
            n_wrong_texts=wrong_texts,
        )
        out = spread(contender.strategy, seen)
        if not out.n_more.any():
            return
        yield out.n_more, out.in_pool
        given, left = given + out.n_more, left - int(out.n_more.sum())


def recording_of(
    problem_ids: Sequence[str],
    ids: ArrayLike,
    correct: ArrayLike,
    reward: ArrayLike,
    text: ArrayLike,
) -> Recording:
    """Columns of R responses, each problem's in their order, as a recording.

    Args:
        problem_ids: each problem once.
        ids: which problem each response answers, int in 0..P - 1, shape (R,).
        correct: bool, shape (R,).
        reward: float, shape (R,); NaN for none.
        text: int, shape (R,): equal where texts are.
    """
    ids = np.asarray(ids, dtype=np.int64)
    n = np.bincount(ids, minlength=len(problem_ids))
    order = np.argsort(ids, kind="stable")
    place = np.arange(len(ids)) - np.repeat(np.cumsum(n) - n, n)
    shape = len(n), int(n.max(initial=0))

    def column(values: ArrayLike, empty: Any, kind: Any) -> np.ndarray:
        wide = np.full(shape, empty, dtype=kind)
        wide[ids[order], place] = np.asarray(values)[order]
        return wide

    return Recording(
        list(problem_ids),
        n,
        column(correct, False, bool),
        column(reward, np.nan, np.float64),
        column(text, -1, np.int64),
    )
