"""A measured figure and the runs behind it."""

import statistics
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    name: str
    value: float
    """Median over the runs."""
    unit: str
    baseline: float | None
    """Median of what it is compared with, measured in the same, interleaved runs; None for a figure
    that stands alone.
    """
    ratio: float | None
    """Median of value / baseline, pair by pair."""
    n_runs: int
    spread: tuple[float, float]
    """Smallest and largest value."""


def alone(name: str, values: list[float], unit: str) -> Row:
    return Row(
        name, statistics.median(values), unit, None, None, len(values), (min(values), max(values))
    )


def against(name: str, values: list[float], baselines: list[float], unit: str) -> Row:
    ratios = [value / baseline for value, baseline in zip(values, baselines)]
    return Row(
        name,
        statistics.median(values),
        unit,
        statistics.median(baselines),
        statistics.median(ratios),
        len(values),
        (min(values), max(values)),
    )


def interleaved(
    ours: Callable[[], object], theirs: Callable[[], object], n_runs: int
) -> tuple[list[float], list[float]]:
    """Wall seconds of both, in turn, after one warm-up of each."""
    ours(), theirs()
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(n_runs):
        for run, taken in ((ours, times[0]), (theirs, times[1])):
            started = time.perf_counter()
            run()
            taken.append(time.perf_counter() - started)
    return times


def table(title: str, lines: Iterable[Sequence[object]]) -> None:
    """What a figure is made of, on standard error: one line each, cells cut at 110 characters."""
    print(f"\n{title}", file=sys.stderr)
    for line in lines:
        print(
            "  " + " | ".join(" ".join(str(cell).split())[:110] for cell in line), file=sys.stderr
        )
