"""Checkpoints of a training: written whole or not at all, and trusted only where every file is as
it was written.

A checkpoint is written into a folder of drafts. Once its files and its manifest are on the disk,
the folder is renamed to its place. What a manifest does not confirm is set aside and named, and the
one before it is taken.
"""

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.events import Event, Note
from engine.paths import DAMAGED, flush_to_disk, set_aside
from engine.training import ranks
from engine.training.manifest import damage_of, seal

DRAFTS = "drafts"
"""Folder in the work folder in which checkpoints are written."""

N_KEPT = 2
"""Checkpoints kept: the newest, and the one before it in case that one is damaged."""

_NAME = re.compile(r"checkpoint-(\d+)")


def last_checkpoint(work: Path, emit: Callable[[Event], None]) -> str | None:
    """The newest checkpoint whose files are all as they were written; None where there is none.
    Blocks while it reads them. Damaged ones are set aside, and a note names each.
    """
    shutil.rmtree(work / DRAFTS, ignore_errors=True)
    folders = _newest_first(work)
    for folder in folders:
        damage = damage_of(folder)
        if damage is None:
            return str(folder)
        aside = set_aside(folder)
        emit(Note(f"{folder.name} is damaged ({damage}) and was set aside as {aside.name}."))
    if folders:
        emit(Note("No checkpoint of this training is whole: it begins anew, from its first step."))
    return None


def history(checkpoint: str | None) -> list[dict[str, Any]]:
    """What the trainer had logged when it wrote a whole checkpoint, oldest first; nothing without
    one.
    """
    if checkpoint is None:
        return []
    state = (Path(checkpoint) / "trainer_state.json").read_text(encoding="utf-8")
    return json.loads(state)["log_history"]


def remove_checkpoints(work: Path) -> None:
    """All of them, those set aside too: for a training that is over."""
    for pattern in ("checkpoint-*", f"{DAMAGED}*", DRAFTS):
        for path in work.glob(pattern):
            _remove(path)


def writing_whole(trainer: Any, work: Path) -> Any:
    """A subclass of one of TRL's trainers that writes its checkpoints so. Every rank writes its
    part; the first one finishes the checkpoint when all have.
    """

    class WritingWhole(trainer):
        def _get_output_dir(self, trial: Any) -> str:
            return str(work / DRAFTS)

        def _save_checkpoint(self, model: Any, trial: Any) -> None:
            super()._save_checkpoint(model, trial)
            self.accelerator.wait_for_everyone()
            name = f"checkpoint-{self.state.global_step}"
            ranks.from_first(lambda: _finish(work / DRAFTS / name, work / name))

    return WritingWhole


def _finish(draft: Path, final: Path) -> None:
    seal(draft)
    _remove(final)
    os.replace(draft, final)
    flush_to_disk(final.parent, deep=False)
    for old in _newest_first(final.parent)[N_KEPT:]:
        _remove(old)


def _newest_first(work: Path) -> list[Path]:
    steps = {
        path: int(match[1]) for path in work.glob("*") if (match := _NAME.fullmatch(path.name))
    }
    return sorted(steps, key=lambda path: -steps[path])


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
