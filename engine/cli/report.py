"""hs-star report: a comparison, or one run, as Markdown with figures."""

import json
import sys

import click

from engine.cli.options import as_json
from engine.paths import expanded


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="FILE[:RUN]...")
@click.option("--out", required=True, metavar="FOLDER", help="Where report.md and its figures go.")
@as_json
def report(runs: tuple[str, ...], out: str, as_json: bool) -> None:
    """Write a report in Markdown, with figures as SVG, of one run or several.

    FILE is a database and RUN a run in it (default: its newest run). The report as one HTML file is
    on the page Compare.
    """
    from engine.export.report import report_files, write_report
    from engine.figures.comparison import compare
    from engine.figures.measure import measure_files

    measured = measure_files(list(runs))
    folder = expanded(out)
    files = _of_one(runs[0]) if len(runs) == 1 else report_files(compare(measured), measured)
    write_report(folder, files)
    if as_json:
        print(json.dumps({"folder": str(folder), "files": list(files)}))
    else:
        print(f"{', '.join(files)} in {folder}", file=sys.stderr)


def _of_one(named: str) -> dict[str, str]:
    """The report of one run, drawn from its database."""
    from engine.export.report import report_files
    from engine.figures.comparison import compare
    from engine.figures.measure import file_and_run, measure
    from engine.store import Database
    from engine.study.runs import latest, pick_run

    path, run_id = file_and_run(named)
    db = Database(path)
    try:
        run = pick_run(db, run_id)
        measured = [measure(db, run)]
        return report_files(compare(measured), measured, of=latest(db, run))
    finally:
        db.close()
