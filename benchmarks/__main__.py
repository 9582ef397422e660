"""python -m benchmarks NAME … [--json]: the performance tables, as ratios of what was measured side
by side.
"""

import argparse
import json
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from benchmarks.rows import Row

NAMES = (
    "rde",
    "startup",
    "sampling",
    "warm",
    "rewards",
    "judges",
    "servers",
    "ray_pool",
    "training",
    "ui",
    "ui_earlier",
    "grading",
    "data",
    "scale",
    "endurance",
    "tabs",
    "slices",
    "arena",
    "soak",
)


def _measured(name: str, arguments: argparse.Namespace) -> list[Row]:
    if name == "ui_earlier":
        if not arguments.against:
            raise SystemExit("ui_earlier needs --against FOLDER: the root of another checkout.")
        return import_module("benchmarks.ui_earlier").measure(arguments.against.resolve())
    measure = import_module(f"benchmarks.{name}").measure
    given = {
        "scale": {"sizes": arguments.sizes},
        "endurance": {"n_kills": arguments.kills, "seed": arguments.seed},
        "tabs": {"n_kills": arguments.kills, "seed": arguments.seed},
        "soak": {"minutes": arguments.minutes},
    }.get(name, {})
    return measure(**{key: value for key, value in given.items() if value is not None})


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument(
        "names", nargs="+", choices=NAMES, metavar="NAME", help=f"one or more of {', '.join(NAMES)}"
    )
    parser.add_argument(
        "--sizes", type=int, nargs="+", metavar="N", help="numbers of problems, for scale"
    )
    parser.add_argument(
        "--against", type=Path, metavar="FOLDER", help="another checkout, for ui_earlier"
    )
    parser.add_argument("--kills", type=int, metavar="N", help="how often, for endurance and tabs")
    parser.add_argument(
        "--seed", type=int, metavar="N", help="of what is killed, for endurance and tabs"
    )
    parser.add_argument("--minutes", type=float, metavar="N", help="how long, for soak")
    parser.add_argument("--json", action="store_true", help="print a list of rows and nothing else")
    arguments = parser.parse_args()
    rows = [row for name in arguments.names for row in _measured(name, arguments)]
    if arguments.json:
        print(json.dumps([asdict(row) for row in rows]))
        return
    print(f"{'name':<44}{'value':>12} {'unit':<10}{'baseline':>12}{'ratio':>9}{'runs':>6}   spread")
    for r in rows:
        baseline = f"{r.baseline:.4g}" if r.baseline is not None else "–"
        ratio = f"{r.ratio:.3g}" if r.ratio is not None else "–"
        print(
            f"{r.name:<44}{r.value:>12.4g} {r.unit:<10}{baseline:>12}{ratio:>9}{r.n_runs:>6}  "
            f" {r.spread[0]:.4g} – {r.spread[1]:.4g}"
        )


if __name__ == "__main__":
    main()
