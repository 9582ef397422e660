"""hs-star doctor: what this machine has, and what a configuration still lacks on it."""

import json
from pathlib import Path

import click

from engine.cli.options import as_json, database


@click.command()
@click.argument("config", required=False, metavar="[CONFIG.toml]")
@database
@as_json
def doctor(config: str | None, db: Path, as_json: bool) -> int:
    """Say what is installed and whether the database is whole, or what a configuration lacks here.

    Of a database every row is read, and the policies that were trained beside it; exit status 1 if
    something is damaged, or if another process has it open. CONFIG.toml is checked without
    downloading or loading anything; exit status 1 if it would not run.
    """
    if config:
        return _examine_config(Path(config), as_json)
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
    from dataclasses import asdict

    from engine.doctor.configuration import examine_config, is_runnable

    findings = examine_config(path)
    runnable = is_runnable(findings)
    if as_json:
        said = {"runnable": runnable, "findings": [asdict(finding) for finding in findings]}
        print(json.dumps(said))
    else:
        print("\n".join(f"{f.status:<7} {f.about:<34} {f.text}" for f in findings))
        print(
            "It would run."
            if runnable
            else "It would not run yet: see the lines with ask and change."
        )
    return 0 if runnable else 1
