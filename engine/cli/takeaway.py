"""hs-star export and regrade: what a run can be taken away as, and whether its verdicts hold."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.cli.options import as_json, database, one_run, require_database
from engine.paths import expanded

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from engine.store import Database


class Exportable(click.ParamType):
    """A table's name, config, policy or all. Which tables there are is asked of the room that
    writes them, and only when a person exports: that room is slow to import.
    """

    name = "what"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return _choice().convert(value, param, ctx)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> "list[CompletionItem]":
        return _choice().shell_complete(ctx, param, incomplete)


def _choice() -> click.Choice:
    from engine.export.run import TABLES

    return click.Choice([*TABLES, "config", "policy", "all", "study", "prompts"])


@click.command()
@click.argument("what", type=Exportable())
@click.argument("out")
@one_run
@click.option(
    "--iteration", type=int, help="Rows of one iteration; for policy, the one that trained it."
)
@click.option(
    "--adapter", is_flag=True, help="For policy: only its LoRA adapter, as peft loads it."
)
@click.option(
    "--format",
    "suffix",
    type=click.Choice(["jsonl", "csv", "parquet"]),
    default="parquet",
    show_default=True,
    help="Of the tables of all.",
)
@click.option(
    "--where",
    default="",
    metavar="CONDITION",
    help="For a table: only rows where it holds, such as 'correct and n_tokens < 800'; or @NAME of"
    " one that was saved on a page.",
)
@click.option(
    "--for",
    "trainer",
    type=click.Choice(["trl", "verl", "verifiers", "openrlhf"]),
    default="trl",
    show_default=True,
    help="Of prompts: which trainer reads them (verifiers is prime-rl's, too).",
)
@database
@as_json
def export(what: str, out: str, db: Path, as_json: bool, **chosen: Any) -> None:
    """Write a run's table, configuration or trained policy to a file or folder.

    WHAT is config, policy, all, or a table: problems, responses, side_responses, drawn_responses,
    held_out_responses, estimates, plan, pairs, metrics, evaluations, overrides, tags.

    OUT is a .jsonl, .csv or .parquet file for a table, .toml or .json for config, a folder for all.
    For policy it is a new folder, or a .gguf file, which llama.cpp's converter writes. WHAT may
    also be study: the database and the files beside it in one file, OUT.tar, for import-study; of
    one run with --run, else of all. Or prompts: an iteration's training problems as the data set of
    another trainer (--for), a .jsonl or .parquet file with pass rate, class and allocation;
    --where 'n_more > 0' for what the plan gives something.
    """
    from engine.store import Database

    require_database(db)
    if what == "study":
        _pack(db, expanded(out).resolve(), chosen["run_id"], as_json)
        return
    opened = Database(db)
    try:
        export = _prompts if what == "prompts" else _exported
        said, lines = export(opened, what, expanded(out), **chosen)
    finally:
        opened.close()
    if as_json:
        print(json.dumps(said))
    for line in [] if as_json else lines:
        print(line, file=sys.stderr)


def _pack(db: Path, out: Path, run_id: str | None, as_json: bool) -> None:
    from engine.export.study import pack

    packed = pack(db, out, run_id=run_id)
    if as_json:
        print(json.dumps(asdict(packed)))
        return
    print(f"{len(packed.run_ids)} runs, {packed.n_bytes:,} bytes in {out}", file=sys.stderr)
    for path in packed.elsewhere:
        print(f"Not here, and not in it: {path}", file=sys.stderr)


@click.command("import-study")
@click.argument("file")
@database
@as_json
def import_study(file: str, db: Path, as_json: bool) -> None:
    """Bring back what `export study` packed: a new database, or more runs in one that is there."""
    from engine.export.study import unpack

    brought = unpack(expanded(file).resolve(), db)
    if as_json:
        print(json.dumps(asdict(brought)))
        return
    print(f"{len(brought.run_ids)} runs in {db}: {', '.join(brought.run_ids)}")
    for path in brought.elsewhere:
        print(f"Not on this machine: the model at {path}", file=sys.stderr)


def _prompts(
    db: "Database",
    what: str,
    path: Path,
    *,
    run_id: str | None,
    iteration: int | None,
    where: str,
    trainer: str,
    **_: Any,
) -> tuple[dict, list[str]]:
    from engine.export.trainers import export_prompts

    n_rows = export_prompts(db, trainer, path, run_id=run_id, iteration=iteration, where=where)
    return {what: n_rows}, [f"{n_rows} problems for {trainer} in {path}"]


def _exported(
    db: "Database",
    what: str,
    path: Path,
    *,
    run_id: str | None,
    iteration: int | None,
    adapter: bool,
    suffix: str,
    where: str,
    **_: Any,
) -> tuple[dict, list[str]]:
    """What --json says of an export, and the lines that say it to a person."""
    from engine.errors import ConfigError
    from engine.export import run as out

    if where and what in ("policy", "config", "all"):
        raise ConfigError(f"--where chooses rows of a table, and {what} is none: name a table.")
    if what == "policy":
        policy = out.export_policy(db, path, run_id=run_id, iteration=iteration, adapter=adapter)
        return {"policy": policy}, [
            f"{'The adapter of policy' if adapter else 'Policy'} {policy} in {path}"
        ]
    if what == "config":
        notes = out.export_config(db, path, run_id=run_id)
        return {"notes": notes}, [f"Configuration in {path}", *notes]
    if what == "all":
        counts = out.export_all(db, path, run_id=run_id, suffix=f".{suffix}")
        return counts, [f"{n} rows in {path / table}.{suffix}" for table, n in counts.items()]
    n_rows = out.export_table(db, what, path, run_id=run_id, iteration=iteration, where=where)
    return {what: n_rows}, [f"{n_rows} rows in {path}"]


@click.command()
@one_run
@database
@click.option(
    "--extraction",
    type=click.Choice(["stated", "strict", "lenient", "earlier"]),
    help="How answers are found; left out, as the run's configuration says.",
)
@click.option(
    "--against",
    type=click.Choice(["math-verify"]),
    help="Judge by another engine instead, bare Math-Verify over the whole texts, and count by kind"
    " where the two disagree.",
)
@click.option(
    "--apply",
    "is_applied",
    is_flag=True,
    help="Let what changes between correct and wrong count: as overrides, each with an undo.",
)
@as_json
def regrade(
    run_id: str | None,
    db: Path,
    extraction: str | None,
    against: str | None,
    is_applied: bool,
    as_json: bool,
) -> None:
    """Grade a run's stored responses again and list other verdicts."""
    from engine.store import Database
    from engine.study.overrides import apply_regrade
    from engine.study.runs import pick_run

    if against and (is_applied or extraction):
        raise click.UsageError(
            "--against asks another engine, whose word is for a person to judge: it takes neither"
            " --extraction nor --apply."
        )
    require_database(db)
    opened = Database(db)
    try:
        done = _graded_again(opened, pick_run(opened, run_id), extraction, against)
        n_applied = (
            apply_regrade(opened, done.disagreements, made_by="regrade") if is_applied else None
        )
    finally:
        opened.close()
    _print_disagreements(done, as_json, is_audit=against is not None, n_applied=n_applied)


