"""What an imported set is, in figures: the content of its about.json, and the list of sets there
are.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from engine.problems import Rejected

Scale = Literal["probability", "logit"]
_COUNT_WORDS = {2: "two", 3: "three", 4: "four", 5: "five"}


@dataclass(slots=True)
class Imported:
    """What an imported set is: the content of its about.json."""

    id: str
    """16 hex digits over the file's bytes and the scale."""
    name: str
    scale: Scale | None
    """None where no response has a score."""
    scores: Literal["steps", "outcome", "none"] = "none"
    """What the scores are. Where some are per step, an outcome score counts as none: the two are
    not one quantity.
    """
    n_problems: int = 0
    n_responses: int = 0
    n_flagged: int = 0
    """Responses that came with a correct flag."""
    n_unscored: int = 0
    """Responses without a score of the set's kind."""
    n_truncated: int = 0
    max_responses: int = 0
    """Responses of the problem that has most."""
    n_rejected: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    """The first 1,000, by line, field and reason."""
    n_misfit: int = 0
    """Responses whose step scores are not as many as their steps: their scores are missing."""
    misfits: list[Rejected] = field(default_factory=list)
    """The first 1,000 of them, with both numbers."""
    notes: list[str] = field(default_factory=list)
    """What was guessed while reading, in sentences."""
    solvers: list[str] = field(default_factory=list)
    is_new: bool = False
    """False where the same file had been imported before, and nothing was added."""
    folder: str = ""

    @property
    def label(self) -> str:
        """Whose responses they are, as far as the file says."""
        n = len(self.solvers)
        return (
            f"{_COUNT_WORDS.get(n, n)} solvers, not one policy"
            if n > 1
            else "one policy, as far as the file says"
        )


def read_about(folder: Path, *, is_new: bool = False) -> Imported:
    """Raises: OSError if the folder is not an imported set."""
    plain = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    for rows in ("rejected", "misfits"):
        plain[rows] = [Rejected(**row) for row in plain.get(rows, [])]
    return Imported(**{**plain, "is_new": is_new, "folder": str(folder)})


def imported_sets(artifacts: Path) -> list[Imported]:
    """Every imported set, by name."""
    files = (artifacts / "recorded").glob("[!.]*/about.json")
    return sorted(
        (read_about(path.parent) for path in files), key=lambda about: (about.name, about.id)
    )
