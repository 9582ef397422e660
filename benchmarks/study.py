"""The study behind the README's table: methods and baselines on the starter models, several seeds,
the same budget of responses.

    python -m benchmarks.study --out FOLDER [--methods hs_star uniform_dpo …] [--seeds 0 1 2]
    [--table]

One database and one result file per cell; a cell that stopped is resumed, a finished one is only
read. Minutes per cell. All cells in one file, figures.json, are what docs/starter_study.json holds.
The control hs_star_cut is HS-STaR with no more pairs per iteration than uniform DPO had with the
same seed, so it comes after it.
"""

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from benchmarks.study_table import CONTROL, figures, table
from engine import store
from engine.config import RunConfig, load_config
from engine.config.templates import from_template
from engine.figures.evaluation import evaluations
from engine.figures.summary import summarise
from engine.headless.run import run_to_end
from engine.jobs.runner import JobRunner
from engine.paths import ROOT
from engine.store import Database
from engine.study.runs import create_run

CONFIG = ROOT / "data" / "starter" / "default.toml"
METHODS = (
    "hs_star",
    "uniform_dpo",
    CONTROL,
    "outlier_only",
    "inlier_only",
    "posterior",
    "rest_em",
    "b_star",
    "dast_p_sft",
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.study")
    parser.add_argument(
        "--out",
        type=Path,
        default=ROOT / "data" / "study",
        help="folder for the databases and results",
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument(
        "--table", action="store_true", help="only print the table of what is finished"
    )
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for seed in arguments.seeds if not arguments.table else ():
        for method in arguments.methods:
            cell = _cell(arguments.out, method, seed)
            print(
                f"seed {seed} {method}: mean {cell['evaluations'][0]['mean']:.3f} to"
                f" {cell['evaluations'][-1]['mean']:.3f}",
                flush=True,
            )
    cells = [
        json.loads(path.read_text())
        for path in sorted(arguments.out.glob("*_[0-9]*.json"))
        if path.suffixes == [".json"]
    ]
    (arguments.out / "figures.json").write_text(json.dumps(figures(cells), separators=(",", ":")))
    print(table(cells))


def _cell(out: Path, method: str, seed: int) -> dict:
    result = out / f"{method}_{seed}.json"
    if not result.exists():
        config = replace(_config(out, method, seed), seed=seed)
        draft = result.with_suffix(".draft")
        draft.write_text(
            json.dumps(_run(out / f"{method}_{seed}.duckdb", config, method), indent=1)
        )
        draft.replace(result)
    return json.loads(result.read_text())


def _config(out: Path, method: str, seed: int) -> RunConfig:
    base = load_config(CONFIG)
    if method != CONTROL:
        return from_template(base, method)
    uniform = _cell(out, "uniform_dpo", seed)
    total = tuple(iteration["n_pairs"] for iteration in uniform["iterations"])
    return from_template(replace(base, pairs=replace(base.pairs, total=total)), "hs_star")


@contextmanager
def finished(path: Path, config: RunConfig) -> Iterator[tuple[Database, str]]:
    """A database with this run at its end, and the run's id; one that was stopped goes on."""
    db = Database(path)
    runner = JobRunner(db)
    try:
        known = store.runs.listed(db)
        run_id = known[0].id if known else create_run(db, config)
        runner.continue_queue()
        run_to_end(runner, run_id)
        yield db, run_id
    finally:
        runner.close()
        db.close()


def _run(path: Path, config: RunConfig, method: str) -> dict:
    with finished(path, config) as (db, run_id):
        return {
            "method": method,
            "seed": config.seed,
            "iterations": summarise(db, run_id)["iterations"],
            "evaluations": [
                {
                    "number": e.number,
                    "mean": e.mean_interval().value,
                    "greedy": e.greedy_interval().value,
                    "mean_interval": asdict(e.mean_interval()),
                    "problem_ids": e.problem_ids.tolist(),
                    "pass_rate": e.pass_rate.tolist(),
                    "levels": e.levels.tolist(),
                }
                for e in evaluations(db, run_id)
            ],
        }


if __name__ == "__main__":
    main()
