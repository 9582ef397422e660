"""The commands that need no database: import recorded responses, count rate tables. See
engine.__main__.
"""

import json
import sys
from pathlib import Path


def import_recorded(arguments) -> None:
    from dataclasses import asdict

    from engine.paths import artifacts_of
    from engine.recorded import import_responses

    def report(done: int, total: int) -> None:
        print(f"\r{done:,} of {total:,} lines", end="" if done < total else "\n", file=sys.stderr)

    made = import_responses(
        Path(arguments.file),
        artifacts_of(Path(arguments.db).expanduser().resolve()),
        scale=arguments.scale,
        rewards=Path(arguments.rewards) if arguments.rewards else None,
        on_progress=report,
    )
    checked = _regraded(made) if arguments.check else None
    if arguments.json:
        disagreements = (
            {"disagreements": [asdict(d) for d in checked.disagreements]} if checked else {}
        )
        print(json.dumps({**asdict(made), "label": made.label, **disagreements}))
        return
    print("\n".join([*(f"line {r.line}: {r.reason}" for r in made.rejected[:20]), *_told(made)]))


def _regraded(made):
    from engine.grading import Grader
    from engine.grading.again import as_table
    from engine.grading.again import regrade as grade_again
    from engine.recorded.flags import flagged

    with Grader() as grader:
        done = grade_again(flagged(Path(made.folder)), grader)
    if done.disagreements:
        print(as_table(done.disagreements), file=sys.stderr)
    print(f"{len(done.disagreements)} of {done.n_graded} flags disagree.", file=sys.stderr)
    return done


def _told(made) -> list[str]:
    scores = {
        "steps": "step scores",
        "outcome": "outcome scores, no minimum over steps",
        "none": "no scores: accuracy mode only",
    }
    return [
        f"{made.n_responses:,} responses of {made.n_problems:,} problems ({made.label});"
        f" {scores[made.scores]}; {made.n_rejected:,} rejected"
        + ("" if made.is_new else "; imported before, nothing was added"),
        f"A study on them: python -m engine run {Path(made.folder) / 'study.toml'} --db ...",
    ]


def rates(arguments) -> None:
    from engine.recorded.rates import read_rates

    found = read_rates(Path(arguments.file))
    result = {
        "n_problems": len(found.names),
        "n_rejected": len(found.rejected),
        "classes": found.classes(),
    }
    print(json.dumps(result, indent=None if arguments.json else 2))
