"""Every kind of damage to the files of a study: which file, and in which way."""

import random
import shutil
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from engine.paths import DAMAGED, artifacts_of, status_path
from engine.store.wal import log_of, noted_in


def _half(content: bytes, _: random.Random) -> bytes:
    return content[: len(content) // 2]


def _without_last(content: bytes, _: random.Random) -> bytes:
    return content[:-1]


def _emptied(content: bytes, _: random.Random) -> bytes:
    return b""


def _zeroed(content: bytes, _: random.Random) -> bytes:
    return bytes(len(content))


def _overwritten(content: bytes, _: random.Random) -> bytes:
    return (b"something else\n" * (len(content) // 15 + 1))[: max(len(content), 1)]


def _wrong_byte(content: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(content)) if content else 0
    return content[:at] + bytes([content[at] ^ 255]) + content[at + 1 :] if content else b"x"


WAYS: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "cut in half": _half,
    "cut by a byte": _without_last,
    "emptied": _emptied,
    "zeroed": _zeroed,
    "overwritten": _overwritten,
    "with a wrong byte": _wrong_byte,
}
"""What becomes of a file's content."""
STATUS = "the published status"
REMOVED, FOLDER = "removed", "a folder in its place"


@dataclass(frozen=True)
class Damage:
    target: str
    """What the file is, such as "the database's log"."""
    way: str
    path: Path

    @property
    def kind(self) -> str:
        return f"{self.target}: {self.way}"

    def do(self, rng: random.Random) -> None:
        if self.way in WAYS:
            self.path.write_bytes(WAYS[self.way](self.path.read_bytes(), rng))
            return
        self.path.unlink()
        if self.way == FOLDER:
            self.path.mkdir()


def targets(db: Path) -> dict[str, Path]:
    """Files of a study that nobody has open, by what they are: of several checkpoints the newest
    one's, of several policies or logs one's.
    """
    files = artifacts_of(db)
    known = {
        "the database": db,
        "the database's log": log_of(db),
        "the noted length of the log": noted_in(db),
        STATUS: status_path(db),
    }
    checkpoints = sorted(files.glob("training/*/checkpoint-*"), key=_step)
    known |= {f"checkpoint, {path.name}": path for path in _files_of(checkpoints[-1:])}
    policies = [p for p in sorted(files.glob("policies/*")) if not p.name.startswith(DAMAGED)]
    known |= {f"policy, {path.name}": path for path in _files_of(policies[-1:])}
    for target, pattern in (
        ("the name of the trained policy", "training/*/policy_id"),
        ("a worker's log", "logs/*.log"),
    ):
        known |= dict.fromkeys([target], next(files.glob(pattern), files))
    return {target: path for target, path in known.items() if path.is_file()}


def chosen(
    db: Path, so_far: Counter[str], rng: random.Random, *, spared: Collection[str] = ()
) -> Damage:
    """One of the kinds that can be done now and were done least so far.

    Args:
        spared: targets that nothing is done to.
    """
    possible = [
        Damage(target, way, path)
        for target, path in targets(db).items()
        if target not in spared
        for way in (*WAYS, REMOVED, FOLDER)
    ]
    least = min(so_far[damage.kind] for damage in possible)
    return rng.choice([damage for damage in possible if so_far[damage.kind] == least])


def copy_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}-before")


def keep_copy(folder: Path) -> None:
    """Copy a study's folder beside it, in the place of an earlier copy."""
    shutil.rmtree(copy_of(folder), ignore_errors=True)
    shutil.copytree(folder, copy_of(folder))


def put_back(folder: Path) -> bool:
    """The study as it was before its last damage; False where there is no copy any more."""
    if not copy_of(folder).exists():
        return False
    shutil.rmtree(folder)
    copy_of(folder).rename(folder)
    return True


def _files_of(folders: list[Path]) -> list[Path]:
    return [path for folder in folders for path in sorted(folder.iterdir()) if path.is_file()]


def _step(checkpoint: Path) -> int:
    return int(checkpoint.name.rpartition("-")[2])
