"""The command line: python -m engine run | resume | evaluate | status | export | regrade | import-responses | doctor.

A sibling of the dashboard. With --json standard output holds nothing but the result; what happens meanwhile goes to standard error.
"""

import argparse
import json
import sys
from pathlib import Path

from engine.errors import EngineError

DEFAULT_DB = Path(__file__).resolve().parent.parent / "data" / "studio.duckdb"


def main(argv: list[str] | None = None) -> int:
    """Returns the exit status: 0, or 1 after an error sentence on standard error."""
    arguments = _parser().parse_args(argv)
    try:
        arguments.command(arguments)
    except EngineError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. What was finished is stored; `resume` goes on.", file=sys.stderr)
        return 130
    return 0


def run(arguments) -> None:
    from engine.auto import require_thresholds
    from engine.config import load_config
    from engine.runs import create_run

    config = load_config(arguments.config)
    require_thresholds(config)
    _walk(arguments, lambda db: create_run(db, config))


def resume(arguments) -> None:
    from engine.errors import ConfigError
    from engine.store import reads

    def pick(db):
        known = [row["id"] for row in reads.runs(db)]
        if not known or (arguments.run and arguments.run not in known):
            raise ConfigError(f"There is no run {arguments.run or 'yet'} in {db.path}. `run` starts one.")
        return arguments.run or known[0]

    _require_database(arguments.db)
    _walk(arguments, pick)


def evaluate(arguments) -> None:
    from engine.config import load_config
    from engine.runs import create_run

    config = load_config(arguments.config)
    _walk(arguments, lambda db: create_run(db, config), evaluate_only=True)


def _walk(arguments, choose_run, *, evaluate_only: bool = False) -> None:
    from engine.auto import evaluate_policy, run_to_end
    from engine.jobs import JobRunner
    from engine.store import Database
    from engine.summary import summarise

    db = Database(arguments.db)
    runner = None
    try:
        run_id = choose_run(db)
        print(f"Run {run_id} in {db.path}", file=sys.stderr)
        runner = JobRunner(db)
        runner.continue_queue()
        runner.on_progress = _report
        (evaluate_policy if evaluate_only else run_to_end)(runner, run_id)
        result = summarise(db, run_id)
    finally:
        if runner:
            runner.close()
        db.close()
    print(json.dumps(result, indent=None if arguments.json else 2))


def _report(job: dict) -> None:
    total = f" of {job['n_total']} {job['unit']}" if job["n_total"] is not None else ""
    print(f"iteration {job['iteration']}  {job['kind']:<10} {job['state']:<10} {job['n_done']}{total}", file=sys.stderr)


def status(arguments) -> None:
    from engine.errors import StoreLocked
    from engine.jobs import status_path
    from engine.store import Database, job_rows, reads

    _require_database(arguments.db)
    try:
        db = Database(arguments.db)
    except StoreLocked as locked:
        path = status_path(Path(arguments.db).resolve())
        if not path.exists():
            raise
        print(path.read_text() if arguments.json else f"{locked}\nIt last said: {path.read_text()}")
        return
    job_rows.mark_lost(db)
    found = [
        {"id": row["id"], "name": row["name"], "n_iterations": row["n_iterations"], "jobs": _job_states(db, row["id"])}
        for row in reads.runs(db)
    ]
    db.close()
    if arguments.json:
        print(json.dumps({"runs": found}))
    for row in [] if arguments.json else found:
        print(f"{row['id']}  {row['name']}  iterations: {row['n_iterations']}")
        for job in row["jobs"]:
            print(f"    {job['iteration']}  {job['kind']:<10} {job['state']:<12} {job['n_done']}/{job['n_total']}")


def _require_database(path: str) -> None:
    """Only `run` makes a database. Raises: ConfigError if there is none."""
    from engine.errors import ConfigError

    if not Path(path).expanduser().exists():
        raise ConfigError(f"There is no database at {path}. Give one with --db; `run` makes it.")


def _job_states(db, run_id: str) -> list[dict]:
    from engine.store import job_rows

    return [{k: job[k] for k in ("iteration", "kind", "state", "n_done", "n_total")} for job in job_rows.of_run(db, run_id)]


def export(arguments) -> None:
    from engine import export as out
    from engine.store import Database

    _require_database(arguments.db)
    path, run, t = Path(arguments.out).expanduser(), {"run_id": arguments.run}, {"iteration": arguments.iteration}
    db = Database(arguments.db)
    try:
        if arguments.what == "policy":
            said = {"policy": out.export_policy(db, path, **run, **t)}
            lines = [f"Policy {said['policy']} in {path}"]
        elif arguments.what == "config":
            said = {"notes": out.export_config(db, path, **run)}
            lines = [f"Configuration in {path}", *said["notes"]]
        elif arguments.what == "all":
            said = out.export_all(db, path, suffix=f".{arguments.format}", **run)
            lines = [f"{n} rows in {path / what}.{arguments.format}" for what, n in said.items()]
        else:
            said = {arguments.what: out.export_table(db, arguments.what, path, **run, **t)}
            lines = [f"{said[arguments.what]} rows in {path}"]
    finally:
        db.close()
    if arguments.json:
        print(json.dumps(said))
    for line in [] if arguments.json else lines:
        print(line, file=sys.stderr)


