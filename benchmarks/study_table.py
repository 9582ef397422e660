"""The study's table: gains in mean@n with paired intervals over problems, averaged over seeds, as
Markdown.
"""

from collections import defaultdict

import numpy as np

from engine.config.templates import TEMPLATES
from engine.method.intervals import Interval, bootstrap_mean

REFERENCE = "uniform_dpo"
CONTROLLED = "hs_star"
CONTROL = "hs_star_cut"
"""HS-STaR with no more pairs per iteration than uniform DPO had."""


def table(cells: list[dict]) -> str:
    """One row per method, over the seeds that are finished; differences to the reference over the
    seeds that both have.

    Args:
        cells: as benchmarks.study stores them.
    """
    by_method: dict[str, dict[int, dict]] = defaultdict(dict)
    for cell in cells:
        by_method[cell["method"]][cell["seed"]] = cell
    lines = [
        (
            "| method | seeds | responses | pairs, or SFT steps | gain after 1 | gain after the"
            " last | over seeds | minus uniform after 1 | after the last |"
        ),
        "|---|---|---|---|---|---|---|---|---|",
    ]
    rows = [
        _row(method, found, by_method.get(REFERENCE, {}))
        for method, found in sorted(by_method.items(), key=lambda m: _order(m[0]))
    ]
    return "\n".join([*lines, *rows, "", *_equal_pairs(by_method)])


def figures(cells: list[dict]) -> dict:
    """Everything the table is made from, what the cells share said once."""
    shared = ("problem_ids", "levels")
    return {
        **{name: cells[0]["evaluations"][0][name] for name in shared if cells},
        "cells": [
            {
                **c,
                "evaluations": [
                    {k: v for k, v in e.items() if k not in shared} for e in c["evaluations"]
                ],
            }
            for c in cells
        ],
    }


def _order(method: str) -> int:
    """As the templates are listed; the control comes behind what it controls."""
    return (
        2 * list(TEMPLATES).index(method)
        if method in TEMPLATES
        else 2 * list(TEMPLATES).index(CONTROLLED) + 1
    )


def _equal_pairs(by_method: dict[str, dict[int, dict]]) -> list[str]:
    """What is left of HS-STaR's advantage, and what its further pairs add."""
    if CONTROL not in by_method:
        return []
    more = [_minus(by_method[CONTROLLED], by_method[CONTROL], number) for number in (1, -1)]
    return [
        f"HS-STaR minus HS-STaR with as many pairs as uniform: {more[0]} after 1, {more[1]} after"
        " the last."
    ]


def _row(method: str, cells: dict[int, dict], reference: dict[int, dict]) -> str:
    label = "HS-STaR, as many pairs as uniform" if method == CONTROL else TEMPLATES[method].label
    last = [100 * float(_gain(cell, -1).mean()) for cell in cells.values()]
    n_rows = [
        (
            i["n_pairs"]
            if i["dpo"] is None or i["dpo"]["first_margin"] is not None
            else i["dpo"]["n_steps"]
        )
        for i in next(iter(cells.values()))["iterations"]
    ]
    cells_of = [
        label,
        str(len(cells)),
        f"{np.mean([_n_sampled(cell) for cell in cells.values()]):,.0f}",
        " + ".join(map(str, n_rows)),
        _points(bootstrap_mean(np.mean([_gain(cell, 1) for cell in cells.values()], axis=0))),
        _points(bootstrap_mean(np.mean([_gain(cell, -1) for cell in cells.values()], axis=0))),
        f"{min(last):+.1f} to {max(last):+.1f}",
        *("" if method == REFERENCE else _minus(cells, reference, number) for number in (1, -1)),
    ]
    return f"| {' | '.join(cells_of)} |"


_SAMPLED = ("presampled", "resampled", "tuned", "calibrated")


def _n_sampled(cell: dict) -> int:
    """Responses that a cell drew in all its iterations."""
    return sum(i["budget"].get(part, 0) for i in cell["iterations"] for part in _SAMPLED)


def _minus(cells: dict[int, dict], reference: dict[int, dict], number: int) -> str:
    """Difference of the gains after an iteration, paired over problems, over the seeds that both
    have.
    """
    shared = sorted(set(cells) & set(reference))
    return (
        _points(
            bootstrap_mean(
                np.mean(
                    [_gain(cells[s], number) - _gain(reference[s], number) for s in shared], axis=0
                )
            )
        )
        if shared
        else ""
    )


def _gain(cell: dict, number: int) -> np.ndarray:
    """Paired change of every held-out problem's pass rate since M_0."""
    return np.array(cell["evaluations"][number]["pass_rate"]) - np.array(
        cell["evaluations"][0]["pass_rate"]
    )


def _points(i: Interval) -> str:
    return f"{100 * i.value:+.1f} [{100 * i.low:+.1f}, {100 * i.high:+.1f}]"
