"""A report in Markdown for papers: tables with intervals, figures as SVG beside it, configurations,
seeds and versions; of one run or of a comparison.

Whatever a person or a model wrote is escaped, so that a name can be no markup.
"""

import io
import re
import sys
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from engine.config.toml import as_toml
from engine.doctor.machine import versions
from engine.errors import ConfigError
from engine.figures.comparison import Comparison
from engine.figures.drawing import Drawing
from engine.figures.measure import Measured
from engine.figures.pictures import MEASURES, PLOTS, accuracy, picture
from engine.figures.text import NOTES, tables
from engine.paths import write_text
from engine.study.handle import Iteration

NAME = "report.md"
INTERVALS = "All intervals are 95 %: over problems for one run, over seeds for a group."
_MARKUP = re.compile(r"([\\`*_{}\[\]<>|#!~$&])")


def report_files(
    comparison: Comparison, measured: Sequence[Measured], *, of: Iteration | None = None
) -> dict[str, str]:
    """The texts of the report and of its figures by file name: NAME and .svg files.

    Args:
        of: the newest iteration of the run, where it is a report of one run: then its classes,
            difficulty and training are drawn too.
    """
    pictures = _pictures(comparison, of)
    files = {f"{name}.svg": drawing.svg for name, drawing in pictures.items()}
    return {NAME: _markdown(comparison, measured, pictures), **files}


def write_report(folder: Path, files: dict[str, str]) -> None:
    """Write a report's files into a folder, made if missing. Raises: ConfigError where that cannot
    be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            write_text(folder / name, text)
    except OSError as error:
        raise ConfigError(
            f"{folder} could not be written: {error.strerror}. Choose another folder."
        ) from error


def zipped(files: dict[str, str]) -> bytes:
    """A report's files as one, for a browser."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return packed.getvalue()


def escaped(text: str) -> str:
    """A text as Markdown that shows it as it is, on one line.

    >>> escaped("a|b [x](y)")
    'a\\\\|b \\\\[x\\\\](y)'
    """
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))


def as_table(rows: Sequence[dict[str, str]]) -> str:
    """Rows with equal columns as a Markdown table; "" without rows."""
    if not rows:
        return ""
    head = "| " + " | ".join(map(escaped, rows[0])) + " |"
    lines = ["| " + " | ".join(map(escaped, map(str, row.values()))) + " |" for row in rows]
    return "\n".join([head, "|" + "---|" * len(rows[0]), *lines])


def fenced(text: str, language: str = "") -> str:
    """A text as a block of code, whatever backticks are in it."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def _pictures(comparison: Comparison, of: Iteration | None) -> dict[str, Drawing]:
    drawn: dict[str, Drawing] = {}
    for measure in MEASURES:
        with suppress(ConfigError):  # nothing is evaluated yet
            drawn[f"accuracy_{measure}"] = accuracy(comparison, measure)
    for what in PLOTS if of else ():
        with suppress(ConfigError):  # the run has not come so far
            if of and what != "accuracy":
                drawn[what] = picture(of, what)
    return drawn


def _markdown(
    comparison: Comparison, measured: Sequence[Measured], pictures: dict[str, Drawing]
) -> str:
    n = len(comparison.runs)
    title = f"{n} runs compared" if n > 1 else escaped(comparison.runs[0].name)
    same = ["Same budget."] if n > 1 and not comparison.differences else []
    parts = [
        f"# {title}",
        f"Written {datetime.now(UTC):%Y-%m-%d %H:%M} UTC by HS-STaR Studio.",
        *map(escaped, comparison.differences),
        *same,
        *(f"![{escaped(one.title)}]({name}.svg)" for name, one in pictures.items()),
        *_tables(comparison),
        INTERVALS,
        *(part for m in measured for part in _run(m)),
        "## Versions",
        "Of the installation that wrote this file.",
        as_table([{"Python": sys.version.split()[0], **versions()}]),
    ]
    return "\n\n".join(parts) + "\n"


def _tables(comparison: Comparison) -> list[str]:
    parts = []
    for title, rows in tables(comparison).items():
        if rows:
            parts += [f"## {title}", as_table(rows)]
            parts += [NOTES[title]] if title in NOTES else []
    return parts


def _run(m: Measured) -> list[str]:
    c = m.compared
    return [
        f"## Configuration: {escaped(c.name)}",
        f"Run {c.run_id}, seed {c.seed}, group {c.group}.",
        fenced(as_toml(m.config, m.notes), "toml"),
    ]
