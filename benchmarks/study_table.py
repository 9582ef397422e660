"""The study's table: gains in mean@n with paired intervals over problems, averaged over seeds, as Markdown."""

from collections import defaultdict

import numpy as np

from engine.method.intervals import Interval, bootstrap_mean
from engine.templates import TEMPLATES

REFERENCE = "uniform_dpo"


def table(cells: list[dict]) -> str:
    """One row per method, over the seeds that are finished; differences to the reference over the seeds that both have.

    Args:
        cells: as benchmarks.study stores them.
    """
    by_method: dict[str, dict[int, dict]] = defaultdict(dict)
    for cell in cells:
        by_method[cell["method"]][cell["seed"]] = cell
    lines = [
        "| method | seeds | responses | trained on | gain after 1 | gain after the last | spread over seeds | minus uniform, after the last |",
        "|---|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *(_row(method, found, by_method.get(REFERENCE, {})) for method, found in by_method.items())])


def _row(method: str, cells: dict[int, dict], reference: dict[int, dict]) -> str:
    label = TEMPLATES[method].label if method in TEMPLATES else "HS-STaR, as many pairs as uniform"
    last = [100 * float(_gain(cell, -1).mean()) for cell in cells.values()]
    shared = sorted(set(cells) & set(reference))
    versus = np.mean([_gain(cells[seed], -1) - _gain(reference[seed], -1) for seed in shared], axis=0) if shared else None
    n_rows = [i["n_pairs"] if i["dpo"] is None or i["dpo"]["first_margin"] is not None else i["dpo"]["n_steps"] for i in next(iter(cells.values()))["iterations"]]
    cells_of = [
        label,
        str(len(cells)),
        f"{np.mean([sum(sum(i['budget'][part] for part in _SAMPLED if part in i['budget']) for i in c['iterations']) for c in cells.values()]):,.0f}",
        " + ".join(map(str, n_rows)),
        _points(bootstrap_mean(np.mean([_gain(cell, 1) for cell in cells.values()], axis=0))),
        _points(bootstrap_mean(np.mean([_gain(cell, -1) for cell in cells.values()], axis=0))),
        f"{min(last):+.1f} to {max(last):+.1f}",
        "" if versus is None or method == REFERENCE else _points(bootstrap_mean(versus)),
    ]
    return f"| {' | '.join(cells_of)} |"


_SAMPLED = ("presampled", "resampled", "tuned", "calibrated")


def _gain(cell: dict, number: int) -> np.ndarray:
    """Paired change of every held-out problem's pass rate since M_0."""
    return np.array(cell["evaluations"][number]["pass_rate"]) - np.array(cell["evaluations"][0]["pass_rate"])


def _points(i: Interval) -> str:
    return f"{100 * i.value:+.1f} [{100 * i.low:+.1f}, {100 * i.high:+.1f}]"
