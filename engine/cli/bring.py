"""hs-star import-responses and init: what a person brings, turned into what a study can use. Both
need only the folder beside a database.
"""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli.options import as_json, database, mapping

if TYPE_CHECKING:
    from engine.recorded.about import Scale


@click.command("import-responses")
@click.argument("file")
@click.option(
    "--scale",
    type=click.Choice(["probability", "logit"]),
    help="Of the scores; needed where there are some.",
)
@click.option(
    "--rewards",
    metavar="FILE",
    help="The reference code's *_reward_dict file that belongs to FILE.",
)
@mapping
@click.option("--check", is_flag=True, help="Grade again, and list where the given flags disagree.")
@database
@as_json
def import_responses(
    file: str,
    scale: "Scale | None",
    rewards: str | None,
    mapping: dict[str, str] | None,
    check: bool,
    db: Path,
    as_json: bool,
) -> None:
    """Import responses that were sampled elsewhere, to run a study on them.

    FILE is JSONL, CSV, Parquet or JSON, or a folder of such parts: one response per row, or lists
    per problem. starter:choice and starter:code come with the program.
    """
    from engine.paths import artifacts_of
    from engine.recorded import SHIPPED, import_responses

    imported = import_responses(
        SHIPPED.get(file) or Path(file),
        artifacts_of(db),
        scale=scale,
        rewards=Path(rewards) if rewards else None,
        mapping=mapping,
        on_progress=_report,
    )
    checked = _regraded(imported) if check else None
    if as_json:
        print(json.dumps(_as_plain(imported, checked)))
        return
    print(
        "\n".join(
            [
                *imported.notes,
                *(f"line {r.line}: {r.reason}" for r in imported.rejected[:20]),
                *(f"line {r.line}: {r.reason}" for r in imported.misfits[:20]),
                *_summary(imported),
            ]
        )
    )


def _report(done: int, total: int) -> None:
    print(f"\r{done:,} of {total:,} lines", end="" if done < total else "\n", file=sys.stderr)


def _as_plain(imported, checked) -> dict:
    from dataclasses import asdict

    disagreements = {"disagreements": [asdict(d) for d in checked.disagreements]} if checked else {}
    return {**asdict(imported), "label": imported.label, **disagreements}


def _regraded(imported):
    from engine.grading import Grader
    from engine.grading.again import as_table
    from engine.grading.again import regrade as grade_again
    from engine.recorded.flags import flagged

    with Grader() as grader:
        done = grade_again(flagged(Path(imported.folder)), grader)
    if done.disagreements:
        print(as_table(done.disagreements), file=sys.stderr)
    print(f"{len(done.disagreements)} of {done.n_graded} flags disagree.", file=sys.stderr)
    return done


def _summary(imported) -> list[str]:
    scores = {
        "steps": "step scores",
        "outcome": "outcome scores, no minimum over steps",
        "none": "no scores: accuracy mode only",
    }
    return [
        f"{imported.n_responses:,} responses of {imported.n_problems:,} problems"
        f" ({imported.label}); {scores[imported.scores]}; {imported.n_rejected:,} rejected"
        + (f"; {imported.n_misfit:,} with scores that do not fit" if imported.n_misfit else "")
        + ("" if imported.is_new else "; imported before, nothing was added"),
        f"A study on them: python -m engine run {Path(imported.folder) / 'study.toml'} --db ...",
    ]


@click.command()
@click.argument("config", metavar="CONFIG.toml")
@click.option(
    "--solutions",
    required=True,
    metavar="FILE",
    help="Problems with a solution each, steps between blank lines.",
)
@database
@as_json
def init(config: str, solutions: str, db: Path, as_json: bool) -> None:
    """Train a configuration's policy once on worked solutions, by its [init] table; print the new
    folder.
    """
    from engine.config import load_config
    from engine.headless.init import initialise
    from engine.paths import artifacts_of

    artifacts = artifacts_of(db)
    folder = initialise(load_config(config), Path(solutions), artifacts, on_event=_report_training)
    print(json.dumps({"policy": str(folder)}) if as_json else folder)


def _report_training(event) -> None:
    from engine.events import Note, OptimiserStep

    if isinstance(event, OptimiserStep):
        print(
            f"init  {event.step} of {event.n_steps} steps, loss {event.values['loss']:.4f}",
            file=sys.stderr,
        )
    elif isinstance(event, Note):
        print(event.text, file=sys.stderr)
