"""Problem sets that a person brought: kept beside the database, normalised, under the name of their
content.

The same problems twice are one set. A file is there whole or not at all. It knows nothing of runs:
a run names the file.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import ProblemSetError
from engine.paths import write_text, written_whole
from engine.problems.domains import row_of
from engine.types import Problem


@dataclass(frozen=True, slots=True)
class StoredSet:
    """One stored problem set."""

    path: Path
    name: str
    """The name of the file it came from."""
    n_problems: int


def store_problems(artifacts: Path, problems: Sequence[Problem], *, name: str) -> StoredSet:
    """Write problems as JSONL, one per line, under artifacts/problems. The same problems again
    change nothing.

    Args:
        artifacts: the folder beside the database.
        name: what a person calls the set; the name it was first stored under stays.

    Raises: ProblemSetError for no problem, or a disk that cannot be written.
    """
    lines = "".join(
        json.dumps(row_to_store(p), ensure_ascii=False) + "\n" for p in problems
    ).encode()
    digest = hashlib.sha256(lines).hexdigest()[:16]
    return _stored(artifacts, digest, name, len(problems), lambda draft: draft.write_bytes(lines))


def store_staged(artifacts: Path, staged: Path, n_problems: int, *, name: str) -> StoredSet:
    """As store_problems, of a file that stage_problems wrote.

    Raises: ProblemSetError for no problem, or a disk that cannot be written.
    """
    return _stored(
        artifacts, staged.stem, name, n_problems, lambda draft: shutil.copyfile(staged, draft)
    )


def _stored(
    artifacts: Path, digest: str, name: str, n_problems: int, write: Callable[[Path], object]
) -> StoredSet:
    if not n_problems:
        raise ProblemSetError(f"{name} holds no usable problem: there is nothing to store.")
    folder = artifacts / "problems"
    path = folder / f"{digest}.jsonl"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            about = {"name": name, "n_problems": n_problems}
            write_text(path.with_suffix(".json"), json.dumps(about))
            with written_whole(path) as draft:
                write(draft)
    except OSError as error:
        raise ProblemSetError(
            f"{path} could not be written: {error.strerror}. Free space on the disk, then try"
            " again."
        ) from error
    return _described(path)


def stored_sets(artifacts: Path) -> list[StoredSet]:
    """Every stored set, by name."""
    return sorted(
        (_described(path) for path in (artifacts / "problems").glob("*.jsonl")),
        key=lambda s: (s.name, s.path.name),
    )


def _described(path: Path) -> StoredSet:
    about = json.loads(path.with_suffix(".json").read_text())
    return StoredSet(path, about["name"], about["n_problems"])


def row_to_store(p: Problem) -> dict[str, Any]:
    """A problem as a line of a stored set."""
    return row_of(p.question, p.answer, p.level, p.solution, p.domain, p.details)
