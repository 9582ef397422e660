"""Any runs side by side, whichever files they are in. Pure over measured runs: it knows no store
and no page.

Runs that are equal but for seed and name form a group, and a group of two or more seeds gets
intervals over seeds. Two groups on the same held-out problems and seeds are compared problem by
problem.
"""

from dataclasses import asdict, dataclass
from itertools import combinations

import numpy as np

from engine.errors import ConfigError
from engine.figures.evaluation import Evaluation
from engine.figures.group_names import group_names
from engine.figures.measure import Compared, Done, Measured
from engine.method.intervals import Interval, bootstrap_mean, student_t


@dataclass(frozen=True, slots=True)
class Seeds:
    """Mean over the seeds of a group."""

    number: int
    seeds: list[int]
    greedy: float
    mean: float
    greedy_interval: Interval | None
    """Student's t; None for a single seed."""
    mean_interval: Interval | None


@dataclass(frozen=True, slots=True)
class Group:
    id: str
    name: str
    """Of no other group."""
    labels: list[str]
    done: Done
    accuracy: list[Seeds]


@dataclass(frozen=True, slots=True)
class Paired:
    """The second group minus the first in mean accuracy, over the same problems and seeds, in [-1,
    1]. Both by id.
    """

    first: str
    second: str
    number: int
    seeds: list[int]
    n_problems: int
    difference: Interval
    """Over problems, each problem's difference averaged over the seeds."""


@dataclass(frozen=True, slots=True)
class Comparison:
    runs: list[Compared]
    groups: list[Group]
    paired: list[Paired]
    differences: list[str]
    """How the other runs' budgets differ from the first run's, one sentence each; empty where all
    are the same.
    """


def compare(measured: list[Measured]) -> Comparison:
    """Runs against each other; the first is what budgets are held against. Raises: ConfigError
    without a run.
    """
    if not measured:
        raise ConfigError("There is no run to compare: name at least one.")
    members: dict[str, list[Measured]] = {}
    for m in measured:
        members.setdefault(m.compared.group, []).append(m)
    runs = [m.compared for m in measured]
    paired = [p for a, b in combinations(members, 2) for p in _paired(a, members[a], b, members[b])]
    names = group_names({id: [m.compared for m in own] for id, own in members.items()})
    groups = [_group(id, names[id], own) for id, own in members.items()]
    return Comparison(runs, groups, paired, _differences(runs))


def plain(comparison: Comparison) -> dict:
    """A comparison as plain data, for JSON."""
    return asdict(comparison)


def accuracy_series(
    comparison: Comparison, measure: str
) -> dict[str, list[tuple[int, float, float, float]]]:
    """(t of M_t, value, low, high) per run, or per group where it has several seeds; what is not
    evaluated is left out.

    Args:
        measure: "mean" or "greedy".
    """
    by_label, series = {run.label: run for run in comparison.runs}, {}
    for group in comparison.groups:
        seeds = max((len(a.seeds) for a in group.accuracy), default=0)
        if seeds > 1:
            spread = [
                (
                    a.number,
                    getattr(a, f"{measure}_interval") or Interval(*[getattr(a, measure)] * 3),
                )
                for a in group.accuracy
            ]
            series[f"{group.name}, {seeds} seeds"] = spread
            continue
        for label in group.labels:
            series[f"{group.done.strategy}, {label}"] = [
                (a.number, getattr(a, measure)) for a in by_label[label].accuracy
            ]
    return {
        name: [(number, i.value, i.low, i.high) for number, i in points]
        for name, points in series.items()
        if points
    }


def _by_seed(members: list[Measured]) -> dict[int, Measured]:
    """The first run of every seed."""
    return {m.compared.seed: m for m in reversed(members)}


def _group(id: str, name: str, members: list[Measured]) -> Group:
    by_seed = _by_seed(members)
    numbers = sorted({number for m in by_seed.values() for number in m.evaluations})
    accuracy = [
        _over_seeds(
            number,
            {s: m.evaluations[number] for s, m in by_seed.items() if number in m.evaluations},
        )
        for number in numbers
    ]
    labels = [m.compared.label for m in members]
    return Group(id, name, labels, members[0].compared.done, accuracy)


def _over_seeds(number: int, by_seed: dict[int, Evaluation]) -> Seeds:
    greedy, mean = (
        [getattr(e, part).mean() for e in by_seed.values()] for part in ("greedy", "pass_rate")
    )
    several = len(by_seed) > 1
    return Seeds(
        number,
        sorted(by_seed),
        float(np.mean(greedy)),
        float(np.mean(mean)),
        student_t(greedy) if several else None,
        student_t(mean) if several else None,
    )


def _paired(first: str, a: list[Measured], second: str, b: list[Measured]) -> list[Paired]:
    """One entry per policy number that both groups evaluated with a shared seed on the same
    problems.
    """
    by_seed_a, by_seed_b = _by_seed(a), _by_seed(b)
    shared = sorted(set(by_seed_a) & set(by_seed_b))
    numbers = sorted(
        {
            n
            for s in shared
            for n in set(by_seed_a[s].evaluations) & set(by_seed_b[s].evaluations)
            if n
        }
    )
    paired = []
    for number in numbers:
        per_seed = [
            (s, by_seed_a[s].evaluations.get(number), by_seed_b[s].evaluations.get(number))
            for s in shared
        ]
        same = [
            (s, x, y)
            for s, x, y in per_seed
            if x and y and np.array_equal(x.problem_ids, y.problem_ids)
        ]
        same = [
            (s, x, y) for s, x, y in same if np.array_equal(x.problem_ids, same[0][1].problem_ids)
        ]
        if same:
            change = np.mean([y.pass_rate - x.pass_rate for _, x, y in same], axis=0)
            paired.append(
                Paired(
                    first,
                    second,
                    number,
                    [s for s, _, _ in same],
                    len(change),
                    bootstrap_mean(change),
                )
            )
    return paired


def _differences(runs: list[Compared]) -> list[str]:
    first, sentences = runs[0], []
    for other in runs[1:]:
        for wanted, what in ((lambda s: s.total, "may sample"), (lambda s: s.sampled, "sampled")):
            mine, theirs = [[wanted(s) for s in run.spent] for run in (other, first)]
            if mine != theirs:
                sentences.append(
                    f"{other.label} {what} {_counts(mine)} responses by iteration, {first.label}"
                    f" {_counts(theirs)}."
                )
                break
    return sentences


def _counts(numbers: list[int]) -> str:
    return " + ".join(f"{n:,}" for n in numbers)
