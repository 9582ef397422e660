"""hs-star judge: a second opinion on a run's wrong verdicts."""

import json
import sys
from pathlib import Path

import click

from engine.cli.options import as_json, database, one_run, require_database


@click.command()
@one_run
@database
@click.option("--iteration", type=click.IntRange(0), help="Left out, the last one.")
@click.option("--base-url", help="An OpenAI-compatible server in place of judge.base_url.")
@click.option("--model", help="In place of judge.model.")
@as_json
def judge(
    run_id: str | None,
    db: Path,
    iteration: int | None,
    base_url: str | None,
    model: str | None,
    as_json: bool,
) -> None:
    """Ask a language model about a run's wrong verdicts; nothing is replaced."""
    from engine.store import Database

    require_database(db)
    opened = Database(db)
    try:
        asked = _asked(opened, run_id, iteration, {"base_url": base_url, "model": model})
    finally:
        opened.close()
    if as_json:
        print(json.dumps(asked))
        return
    print(
        f"{asked['n_asked']:,} asked: {asked['n_same']:,} the same, {asked['n_different']:,}"
        f" different, {asked['n_unclear']:,} unclear. {asked['n_counted']:,} count as correct by"
        " that. The page Verdicts shows them to a person."
    )


def _asked(db, run_id: str | None, iteration: int | None, given: dict[str, str | None]) -> dict:
    """What came of asking, as plain data. Raises: EngineError."""
    from dataclasses import asdict, replace

    from engine import store
    from engine.judging import Judge, ask_judge
    from engine.study.handle import Iteration
    from engine.study.runs import pick_run

    run = pick_run(db, run_id)
    number = store.runs.iterations(db, run)[-1].number if iteration is None else iteration
    it = Iteration(db, run, number)
    store.runs.get_iteration(it)
    settings = replace(it.config.judge, **{k: v for k, v in given.items() if v})
    judge = Judge.asked_for(settings)
    asked = ask_judge(it, judge, _report)
    return {"judge": judge.id, "n_asked": asked.n_asked} | asdict(asked)


def _report(so_far) -> None:
    print(f"{so_far.n_asked:,} of {so_far.n_owed:,} asked", file=sys.stderr)
