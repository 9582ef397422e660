"""The command line: python -m engine run | resume | evaluate | compare | replay | status | export |
regrade | …

A sibling of the dashboard. With --json standard output holds nothing but the result; what happens
meanwhile goes to standard error.
"""

import argparse
import json
import sys
from pathlib import Path

from engine.cli.bring import import_recorded, rates
from engine.errors import EngineError
from engine.paths import DEFAULT_DB


def main(argv: list[str] | None = None) -> int:
    """Returns the exit status: 0, or 1 after an error sentence on standard error."""
    arguments = _parser().parse_args(argv)
    try:
        return arguments.command(arguments) or 0
    except EngineError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. What was finished is stored; `resume` goes on.", file=sys.stderr)
        return 130


def run(arguments) -> None:
    from engine.config import load_config, require_thresholds
    from engine.config.templates import from_template
    from engine.study.runs import create_run

    config = load_config(arguments.config)
    if arguments.template:
        config = from_template(config, arguments.template)
    require_thresholds(config)
    _walk(arguments, lambda db: create_run(db, config))


def resume(arguments) -> None:
    from engine import store
    from engine.errors import ConfigError

    def pick(db):
        known = [run.id for run in store.runs.listed(db)]
        if not known or (arguments.run and arguments.run not in known):
            raise ConfigError(
                f"There is no run {arguments.run or 'yet'} in {db.path}. `run` starts one."
            )
        return arguments.run or known[0]

    _require_database(arguments.db)
    _walk(arguments, pick)


def evaluate(arguments) -> None:
    from engine.config import load_config
    from engine.errors import ConfigError
    from engine.study.runs import create_run

    if arguments.suite:
        _evaluate_suite(arguments)
    elif Path(arguments.policy).suffix in (".toml", ".json"):
        config = load_config(arguments.policy)
        _walk(arguments, lambda db: create_run(db, config), evaluate_only=True)
    else:
        raise ConfigError(
            f"{arguments.policy} is no .toml or .json configuration: to evaluate a policy alone,"
            " name a suite with --suite."
        )


def _evaluate_suite(arguments) -> None:
    from dataclasses import asdict

    from engine.figures.text import table
    from engine.headless.suites import as_rows, evaluate_suite, load_suite, subject
    from engine.jobs.runner import JobRunner
    from engine.store import Database

    suite, chosen = load_suite(arguments.suite), subject(arguments.policy)
    data = Path(arguments.data).expanduser() if arguments.data else None
    db = Database(arguments.db)
    runner = None
    try:
        runner = JobRunner(db)
        runner.continue_queue()
        runner.on_progress = _report
        result = evaluate_suite(runner, suite, chosen, data=data, n_max=arguments.n_max)
    finally:
        if runner:
            runner.close()
        db.close()
    print(json.dumps(asdict(result)) if arguments.json else table(as_rows(result)))


def _walk(arguments, choose_run, *, evaluate_only: bool = False) -> None:
    from engine.figures.summary import summarise
    from engine.headless.run import evaluate_policy, run_to_end
    from engine.jobs.runner import JobRunner
    from engine.store import Database

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


def _report(job) -> None:
    total = f" of {job.n_total} {job.unit}" if job.n_total is not None else ""
    print(
        f"iteration {job.iteration}  {job.kind:<10} {job.state:<10} {job.n_done}{total}",
        file=sys.stderr,
    )


def compare(arguments) -> None:
    from engine.figures.comparison import compare as side_by_side
    from engine.figures.comparison import plain
    from engine.figures.measure import measure_files
    from engine.figures.text import as_text

    found = side_by_side(measure_files(arguments.runs))
    print(json.dumps(plain(found)) if arguments.json else as_text(found))


def replay(arguments) -> None:
    from dataclasses import asdict

    from engine.config import load_config
    from engine.figures.text import table
    from engine.headless.replay import as_rows, replay_config, replay_run

    chosen = {"tau_l": arguments.tau_l, "tau_h": arguments.tau_h, "mode": arguments.mode}
    if arguments.config:
        found = replay_config(load_config(arguments.config), **chosen)
    else:
        _require_database(arguments.db)
        found = replay_run(Path(arguments.db), arguments.run, **chosen)
    print(json.dumps([asdict(r) for r in found]) if arguments.json else table(as_rows(found)))


