"""What a source means: the starter's sets, a file, a folder of parts, or a data set of the hub, as
parts whose rows can be read.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from engine.errors import ProblemSetError
from engine.paths import STARTER, expanded
from engine.problems.bytes_of_file import Notes, Rows
from engine.problems.rows import files_of, rows_of_file, rows_of_hub, type_of

STARTER_SETS = ("starter:train", "starter:held_out")
_HUB = re.compile(r"(\w[\w.-]*/[\w.-]+(?:/[\w.-]+)?)(?:@([\w./-]+))?(?::([\w.\[\]%:+-]+))?")


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a source, or a split of the hub."""

    name: str
    rows: Callable[[], Rows]
    """Read anew at every call."""
    path: Path | None = None
    """The file; None on the hub."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where problems come from."""

    name: str
    """What is recorded: with the revision and split of a hub data set."""
    parts: list[Part]
    notes: Notes = field(default_factory=list)
    """What was guessed, complete once the rows are read."""


def open_source(source: str | Path, base: Path | None = None) -> Source:
    """The parts behind a source, and the name it is recorded under.

    Raises: ProblemSetError: there is no such thing.
    """
    text = str(source)
    if text in STARTER_SETS:
        return _of_files(STARTER / f"{text.removeprefix('starter:')}.jsonl", text)
    if text.startswith("starter:"):
        raise ProblemSetError(
            f"There is no starter problem set {text}. Allowed: {', '.join(STARTER_SETS)}."
        )
    path = (base or Path()) / expanded(source)
    hub = _hub_parts(text, path) if isinstance(source, str) else None
    if hub:
        dataset, revision, split = hub
        name = f"{dataset}@{revision}:{split}"
        return Source(name, [Part(name, partial(rows_of_hub, dataset, revision, split))])
    return _of_files(path, str(path))


def _of_files(path: Path, name: str) -> Source:
    notes: Notes = []
    return Source(
        name,
        [Part(file.name, partial(rows_of_file, file, notes), file) for file in files_of(path)],
        notes,
    )


def hub_name(source: str) -> str | None:
    """The hub data set, with revision and split, that a source would be downloaded from; None for a
    file or a starter set.
    """
    hub = None if source.startswith("starter:") else _hub_parts(source, expanded(source))
    return f"{hub[0]}@{hub[1]}:{hub[2]}" if hub else None


def _hub_parts(text: str, path: Path) -> tuple[str, str, str] | None:
    """Data set, revision and split of a hub data set; None where the text means a file."""
    hub = _HUB.fullmatch(text)
    if not hub or path.exists() or type_of(path):
        return None
    return hub.group(1), hub.group(2) or "main", hub.group(3) or "train"
