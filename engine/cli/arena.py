"""hs-star arena: rules for the sampling budget on the same recorded responses."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from engine.cli.options import as_json
from engine.types import Mode

if TYPE_CHECKING:
    from engine.recorded.about import Scale


@click.command()
@click.argument("recordings", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--rule",
    "names",
    multiple=True,
    metavar="NAME",
    help="A strategy; may be repeated (default: all). The first is the baseline.",
)
@click.option(
    "--budget",
    "budgets",
    multiple=True,
    type=float,
    help="Responses per problem, pre-samples included; may be repeated (default: 5, 8, 16).",
)
@click.option("--n-presample", type=click.IntRange(1), default=3, show_default=True)
@click.option("--tau-l", type=float, default=0.25, show_default=True)
@click.option("--tau-h", type=float, default=0.65, show_default=True)
@click.option(
    "--mode",
    type=click.Choice(get_args(Mode)),
    help="What decides classes (default: both, or accuracy without rewards).",
)
@click.option(
    "--plays",
    type=click.IntRange(1),
    default=16,
    show_default=True,
    help="Orders of the responses that are averaged.",
)
@click.option("--scale", type=click.Choice(["probability", "logit"]), help="Of a file's scores.")
@click.option("--seed", type=int, default=0, show_default=True)
@as_json
def arena(
    recordings: tuple[Path, ...],
    names: tuple[str, ...],
    budgets: tuple[float, ...],
    n_presample: int,
    tau_l: float,
    tau_h: float,
    mode: Mode | None,
    plays: int,
    scale: "Scale | None",
    seed: int,
    as_json: bool,
) -> None:
    """Play every rule for a sampling budget on the same recorded responses: pairs, coverage and
    waste, with intervals, against the first rule.

    RECORDINGS are files of recorded responses, or folders of imported ones.
    """
    from dataclasses import asdict

    from engine.figures.text import table
    from engine.headless.arena import as_table, contenders, play_all
    from engine.method.arena import Rules

    rules = Rules(n_presample, tau_l, tau_h, plays, seed)
    rows = play_all(
        recordings,
        lambda recording: contenders(names, mode, recording),
        budgets or (5.0, 8.0, 16.0),
        rules,
        scale=scale,
        say=lambda words: print(words, file=sys.stderr),
    )
    if as_json:
        print(json.dumps([asdict(row) | {"is_marked": row.is_marked} for row in rows]))
    else:
        print(table(as_table(rows)))