def status(arguments) -> None:
    from engine import store
    from engine.errors import StoreLocked
    from engine.paths import status_path
    from engine.store import Database

    _require_database(arguments.db)
    try:
        db = Database(arguments.db)
    except StoreLocked as locked:
        path = status_path(Path(arguments.db).resolve())
        if not path.exists():
            raise
        print(path.read_text() if arguments.json else f"{locked}\nIt last said: {path.read_text()}")
        return
    store.jobs.mark_lost(db)
    found = [
        {
            "id": run.id,
            "name": run.name,
            "n_iterations": run.n_iterations,
            "jobs": _job_states(db, run.id),
        }
        for run in store.runs.listed(db)
    ]
    db.close()
    if arguments.json:
        print(json.dumps({"runs": found}))
    for row in [] if arguments.json else found:
        print(f"{row['id']}  {row['name']}  iterations: {row['n_iterations']}")
        for job in row["jobs"]:
            print(
                f"    {job['iteration']}  {job['kind']:<10} {job['state']:<12}"
                f" {job['n_done']}/{job['n_total']}"
            )


def _require_database(path: str) -> None:
    """Only `run` makes a database. Raises: ConfigError if there is none."""
    from engine.errors import ConfigError

    if not Path(path).expanduser().exists():
        raise ConfigError(f"There is no database at {path}. Give one with --db; `run` makes it.")


def _job_states(db, run_id: str) -> list[dict]:
    from engine import store

    return [
        {k: getattr(job, k) for k in ("iteration", "kind", "state", "n_done", "n_total")}
        for job in store.jobs.of_run(db, run_id)
    ]


def export(arguments) -> None:
    from engine.export import run as out
    from engine.store import Database

    _require_database(arguments.db)
    path, run, t = (
        Path(arguments.out).expanduser(),
        {"run_id": arguments.run},
        {"iteration": arguments.iteration},
    )
    db = Database(arguments.db)
    try:
        if arguments.what == "policy":
            said = {"policy": out.export_policy(db, path, **run, **t, adapter=arguments.adapter)}
            lines = [
                f"{'The adapter of policy' if arguments.adapter else 'Policy'} {said['policy']} in"
                f" {path}"
            ]
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

    from engine.export.regrade import stored_verdicts
    from engine.grading import Grader
    from engine.grading.again import as_table
    from engine.grading.again import regrade as grade_again
    from engine.store import Database
    from engine.study.runs import pick_run

    def report(so_far) -> None:
        print(
            f"{so_far.n_graded:,} graded again, {len(so_far.disagreements):,} disagree",
            file=sys.stderr,
        )

    _require_database(arguments.db)
    db = Database(arguments.db)
    try:
        with Grader() as grader:
            done = grade_again(stored_verdicts(db, pick_run(db, arguments.run)), grader, report)
    finally:
        db.close()
    found = done.disagreements
    if arguments.json:
        print(
            json.dumps(
                {
                    "n_graded": done.n_graded,
                    "n_disagreeing": len(found),
                    "disagreements": [asdict(d) for d in found],
                }
            )
        )
    else:
        print(as_table(found) if found else f"All {done.n_graded:,} verdicts are given again.")


def init(arguments) -> None:
    from engine.config import load_config
    from engine.events import Note, OptimiserStep
    from engine.headless.init import initialise
    from engine.paths import artifacts_of

    def report(event) -> None:
        if isinstance(event, OptimiserStep):
            print(
                f"init  {event.step} of {event.n_steps} steps, loss {event.values['loss']:.4f}",
                file=sys.stderr,
            )
        elif isinstance(event, Note):
            print(event.text, file=sys.stderr)

    artifacts = artifacts_of(Path(arguments.db).expanduser().resolve())
    folder = initialise(
        load_config(arguments.config), Path(arguments.solutions), artifacts, on_event=report
    )
    print(json.dumps({"policy": str(folder)}) if arguments.json else folder)


def doctor(arguments) -> int:
    from engine.doctor.machine import examine

    if arguments.config:
        return _doctor_config(arguments)
    findings = examine(Path(arguments.db))
    print(
        json.dumps(findings)
        if arguments.json
        else "\n".join(f"{name:<14} {value}" for name, value in findings.items())
    )
    return 0


