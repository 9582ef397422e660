"""A checkpoint is written whole, and the newest whole one is taken: a damaged one costs its steps,
not the training.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.events import CheckpointSaved, Event, Note, Planned
from engine.training.manifest import MANIFEST
from tests.training.small_trainings import (
    largest_difference,
    saved,
    task,
    trained,
    weights,
)

SETTINGS = {"n": 16, "learning_rate": 1e-3, "checkpoint_every_s": 0.0}


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def zeroed(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


@pytest.fixture(scope="module")
def stopped(tmp_path_factory) -> Path:
    """A training stopped behind its third step of four: checkpoints 2 and 3 are left."""
    folder = tmp_path_factory.mktemp("stopped")
    asked = iter([False, False, True])
    events = trained(task(folder, "sft", **SETTINGS), lambda: next(asked))
    assert [event.step for event in events if isinstance(event, CheckpointSaved)] == [1, 2, 3]
    return folder


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory) -> dict:
    return weights(saved(trained(task(tmp_path_factory.mktemp("whole"), "sft", **SETTINGS))).path)


def resumed(stopped: Path, folder: Path, damage: Callable[[Path], object]) -> list[Event]:
    shutil.copytree(stopped / "work", folder / "work")
    damage(folder / "work" / "checkpoint-3")
    return trained(task(folder, "sft", **SETTINGS))


def first_step(events: list[Event]) -> int:
    return next(event.n_done for event in events if isinstance(event, Planned))


def log(events: list[Event]) -> str:
    return "\n".join(event.text for event in events if isinstance(event, Note))


def test_two_checkpoints_are_kept_and_each_says_the_size_and_hash_of_every_file(stopped):
    work = stopped / "work"
    assert sorted(path.name for path in work.glob("*check*")) == ["checkpoint-2", "checkpoint-3"]
    listed = json.loads((work / "checkpoint-3" / MANIFEST).read_text())["files"]
    present = {path.name for path in (work / "checkpoint-3").iterdir()} - {MANIFEST}
    assert listed.keys() == present and "optimizer.pt" in present
    assert listed["optimizer.pt"]["size"] == (work / "checkpoint-3/optimizer.pt").stat().st_size


@pytest.mark.parametrize("damage", [cut, emptied, zeroed])
@pytest.mark.parametrize(
    "file", ["model.safetensors", "optimizer.pt", "scheduler.pt", "trainer_state.json"]
)
def test_a_damaged_checkpoint_is_set_aside_and_the_one_before_it_taken(
    file, damage, stopped, unbroken, tmp_path
):
    events = resumed(stopped, tmp_path, lambda folder: damage(folder / file))
    assert first_step(events) == 2
    assert "checkpoint-3" in log(events) and file in log(events)
    assert largest_difference(weights(saved(events).path), unbroken) == 0


def removed_state(folder: Path) -> None:
    (folder / "rng_state.pth").unlink()


def without_manifest(folder: Path) -> None:
    (folder / MANIFEST).unlink()


def a_file_in_its_place(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("not a folder")


@pytest.mark.parametrize("damage", [removed_state, without_manifest, a_file_in_its_place])
def test_a_checkpoint_that_lacks_something_is_set_aside_too(damage, stopped, unbroken, tmp_path):
    events = resumed(stopped, tmp_path, damage)
    assert first_step(events) == 2 and "checkpoint-3" in log(events)
    assert largest_difference(weights(saved(events).path), unbroken) == 0


def test_where_every_checkpoint_is_damaged_training_begins_anew_and_says_so(
    stopped, unbroken, tmp_path
):
    def both(folder: Path) -> None:
        for name in ("checkpoint-2", "checkpoint-3"):
            zeroed(folder.with_name(name) / "rng_state.pth")

    events = resumed(stopped, tmp_path, both)
    assert first_step(events) == 0 and "begins anew" in log(events)
    assert largest_difference(weights(saved(events).path), unbroken) == 0


def test_a_checkpoint_that_was_being_written_is_no_checkpoint(stopped, unbroken, tmp_path):
    events = resumed(
        stopped,
        tmp_path,
        lambda folder: (folder / MANIFEST).unlink() or folder.replace(folder.parent / "drafts"),
    )
    assert first_step(events) == 2
    assert largest_difference(weights(saved(events).path), unbroken) == 0


def test_a_whole_newest_checkpoint_is_taken_without_a_word(stopped, tmp_path):
    events = resumed(stopped, tmp_path, lambda folder: None)
    assert first_step(events) == 3 and "checkpoint" not in log(events)
