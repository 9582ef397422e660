"""A problem set on its way in: read once, in bounded memory, into a file that a person may store,
with the report that lets them decide.

Memory holds, per problem, its id, line and answer. A .json file is read whole, because it cannot be
streamed. Nothing reaches the database's folder before `stored.store_staged`.
"""

import hashlib
import json
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.errors import ProblemSetError
from engine.problems.collecting import Collector
from engine.problems.mapping import check_mapping
from engine.problems.overlap import Against
from engine.problems.report import Progress, Report, Reporter, Tokens
from engine.problems.rows import n_rows_of
from engine.problems.sources import Source, open_source
from engine.problems.stored import row_to_store
from engine.types import Domain

MAX_LISTED = 1_000
"""Rejected and repeated rows that are listed; all are counted."""
REPORT_EVERY = 2_000


@dataclass(frozen=True, slots=True)
class Staged:
    """A set that was read and is not stored."""

    path: Path
    """Its problems as JSONL, under the name of their content."""
    report: Report


def stage_problems(
    source: str | Path,
    folder: Path,
    *,
    mapping: Mapping[str, str] | None = None,
    domain: Domain = "maths",
    against: Sequence[Against] = (),
    tokens: Tokens | None = None,
    policy: str = "",
    on_progress: Progress = lambda done, total: None,
) -> Staged:
    """Read a whole source into a file of a folder. Blocks: about 10,000 problems a second.

    Args:
        source: as read_problems.
        folder: where the file goes; nothing is left there after an error.
        against: sets to look for near-duplicates in.
        tokens: counts a policy's tokens, which is called `policy`; None leaves lengths out.

    Raises:
        ProblemSetError: nothing is there, it cannot be read, or the disk cannot be written.
    """
    if mapping is not None:
        check_mapping(mapping)
    opened = open_source(source)
    collector = Collector(mapping, domain, MAX_LISTED)
    reporter = Reporter(against)
    draft = folder / f".{os.getpid()}.{threading.get_ident()}"
    try:
        digest = _write(draft, opened, collector, reporter, on_progress)
        path = folder / f"{digest}.jsonl"
        report = reporter.finish(tokens, policy)
        draft.replace(path)
    except OSError as error:
        raise ProblemSetError(
            f"{folder} could not be written: {error.strerror}. Free space on the disk, then try"
            " again."
        ) from error
    finally:
        draft.unlink(missing_ok=True)
    report.source, report.n_rows = opened.name, collector.n_rows
    report.rejected, report.repeats = collector.rejected, collector.repeats
    said = (f"{note}: {n:,} rows." for note, n in collector.notes.items())
    report.notes = [*opened.notes, *said]
    return Staged(path, report)


def _write(
    draft: Path, source: Source, collector: Collector, reporter: Reporter, on_progress: Progress
) -> str:
    """The problems' lines into a file; gives the name of their content."""
    counts = [n_rows_of(part.path) if part.path else None for part in source.parts]
    total = None if None in counts else sum(n for n in counts if n)
    digest, last = hashlib.sha256(), 0
    with draft.open("wb") as file:
        for problem in collector.problems(source.parts):
            line = (json.dumps(row_to_store(problem), ensure_ascii=False) + "\n").encode()
            digest.update(line)
            file.write(line)
            reporter.add(problem)
            if collector.n_rows - last >= REPORT_EVERY:
                last = collector.n_rows
                on_progress(last, max(total, last) if total is not None else None)
    return digest.hexdigest()[:16]
