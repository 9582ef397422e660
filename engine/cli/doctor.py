"""hs-star doctor: what this machine has, what a configuration still lacks on it, and what a file of
problems is like.
"""

import json
import sys
from pathlib import Path

import click

from engine.cli.options import as_json, database, mapping


@click.command()
@click.argument("file", required=False, metavar="[CONFIG.toml | PROBLEMS]")
@click.option(
    "--against",
    multiple=True,
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Compare problems with the sets in a folder, or with a file; may be repeated.",
)
@click.option(
    "--policy",
    default="starter",
    show_default=True,
    metavar="PATH",
    help="The policy whose tokens questions are measured in.",
)
@mapping
@database
@as_json
def doctor(
    file: str | None,
    against: tuple[Path, ...],
    policy: str,
    mapping: dict[str, str] | None,
    db: Path,
    as_json: bool,
) -> int:
    """Say what is installed and whether the database is whole; or what a configuration lacks here;
    or what a file of problems is like.

    Of a database every row is read, and the policies that were trained beside it; exit status 1 if
    something is damaged, or if another process has it open. CONFIG.toml is checked without
    downloading or loading anything; exit status 1 if it would not run. PROBLEMS is a file, a folder
    of parts or a hub data set: it is read whole, nothing is stored; exit status 1 if it holds no
    usable problem.
    """
    if file and file.endswith(".toml"):
        return _examine_config(Path(file), as_json)
    if file:
        return _examine_problems(file, against, policy, mapping, as_json)
    from engine.doctor.database import check
    from engine.doctor.machine import examine

    findings, is_sound = examine(db), True
    if db.exists():
        checked, is_sound = check(db)
        findings |= checked
    print(
        json.dumps(findings)
        if as_json
        else "\n".join(f"{name:<14} {value}" for name, value in findings.items())
    )
    return 0 if is_sound else 1


def _examine_config(path: Path, as_json: bool) -> int:
    """1 where something is asked for or must be changed before `run` would start."""
    from engine.doctor.configuration import examine_config, is_runnable

    findings = examine_config(path)
    runnable = is_runnable(findings)
    said = (
        "It would run." if runnable else "It would not run yet: see the lines with ask and change."
    )
    _print(findings, "runnable", runnable, said, as_json)
    return 0 if runnable else 1


def _examine_problems(
    source: str,
    against: tuple[Path, ...],
    policy: str,
    mapping: dict[str, str] | None,
    as_json: bool,
) -> int:
    """1 where there is no usable problem."""
    from engine.doctor.problems import examine_problem_file
    from engine.headless.against import sets_against

    report, findings = examine_problem_file(
        source,
        policy=policy,
        against=sets_against(against, but=Path(source)),
        mapping=mapping,
        on_progress=_report,
    )
    print(file=sys.stderr)
    n = report.n_problems
    said = f"{n:,} problems would be stored." if n else "Nothing of it could be stored."
    _print(findings, "n_problems", n, said, as_json)
    return 0 if n else 1


def _print(findings: list, name: str, value: object, said: str, as_json: bool) -> None:
    from dataclasses import asdict

    if as_json:
        print(json.dumps({name: value, "findings": [asdict(finding) for finding in findings]}))
        return
    print("\n".join(f"{f.status:<7} {f.about:<34} {f.text}" for f in findings))
    print(said)


def _report(done: int, total: int | None) -> None:
    of = f" of about {total:,}" if total else ""
    print(f"\r{done:,}{of} rows", end="", file=sys.stderr)
