"""DPO on the Boundary beside GRPO, planned and not, and SFT, on the starter models at equal sampled
responses: the study behind docs/trainers.json.

    python -m benchmarks.trainers tune
    python -m benchmarks.trainers study [--arms hs_star planned_grpo …] [--seeds 0 1 2]
    python -m benchmarks.trainers small_lm --arms hs_star planned_grpo --seeds 0
    python -m benchmarks.trainers table

`tune` tries the same four rates for each way of training, one iteration each, on problems that the
study does not use. `study` takes the best of each. A cell goes into docs/trainers.json as soon as
it is finished, and is skipped where it stands there with the same configuration and model ids; one
that was stopped is resumed. `small_lm` runs arms for one iteration on the real small model, each at
the rate that its configuration ships with, which was chosen for DPO.
"""

import argparse
import hashlib
import json
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil

from benchmarks.study import finished
from benchmarks.trainers_table import rates_table, study_table
from engine.config import RunConfig, load_config, parse_config, plain_config
from engine.config.templates import from_template
from engine.figures.evaluation import evaluations
from engine.figures.summary import summarise
from engine.paths import ROOT, write_text
from engine.small_lm import build

BASE = ROOT / "data" / "starter" / "default.toml"
FIGURES = ROOT / "docs" / "trainers.json"
RATES = (3.5e-5, 7e-5, 1.4e-4, 2.8e-4)
TUNED_ON = 100
"""Seed of the tuning; its problems are rows of the starter's training file, 1,600 to train on and
800 to evaluate on. The study evaluates on the starter's held-out file.
"""


@dataclass(frozen=True, slots=True)
class Arm:
    label: str
    template: str
    trained_by: str
    """Whose tuned rate it takes."""
    changes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


