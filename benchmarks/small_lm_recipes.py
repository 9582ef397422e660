"""Which recipe lifts the real small language model most: each trained on the same responses, and
evaluated on problems that no reported study uses.

    python -m benchmarks.small_lm_recipes [--out FOLDER] [--only NAME …] [--table]

It needs the weights (see benchmarks.small_lm). The problems are drawn with a seed of their own. All
runs share one database, so that what was sampled once is taken over by the others.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

from benchmarks.small_lm import cpu_minutes, row
from engine import store
from engine.config import TrainingConfig, load_config
from engine.figures.summary import summarise
from engine.figures.text import table
from engine.headless.run import run_to_end
from engine.jobs.runner import JobRunner
from engine.paths import ROOT, write_text
from engine.small_lm import build
from engine.store import Database
from engine.study.runs import create_run

SEED = 77
"""Of the problems, and of the runs."""

RECIPES = {
    "dpo and sft, 2e-5 (shipped)": {},
    "dpo, 2e-5": {"loss_type": ("sigmoid",), "loss_weights": None},
    "dpo and sft, 5e-5": {"learning_rate": 5e-5},
    "sft, 2e-5": {"method": "sft", "loss_type": ("sigmoid",), "loss_weights": None},
    "dpo and sft, LoRA of rank 16, 2e-4": {"lora_rank": 16, "lora_alpha": 32}
    | {"learning_rate": 2e-4},
}
"""What each changes in the shipped configuration's [training]."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.small_lm_recipes")
    parser.add_argument("--out", type=Path, default=ROOT / "data" / "small-lm-recipes")
    parser.add_argument("--only", nargs="+", choices=list(RECIPES), default=list(RECIPES))
    parser.add_argument(
        "--table", action="store_true", help="only print the table of what is finished"
    )
    arguments = parser.parse_args()
    results = arguments.out / "results.json"
    known = json.loads(results.read_text()) if results.exists() else {}
    for name in arguments.only if not arguments.table else ():
        if name not in known:
            known[name] = measured(arguments.out, name)
            write_text(results, json.dumps(known, indent=1) + "\n")
    print(table([{"recipe": name} | row(SEED, result) for name, result in known.items()]))


def measured(out: Path, name: str) -> dict:
    """The figures of one recipe's iteration, with the CPU minutes that were used up to its end."""
    made = build(out / "lm", seed=SEED, say=print)
    config = load_config(made.configuration)
    training: TrainingConfig = replace(config.training, **RECIPES[name])
    config = replace(config, name=name, seed=SEED, training=training)
    db = Database(out / "recipes.duckdb")
    runner = JobRunner(db)
    try:
        begun = [run.id for run in store.runs.listed(db) if run.name == name]
        run_id = begun[0] if begun else create_run(db, config)
        run_to_end(runner, run_id)
        result = summarise(db, run_id)
    finally:
        runner.close()
        db.close()
    return {**result, "cpu_minutes": round(cpu_minutes(), 1)}


if __name__ == "__main__":
    main()
