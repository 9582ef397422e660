"""The study behind the README's table: HS-STaR and uniform on the starter models, several seeds, equal budgets.

    python -m benchmarks.study --out FOLDER [--seeds 0 1 2]

One database per cell; a cell that stopped is resumed, a finished one is only read again. Minutes per cell.
"""

import argparse
import json
import tomllib
from dataclasses import asdict, replace
from pathlib import Path

from engine.auto import run_to_end
from engine.config import RunConfig, parse_config
from engine.evaluation import Evaluation, evaluations, gain
from engine.jobs import JobRunner
from engine.runs import create_run
from engine.store import Database, reads
from engine.summary import summarise

CONFIG = Path(__file__).resolve().parent.parent / "data" / "starter" / "default.toml"
STRATEGIES = {"HS-STaR": "boundary", "uniform": "uniform"}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.study")
    parser.add_argument("--out", type=Path, required=True, help="folder for the databases and results.json")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--strategies", nargs="+", choices=STRATEGIES, default=list(STRATEGIES))
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    default = parse_config(tomllib.loads(CONFIG.read_text()))
    cells = []
    for seed in arguments.seeds:
        for name in arguments.strategies:
            config = replace(default, seed=seed, difficulty=replace(default.difficulty, strategy=STRATEGIES[name]))
            cells.append({"seed": seed, "strategy": name, **_cell(arguments.out / f"{name}_{seed}.duckdb", config)})
            (arguments.out / "results.json").write_text(json.dumps(cells, indent=1))
            print(_line(cells[-1]), flush=True)


def _cell(path: Path, config: RunConfig) -> dict:
    db = Database(path)
    runner = JobRunner(db)
    try:
        known = reads.runs(db)
        run_id = known[0]["id"] if known else create_run(db, config)
        runner.continue_queue()
        run_to_end(runner, run_id)
        found = evaluations(db, run_id)
        return {"summary": summarise(db, run_id), "gains": [_gain(found[0], e) for e in found[1:]]}
    finally:
        runner.close()
        db.close()


def _gain(base: Evaluation, e: Evaluation) -> dict:
    easy = e.levels == "1"
    return {
        "number": e.number,
        "mean": asdict(e.mean_interval()),
        "greedy": asdict(e.greedy_interval()),
        "gain": asdict(gain(base, e)),
        "easy_gain": asdict(gain(base, e, easy)),
        "pass_rate": e.pass_rate.tolist(),
        "greedy_right": e.greedy.tolist(),
    }


def _line(cell: dict) -> str:
    parts = [f"seed {cell['seed']} {cell['strategy']:<8}"]
    for iteration, g in zip(cell["summary"]["iterations"], cell["gains"]):
        parts.append(
            f"M{g['number']}: {iteration['n_pairs']} pairs, mean {g['mean']['value']:.3f}, greedy {g['greedy']['value']:.3f}, "
            f"gain {g['gain']['value']:+.3f} [{g['gain']['low']:+.3f}, {g['gain']['high']:+.3f}]"
        )
    return " | ".join(parts)


if __name__ == "__main__":
    main()