COBA = {"difficulty": {"strategy": "coba"}}
LOOKAHEAD = {"difficulty": {"strategy": "lookahead"}}
LOOKAHEAD_ONCE = {"difficulty": {"strategy": "lookahead", "options": {"n_rounds": 1}}}
ONE_FIRST = {"sampling": {"n_presample": 1}}
ARMS = {
    "hs_star": Arm("HS-STaR, DPO", "hs_star", "dpo"),
    "uniform_dpo": Arm("Uniform, DPO", "uniform_dpo", "dpo"),
    "coba_dpo": Arm("CoBA, DPO", "hs_star", "dpo", COBA),
    "lookahead_dpo": Arm("Lookahead, DPO", "hs_star", "dpo", LOOKAHEAD),
    "planned_grpo": Arm("Boundary, GRPO", "planned_grpo", "grpo"),
    "coba_grpo": Arm("CoBA, GRPO", "planned_grpo", "grpo", COBA),
    "lookahead_grpo": Arm("Lookahead, GRPO", "planned_grpo", "grpo", LOOKAHEAD_ONCE),
    "uniform_grpo": Arm("Uniform, GRPO", "uniform_grpo", "grpo", ONE_FIRST),
    "dynamic_grpo": Arm("Dynamic sampling, GRPO", "dynamic_grpo", "grpo", ONE_FIRST),
    "rest_em": Arm("ReST-EM, SFT", "rest_em", "sft"),
}
"""Uniform and dynamic GRPO need no difficulty: one pre-sample leaves them more to draw.
What GRPO draws while it trains is planned in one round, so lookahead looks ahead of none there.
"""
TRIED = {"dpo": "hs_star", "grpo": "planned_grpo", "sft": "rest_em"}
"""The arm on which each way's rate is chosen."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.trainers")
    parser.add_argument("what", choices=("tune", "study", "small_lm", "table"))
    parser.add_argument("--out", type=Path, default=ROOT / "data" / "trainers")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=list(ARMS))
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    if arguments.what == "tune":
        _tune(arguments.out)
    if arguments.what == "study":
        for seed in arguments.seeds:
            for name in arguments.arms:
                _cell(arguments.out, name, seed, _tuned(ARMS[name].trained_by))
    if arguments.what == "small_lm":
        for seed in arguments.seeds:
            for name in arguments.arms:
                _small_lm_cell(arguments.out, name, seed)
    known = _known()
    print(rates_table(known["rates"]))
    for cells in (known["cells"], known["small_lm"]):
        print(study_table(cells, {name: arm.label for name, arm in ARMS.items()}))


def _tune(out: Path) -> None:
    for way, arm in TRIED.items():
        for rate in RATES:
            known = _known()
            if not any(t["way"] == way and t["rate"] == rate for t in known["rates"]):
                with tempfile.TemporaryDirectory(dir=out) as folder:
                    config = _tuning_config(Path(folder), arm, rate)
                    figures = _run(Path(folder) / "run.duckdb", config)
                _add("rates", {"way": way, "rate": rate} | figures)


def _tuning_config(folder: Path, arm: str, rate: float) -> RunConfig:
    lines = (ROOT / "data" / "starter" / "train.jsonl").read_text().splitlines(keepends=True)
    train, held_out = folder / "train.jsonl", folder / "held_out.jsonl"
    train.write_text("".join(lines[:1600]))
    held_out.write_text("".join(lines[1600:]))
    plain = _plain(BASE, arm, TUNED_ON, rate)
    plain["n_iterations"] = 1
    plain["problems"] |= {"train": str(train), "held_out": str(held_out)}
    return parse_config(plain)


def _tuned(way: str) -> float:
    tried = [t for t in _known()["rates"] if t["way"] == way]
    if not tried:
        raise SystemExit(f"No rate of {way} is tried: run python -m benchmarks.trainers tune.")
    return max(tried, key=lambda t: t["evaluations"][-1]["mean"])["rate"]


def _cell(out: Path, name: str, seed: int, rate: float) -> None:
    config = parse_config(_plain(BASE, name, seed, rate))
    models = [_content(ROOT / "data" / "starter" / part) for part in ("policy", "prm")]
    about = json.dumps([plain_config(config), models], sort_keys=True, default=str)
    _fill("cells", out, name, config, hashlib.sha256(about.encode()).hexdigest()[:16])


def _small_lm_cell(out: Path, name: str, seed: int) -> None:
    made = build(out / "lm", say=print)
    rate = load_config(made.configuration).training.learning_rate
    config = parse_config(_plain(made.configuration, name, seed, rate))
    _fill("small_lm", out, name, config, f"{name}_{seed}_{rate:g}")


def _fill(kind: str, out: Path, name: str, config: RunConfig, key: str) -> None:
    """Run a cell and keep its figures, unless they are known."""
    if any(cell["key"] == key for cell in _known()[kind]):
        return
    figures = _run(out / f"{name}_{config.seed}_{key}.duckdb", config)
    rate = config.training.learning_rate
    _add(kind, {"arm": name, "seed": config.seed, "key": key, "rate": rate} | figures)


def _plain(base: Path, name: str, seed: int, rate: float) -> dict[str, Any]:
    """The base configuration as an arm has it."""
    arm = ARMS[name]
    plain = plain_config(from_template(load_config(base), arm.template))
    plain["seed"] = seed
    for table, changes in arm.changes.items():
        plain[table] = {**plain[table], **changes}
    plain["training"]["learning_rate"] = rate
    return plain


def _run(path: Path, config: RunConfig) -> dict[str, Any]:
    """A study to its end; minutes are of this part of it, where it was stopped before."""
    started, cpu = time.monotonic(), _cpu_seconds()
    with finished(path, config) as (db, run_id):
        iterations = summarise(db, run_id)["iterations"]
        measured = [
            {
                "number": e.number,
                "mean": e.mean_interval().value,
                "greedy": e.greedy_interval().value,
                "mean_interval": asdict(e.mean_interval()),
                "pass_rate": e.pass_rate.tolist(),
            }
            for e in evaluations(db, run_id)
        ]
    return {
        "iterations": iterations,
        "evaluations": measured,
        "minutes": (time.monotonic() - started) / 60,
        "cpu_minutes": (_cpu_seconds() - cpu) / 60,
    }


def _cpu_seconds() -> float:
    """Of this process and of its children that have ended."""
    times = psutil.Process().cpu_times()
    return times.user + times.system + times.children_user + times.children_system


def _content(folder: Path) -> str:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]


def _known() -> dict[str, list[dict[str, Any]]]:
    known = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    return {"rates": [], "cells": [], "small_lm": []} | known


def _add(kind: str, row: dict[str, Any]) -> None:
    known = _known()
    known[kind].append(row)
    write_text(FIGURES, json.dumps(known, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
