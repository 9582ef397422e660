"""Kept weights and an inherited optimiser's state are trusted only as they were written: a damaged
best step costs that step, not the training, and nothing that is damaged becomes a policy.
"""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from engine.errors import TrainingError
from engine.events import CheckpointKept, Event, Note
from engine.training.kept import best_whole, folder_of
from engine.training.manifest import MANIFEST, damage_of, seal
from engine.training.saving import OPTIMISER
from tests.training.small_trainings import saved, task, trained

ADAPTER = "adapter_model.safetensors"


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def log(events: list[Event]) -> str:
    return "\n".join(event.text for event in events if isinstance(event, Note))


@pytest.fixture
def kept(tmp_path) -> Path:
    """A work folder that keeps steps 2, 4 and 6, of which 4 and then 2 are best by loss."""
    for step in (2, 4, 6):
        folder_of(tmp_path, step).mkdir(parents=True)
        (folder_of(tmp_path, step) / "model.safetensors").write_bytes(bytes([step] * 100))
        seal(folder_of(tmp_path, step))
    return tmp_path


def best(work: Path) -> tuple[int | None, str]:
    losses = {1: 0.1, 2: 0.3, 3: 0.1, 4: 0.2, 5: 0.1, 6: 0.4}
    logged, events = [{"step": step, "loss": loss} for step, loss in losses.items()], []
    return best_whole(work, "loss", logged, [2, 4, 6], events.append), log(events)


def test_the_best_step_is_taken_without_a_word_where_all_are_whole(kept):
    assert best(kept) == (4, "")


@pytest.mark.parametrize("damage", [cut, flipped, Path.unlink])
def test_a_damaged_best_step_is_set_aside_and_the_next_best_is_taken(damage, kept):
    damage(folder_of(kept, 4) / "model.safetensors")
    step, said = best(kept)
    assert step == 2 and "step 4 are damaged (" in said and "model.safetensors" in said
    assert "set aside as damaged-step-4" in said and not folder_of(kept, 4).exists()
    assert (kept / "kept" / "damaged-step-4").is_dir()
    again, said = best(kept)
    assert again == 2 and "step 4 are missing" in said


def test_weights_without_a_manifest_are_not_taken(kept):
    (folder_of(kept, 4) / MANIFEST).unlink()
    step, said = best(kept)
    assert step == 2 and f"{MANIFEST} is missing" in said


def test_where_no_kept_step_is_whole_there_is_no_best_one(kept):
    for number in (2, 4, 6):
        cut(folder_of(kept, number) / "model.safetensors")
    assert best(kept)[0] is None


@pytest.fixture(scope="module")
def halfway(tmp_path_factory) -> Path:
    """A training of six steps that is stopped behind the fifth: steps 2 and 4 are kept."""
    folder = tmp_path_factory.mktemp("halfway")
    asked = iter([False] * 4 + [True])
    events = trained(by_rate(folder), lambda: next(asked))
    assert [e.step for e in events if isinstance(e, CheckpointKept)] == [2, 4]
    return folder


def by_rate(folder: Path):
    """The rate falls, so the earliest of the kept steps is the best."""
    return task(folder, n=8, n_epochs=3, keep_checkpoints=2, policy_by="learning_rate")


@pytest.mark.parametrize("damage", [cut, flipped])
def test_a_training_whose_best_weights_are_damaged_ends_with_the_next_best_and_says_so(
    damage: Callable[[Path], None], halfway, tmp_path
):
    shutil.copytree(halfway / "work", tmp_path / "work")
    damage(folder_of(tmp_path / "work", 2) / "model.safetensors")
    events = trained(by_rate(tmp_path))
    assert saved(events).step == 4
    assert "step 2 are damaged" in log(events) and "model.safetensors" in log(events)
    assert "The weights of step 4 become the policy: of 4, 6 best" in log(events)


@pytest.mark.parametrize("damage", [cut, flipped])
def test_damaged_weights_that_a_person_picks_are_refused_by_name(damage, halfway, tmp_path):
    shutil.copytree(halfway / "work", tmp_path / "work")
    weights = folder_of(tmp_path / "work", 2)
    damage(weights / "model.safetensors")
    told = replace(task(tmp_path / "picked", n=8), checkpoint=str(weights), rows=[])
    with pytest.raises(TrainingError, match=r"cannot be read: .*model\.safetensors"):
        trained(told)


def test_an_adapter_that_lacks_a_tensor_is_refused_by_the_tensors_name(tmp_path):
    lora = {"lora_rank": 2, "n_epochs": 2}
    events = trained(task(tmp_path / "whole", n=8, keep_checkpoints=1, **lora))
    (weights,) = [Path(e.path) for e in events if isinstance(e, CheckpointKept)]
    tensors = load_file(weights / ADAPTER)
    lacking = next(name for name in tensors if "lora_A" in name)
    save_file({n: t for n, t in tensors.items() if n != lacking}, weights / ADAPTER)
    seal(weights)
    assert damage_of(weights) is None
    told = replace(task(tmp_path / "picked", n=8, **lora), checkpoint=str(weights), rows=[])
    with pytest.raises(TrainingError, match=f"its files lack {lacking}"):
        trained(told)


@pytest.fixture(scope="module")
def parent(tmp_path_factory) -> Path:
    """A training that left its optimiser's state."""
    folder = tmp_path_factory.mktemp("parent")
    trained(task(folder, "sft", n=4, inherit_optimizer=True))
    return folder


@pytest.mark.parametrize("damage", [cut, flipped])
def test_a_damaged_optimiser_state_of_a_parent_is_refused_by_name(damage, parent, tmp_path):
    shutil.copytree(parent / "work", tmp_path / "parent")
    damage(tmp_path / "parent" / OPTIMISER)
    told = task(tmp_path / "then", "sft", n=4, inherit_optimizer=True)
    with pytest.raises(TrainingError, match=rf"optimiser state at .*{OPTIMISER} is damaged"):
        trained(replace(told, inherit_from=str(tmp_path / "parent")))
