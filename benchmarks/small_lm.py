"""What one iteration does to a real small language model: accuracy on the held-out problems before
and after, by seed.

    python -m benchmarks.small_lm [--out FOLDER] [--seeds 0 1 2] [--table]

It needs the weights (`make run SMALL_LM=1`, or `hs-star small-lm` says what to install). One
database and one result per seed; a run that stopped is resumed, a finished one is only read.
"""

import argparse
import json
import resource
from dataclasses import replace
from pathlib import Path

from engine import store
from engine.config import load_config
from engine.figures.summary import summarise
from engine.figures.text import table
from engine.headless.run import run_to_end
from engine.jobs.runner import JobRunner
from engine.paths import ROOT, write_text
from engine.small_lm import build
from engine.store import Database
from engine.study.runs import create_run


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.small_lm")
    parser.add_argument("--out", type=Path, default=ROOT / "data" / "small-lm")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument(
        "--table", action="store_true", help="only print the table of what is finished"
    )
    arguments = parser.parse_args()
    for seed in arguments.seeds if not arguments.table else ():
        if not result_file(arguments.out, seed).exists():
            result = measured(arguments.out, seed)
            write_text(result_file(arguments.out, seed), json.dumps(result, indent=1) + "\n")
    finished = [seed for seed in arguments.seeds if result_file(arguments.out, seed).exists()]
    print(
        table(
            [
                row(seed, json.loads(result_file(arguments.out, seed).read_text()))
                for seed in finished
            ]
        )
    )


def result_file(out: Path, seed: int) -> Path:
    return out / f"seed{seed}.json"


def measured(out: Path, seed: int) -> dict:
    """The figures of one seed's iteration, with the CPU minutes that it took."""
    made = build(out / "lm", say=print)
    config = replace(load_config(made.configuration), seed=seed)
    db = Database(out / f"seed{seed}.duckdb")
    runner = JobRunner(db)
    try:
        known = store.runs.listed(db)
        run_to_end(runner, known[0].id if known else create_run(db, config))
        result = summarise(db, store.runs.listed(db)[0].id)
    finally:
        runner.close()
        db.close()
    return {**result, "cpu_minutes": round(cpu_minutes(), 1)}


def cpu_minutes() -> float:
    """Of this process and of the children that have ended, user and system."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used) / 60


def row(seed: int, result: dict) -> dict[str, str]:
    """One line of the table: shares in per cent with their 95 % intervals, the gain in points."""
    (iteration,) = result["iterations"]
    before, after = iteration["eval"]["before"], iteration["eval"]["after"]
    gain, classes = iteration["gain"], iteration["classes"]
    margin = iteration["dpo"]["last_margin"]  # none with SFT
    return {
        "seed": str(seed),
        "Inlier / Boundary / Outlier": " / ".join(
            str(classes[name]) for name in ("inlier", "boundary", "outlier")
        ),
        "pairs": str(iteration["n_pairs"]),
        f"mean@{before['n']} before": share(before["mean"], *before["mean_interval"]),
        "after": share(after["mean"], *after["mean_interval"]),
        "gain": share(gain["value"], gain["low"], gain["high"], sign="+"),
        "greedy before": share(before["greedy"], *before["greedy_interval"]),
        "greedy after": share(after["greedy"], *after["greedy_interval"]),
        "margin": "–" if margin is None else f"{margin:.2f}",
    }


def share(value: float, low: float, high: float, sign: str = "") -> str:
    return f"{100 * value:{sign}.1f} [{100 * low:{sign}.1f}, {100 * high:{sign}.1f}]"


if __name__ == "__main__":
    main()
