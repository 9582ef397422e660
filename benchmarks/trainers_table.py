"""The tables of benchmarks.trainers, as Markdown."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.figures.text import table
from engine.method.intervals import bootstrap_mean

REFERENCE = "hs_star"


def rates_table(tried: Sequence[Mapping[str, Any]]) -> str:
    """mean@n after one iteration for each rate of each way to train."""
    rows: dict[str, dict[str, str]] = {}
    for one in tried:
        row = rows.setdefault(one["way"], {"trained by": one["way"].upper()})
        row[f"{one['rate']:g}"] = f"{100 * one['evaluations'][-1]['mean']:.1f}"
    return table(list(rows.values()))


def study_table(cells: Sequence[Mapping[str, Any]], labels: Mapping[str, str]) -> str:
    """One row per arm: means over the seeds that are finished, with intervals over problems, and
    paired by seed and problem with HS-STaR's DPO.
    """
    by_arm: dict[str, dict[int, Mapping[str, Any]]] = defaultdict(dict)
    for cell in cells:
        by_arm[cell["arm"]][cell["seed"]] = cell
    return table(
        [_row(labels[arm], by_arm[arm], by_arm[REFERENCE]) for arm in labels if by_arm[arm]]
    )


def _row(
    label: str, cells: Mapping[int, Mapping[str, Any]], reference: Mapping[int, Mapping[str, Any]]
) -> dict[str, str]:
    sampled = [sum(_sampled(i) for i in cell["iterations"]) for cell in cells.values()]
    last = [_gains(cell, -1).mean() for cell in cells.values()]
    shared = [seed for seed in cells if seed in reference]
    minus = [_gains(cells[seed], -1) - _gains(reference[seed], -1) for seed in shared]
    return {
        "arm": label,
        "rate": f"{next(iter(cells.values()))['rate']:g}",
        "seeds": str(len(cells)),
        "responses": f"{np.mean(sampled):,.0f}",
        "steps": " / ".join(str(n) for n in _steps(next(iter(cells.values())))),
        "gain after 1": _points(np.mean([_gains(cell, 1) for cell in cells.values()], axis=0)),
        "after the last": _points(np.mean([_gains(cell, -1) for cell in cells.values()], axis=0)),
        "seeds from, to": f"{100 * min(last):+.1f} to {100 * max(last):+.1f}",
        "minus HS-STaR, DPO": _points(np.mean(minus, axis=0)) if minus else "",
        "gain per 1,000 responses": f"{100 * np.mean(last) / np.mean(sampled) * 1000:.2f}",
        "CPU minutes": f"{np.mean([cell['cpu_minutes'] for cell in cells.values()]):.1f}",
    }


def _gains(cell: Mapping[str, Any], number: int) -> np.ndarray:
    """Per problem, pass rate less that of M_0."""
    rates = [np.array(e["pass_rate"]) for e in cell["evaluations"]]
    return rates[number] - rates[0]


def _sampled(iteration: Mapping[str, Any]) -> int:
    """Responses that an iteration took, in training too."""
    budget = iteration["budget"]
    return sum(budget.get(part) or 0 for part in ("presampled", "resampled", "drawn", "tuned"))


def _steps(cell: Mapping[str, Any]) -> list[int]:
    return [(i["dpo"] or {}).get("n_steps", 0) for i in cell["iterations"]]


def _points(values: np.ndarray) -> str:
    interval = bootstrap_mean(values).scaled(100)
    return f"{interval.value:+.1f} [{interval.low:+.1f}, {interval.high:+.1f}]"