def _graded_again(db, run_id: str, extraction: str | None, against: str | None):
    from dataclasses import replace

    from engine.export.regrade import stored_verdicts
    from engine.grading import Grader
    from engine.grading.again import by_correctness
    from engine.grading.again import regrade as grade_again
    from engine.study.handle import Iteration

    config = Iteration(db, run_id, 0).config
    if extraction:
        config = replace(config, grading=replace(config.grading, extraction=extraction))
    stored = stored_verdicts(db, run_id)
    if against:
        stored = map(by_correctness, stored)
    with Grader(rules="math-verify" if against else "ours") as grader:
        return grade_again(stored, grader, _report, config.extraction())


def _report(so_far) -> None:
    print(
        f"{so_far.n_graded:,} graded again, {len(so_far.disagreements):,} disagree",
        file=sys.stderr,
    )


def _print_disagreements(done, as_json: bool, *, is_audit: bool, n_applied: int | None) -> None:
    from dataclasses import asdict

    from engine.grading.again import as_table
    from engine.grading.audit import kinds

    disagreements = done.disagreements
    if as_json:
        said = {
            "n_graded": done.n_graded,
            "n_disagreeing": len(disagreements),
            "disagreements": [asdict(d) for d in disagreements],
        }
        said |= {"kinds": dict(kinds(disagreements))} if is_audit else {}
        said |= {} if n_applied is None else {"n_applied": n_applied}
        print(json.dumps(said))
        return
    if not disagreements:
        print(f"All {done.n_graded:,} verdicts are given again.")
        return
    print(as_table(disagreements))
    for kind, n in kinds(disagreements) if is_audit else ():
        print(f"{n:,} × {kind}")
    if n_applied is not None:
        print(
            f"{n_applied:,} verdicts count as they are now, each as an override with an undo. The"
            " run's next responses are graded by the rules that it was begun with."
        )
