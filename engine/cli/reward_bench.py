"""hs-star reward-bench: how well a configuration's reward model finds the first wrong step."""

import json
import sys
from pathlib import Path

import click

from engine.cli.options import as_json


@click.command("reward-bench")
@click.argument("config")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--threshold", type=float, help="A step below it is called wrong (default: .5).")
@click.option(
    "--tune",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Choose the threshold on this file, such as ProcessBench's GSM8K part.",
)
@click.option("--n-max", type=int, help="At most so many solutions per file, the first ones.")
@as_json
def reward_bench(
    config: str,
    files: tuple[Path, ...],
    threshold: float | None,
    tune: Path | None,
    n_max: int | None,
    as_json: bool,
) -> None:
    """How well a reward model finds the first wrong step, on files of ProcessBench's shape:
    accuracy with and without an error, and F1.

    CONFIG names the reward model; FILES hold problem, steps and label.
    """
    import tempfile

    from engine.config import load_config
    from engine.figures.text import table
    from engine.headless.reward_bench import as_table
    from engine.headless.reward_bench import reward_bench as measured

    with tempfile.TemporaryDirectory() as logs:
        bench = measured(
            load_config(config),
            files,
            threshold=threshold,
            tune=tune,
            n_max=n_max,
            logs=Path(logs),
            say=lambda words: print(words, file=sys.stderr),
        )
    rows = as_table(bench)
    for row in bench.rows:
        for words in row.scored.rejected:
            print(f"{row.scored.file}, not used: {words}", file=sys.stderr)
    if as_json:
        plain = {"reward_model": bench.reward_model, "tuned_on": bench.tuned_on}
        print(json.dumps({**plain, "mean_f1": bench.mean_f1, "files": rows}))
        return
    print(table([{name: _cell(value) for name, value in row.items()} for row in rows]))
    if bench.mean_f1 is not None:
        print(f"Mean F1: {bench.mean_f1:.4f}")


def _cell(value: object) -> str:
    return "–" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