def _doctor_config(arguments) -> int:
    """1 where something is asked for or must be changed before `run` would start."""
    from dataclasses import asdict

    from engine.doctor.configuration import examine_config, is_runnable

    findings = examine_config(Path(arguments.config))
    runnable = is_runnable(findings)
    if arguments.json:
        print(
            json.dumps(
                {"runnable": runnable, "findings": [asdict(finding) for finding in findings]}
            )
        )
    else:
        print("\n".join(f"{f.status:<7} {f.about:<34} {f.text}" for f in findings))
        print(
            "It would run."
            if runnable
            else "It would not run yet: see the lines with ask and change."
        )
    return 0 if runnable else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m engine", description="HS-STaR Studio without a browser."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name, function, summary, *, one_database=True):
        command = commands.add_parser(name, help=summary, description=summary)
        if one_database:
            command.add_argument(
                "--db", default=str(DEFAULT_DB), help="the database file (default: %(default)s)"
            )
        command.add_argument(
            "--json", action="store_true", help="print one JSON object and nothing else"
        )
        command.set_defaults(command=function)
        return command

    running = add("run", run, "Run whole iterations with a configuration's thresholds.")
    running.add_argument("config", help="a TOML file")
    running.add_argument(
        "--template",
        metavar="NAME",
        help="run it as this method or baseline, such as hs_star, uniform_dpo, rest_em, b_star",
    )
    add("resume", resume, "Go on with a run where it stopped.").add_argument(
        "--run", help="run id (default: the newest)"
    )
    evaluating = add(
        "evaluate",
        evaluate,
        "Evaluate a policy, and nothing else: on a suite, or a configuration's on its held-out"
        " problems.",
    )
    evaluating.add_argument(
        "policy", help="a configuration; with --suite also a model folder, a hub id, or starter"
    )
    evaluating.add_argument("--suite", help="paper, or a .toml file that names problem sets")
    evaluating.add_argument(
        "--data",
        metavar="FOLDER",
        help="where the suite's files are (default: what the suite registers)",
    )
    evaluating.add_argument(
        "--n-max", type=int, help="at most so many problems per set, the first ones (default: all)"
    )
    add(
        "compare",
        compare,
        "Set runs side by side: budget, accuracy, pairs, gains.",
        one_database=False,
    ).add_argument(
        "runs",
        nargs="+",
        metavar="FILE[:RUN]",
        help="a database and a run in it (default: its newest run)",
    )
    starting = add(
        "init",
        init,
        "Train a configuration's policy once on worked solutions, by its [init] table; print the"
        " new folder.",
    )
    starting.add_argument("config", help="a TOML file")
    starting.add_argument(
        "--solutions",
        required=True,
        metavar="FILE",
        help="problems with a solution each, steps between blank lines",
    )
    replaying = add(
        "replay", replay, "Say what every strategy would have yielded on recorded responses."
    )
    replaying.add_argument(
        "config", nargs="?", help="an imported set's study.toml; without it a run of --db"
    )
    replaying.add_argument("--run", help="run id (default: the newest)")
    replaying.add_argument("--tau-l", type=float, help="default: the configuration's")
    replaying.add_argument("--tau-h", type=float)
    replaying.add_argument("--mode", choices=["both", "accuracy", "reward", "posterior"])
    add("status", status, "Say which runs and jobs a database holds, or what its owner does.")
    _add_export(
        add(
            "export",
            export,
            "Write a run's table, configuration or trained policy to a file or folder.",
        )
    )
    add(
        "regrade",
        regrade,
        "Grade a run's stored responses again, list other verdicts, write nothing.",
    ).add_argument("--run", help="run id (default: the newest)")
    importing = add(
        "import-responses",
        import_recorded,
        "Import responses that were sampled elsewhere, to run a study on them.",
    )
    importing.add_argument(
        "file", help="JSONL, CSV, Parquet or JSON: one response per row, or lists per problem"
    )
    importing.add_argument(
        "--scale",
        choices=["probability", "logit"],
        help="of the scores; needed where there are some",
    )
    importing.add_argument(
        "--rewards",
        metavar="FILE",
        help="the reference code's *_reward_dict file that belongs to FILE",
    )
    importing.add_argument(
        "--check", action="store_true", help="grade again, and list where the given flags disagree"
    )
    add("rates", rates, "Classes by accuracy of a table of pass rates per problem.").add_argument(
        "file"
    )
    add(
        "doctor",
        doctor,
        "Say what is installed and who owns the database, or what a configuration lacks here.",
    ).add_argument(
        "config",
        nargs="?",
        help=(
            "a TOML file: it is checked without downloading or loading anything; status 1 if it"
            " would not run"
        ),
    )
    return parser


def _add_export(exporting: argparse.ArgumentParser) -> None:
    from engine.export.run import TABLES

    exporting.add_argument("what", choices=[*TABLES, "config", "policy", "all"])
    exporting.add_argument(
        "out",
        help=(
            "a .jsonl, .csv or .parquet file for a table, .toml or .json for config, a new folder"
            " for policy, a folder for all"
        ),
    )
    exporting.add_argument("--run", help="run id (default: the newest)")
    exporting.add_argument(
        "--iteration", type=int, help="rows of one iteration; for policy, the one that trained it"
    )
    exporting.add_argument(
        "--adapter", action="store_true", help="for policy: only its LoRA adapter, as peft loads it"
    )
    exporting.add_argument(
        "--format",
        choices=["jsonl", "csv", "parquet"],
        default="parquet",
        help="of the tables of all",
    )


if __name__ == "__main__":
    sys.exit(main())
