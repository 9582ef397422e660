"""A saved policy is trusted by its content: what is damaged is set aside and trained again."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.events import Event, Note, PolicySaved
from engine.models.weights import content_id
from engine.training.saving import SAVED
from tests.training.small_trainings import saved, steps, task, trained


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> tuple[Path, PolicySaved]:
    folder = tmp_path_factory.mktemp("finished")
    return folder, saved(trained(task(folder, "sft")))


def cut_weights(folder: Path, policy: Path) -> None:
    weights = policy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])


def emptied_name(folder: Path, policy: Path) -> None:
    (folder / "work" / SAVED).write_text("")


def removed(folder: Path, policy: Path) -> None:
    shutil.rmtree(policy)


def notes(events: list[Event]) -> str:
    return "\n".join(event.text for event in events if isinstance(event, Note))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (cut_weights, "was not what was saved any more and was set aside as damaged-"),
        (removed, "is missing"),
        (emptied_name, "names no policy"),
    ],
)
def test_a_damaged_policy_is_trained_again_to_the_same_weights(
    damage: Callable[[Path, Path], None], said, finished, tmp_path
):
    folder, made = finished
    shutil.copytree(folder, tmp_path / "copy")
    policy = tmp_path / "copy" / "policies" / made.policy_id
    damage(tmp_path / "copy", policy)
    events = trained(task(tmp_path / "copy", "sft"))
    assert said in notes(events) and steps(events)
    assert saved(events).policy_id == made.policy_id == content_id(policy)


def test_a_broken_folder_in_the_place_of_a_new_policy_does_not_stand_in_its_way(finished, tmp_path):
    _, made = finished
    broken = tmp_path / "policies" / made.policy_id
    broken.mkdir(parents=True)
    (broken / "config.json").write_text("{}")
    assert content_id(Path(saved(trained(task(tmp_path, "sft"))).path)) == made.policy_id
    assert (broken.with_name(f"damaged-{made.policy_id}") / "config.json").read_text() == "{}"


def test_a_whole_policy_is_not_trained_again(finished, tmp_path):
    folder, made = finished
    events = trained(task(folder, "sft"))
    assert not steps(events) and events == [PolicySaved(made.policy_id, made.path)]