def regrade(arguments) -> None:
    from dataclasses import asdict

    from engine.export import pick_run
    from engine.grading import Grader
    from engine.grading.again import as_table
    from engine.grading.again import regrade as grade_again
    from engine.store import Database
    from engine.verdicts import stored_verdicts

    def report(so_far) -> None:
        print(f"{so_far.n_graded:,} graded again, {len(so_far.disagreements):,} disagree", file=sys.stderr)

    _require_database(arguments.db)
    db = Database(arguments.db)
    try:
        with Grader() as grader:
            done = grade_again(stored_verdicts(db, pick_run(db, arguments.run)), grader, report)
    finally:
        db.close()
    found = done.disagreements
    if arguments.json:
        print(json.dumps({"n_graded": done.n_graded, "n_disagreeing": len(found), "disagreements": [asdict(d) for d in found]}))
    else:
        print(as_table(found) if found else f"All {done.n_graded:,} verdicts are given again.")


def import_recorded(arguments) -> None:
    from dataclasses import asdict

    from engine.recorded import import_responses
    from engine.store import artifacts_of

    def report(done: int, total: int) -> None:
        print(f"\r{done:,} of {total:,} lines", end="" if done < total else "\n", file=sys.stderr)

    made = import_responses(
        Path(arguments.file), artifacts_of(Path(arguments.db).expanduser().resolve()), scale=arguments.scale,
        rewards=Path(arguments.rewards) if arguments.rewards else None, on_progress=report,
    )  # fmt: skip
    checked = _regraded(made) if arguments.check else None
    if arguments.json:
        disagreements = {"disagreements": [asdict(d) for d in checked.disagreements]} if checked else {}
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
    scores = {"steps": "step scores", "outcome": "outcome scores, no minimum over steps", "none": "no scores: accuracy mode only"}
    return [
        f"{made.n_responses:,} responses of {made.n_problems:,} problems ({made.label}); {scores[made.scores]}; "
        f"{made.n_rejected:,} rejected" + ("" if made.is_new else "; imported before, nothing was added"),
        f"A study on them: python -m engine run {Path(made.folder) / 'study.toml'} --db ...",
    ]


def rates(arguments) -> None:
    from engine.recorded.rates import read_rates

    found = read_rates(Path(arguments.file))
    result = {"n_problems": len(found.names), "n_rejected": len(found.rejected), "classes": found.classes()}
    print(json.dumps(result, indent=None if arguments.json else 2))


def doctor(arguments) -> None:
    from engine.doctor import examine

    findings = examine(Path(arguments.db))
    print(json.dumps(findings) if arguments.json else "\n".join(f"{name:<14} {value}" for name, value in findings.items()))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m engine", description="HS-STaR Studio without a browser.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name, function, summary):
        command = commands.add_parser(name, help=summary, description=summary)
        command.add_argument("--db", default=str(DEFAULT_DB), help="the database file (default: %(default)s)")
        command.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
        command.set_defaults(command=function)
        return command

    add("run", run, "Run whole iterations with a configuration's thresholds.").add_argument("config", help="a TOML file")
    add("resume", resume, "Go on with a run where it stopped.").add_argument("--run", help="run id (default: the newest)")
    add("evaluate", evaluate, "Evaluate a configuration's policy on its held-out problems, and nothing else.").add_argument(
        "config", help="a TOML file"
    )
    add("status", status, "Say which runs and jobs a database holds, or what its owner does.")
    _add_export(add("export", export, "Write a run's table, configuration or trained policy to a file or folder."))
    add("regrade", regrade, "Grade a run's stored responses again, list other verdicts, write nothing.").add_argument(
        "--run", help="run id (default: the newest)"
    )
    importing = add("import-responses", import_recorded, "Import responses that were sampled elsewhere, to run a study on them.")
    importing.add_argument("file", help="JSONL, CSV, Parquet or JSON: one response per row, or lists per problem")
    importing.add_argument("--scale", choices=["probability", "logit"], help="of the scores; needed where there are some")
    importing.add_argument("--rewards", metavar="FILE", help="the reference code's *_reward_dict file that belongs to FILE")
    importing.add_argument("--check", action="store_true", help="grade again, and list where the given flags disagree")
    add("rates", rates, "Classes by accuracy of a table of pass rates per problem.").add_argument("file")
    add("doctor", doctor, "Say what is installed, which device and sampler would be used, and who owns the database.")
    return parser


def _add_export(exporting: argparse.ArgumentParser) -> None:
    from engine.export import TABLES

    exporting.add_argument("what", choices=[*TABLES, "config", "policy", "all"])
    exporting.add_argument(
        "out", help="a .jsonl, .csv or .parquet file for a table, .toml or .json for config, a new folder for policy, a folder for all"
    )
    exporting.add_argument("--run", help="run id (default: the newest)")
    exporting.add_argument("--iteration", type=int, help="rows of one iteration; for policy, the one that trained it")
    exporting.add_argument("--format", choices=["jsonl", "csv", "parquet"], default="parquet", help="of the tables of all")


if __name__ == "__main__":
    sys.exit(main())
