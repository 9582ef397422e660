"""A reward model in two engines of a Ray cluster on this machine, one of them killed."""

import os
from importlib.util import find_spec

import psutil
import pytest

from engine.config.backends import reward_opening
from engine.errors import RewardModelError
from engine.placement import Backend, Inline
from tests.small_runs import small, until

pytestmark = [
    pytest.mark.ray,
    pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed: make test-ray"),
]
if find_spec("torch") is None:
    pytest.skip("torch is not installed", allow_module_level=True)

from engine.rewards.ray_engines import RewardEngine, RewardEngines
from engine.rewards.tagged_lm import TaggedLm
from tests.rewards import tiny_models
from tests.rewards.plain_scores import ITEMS, LONG, QUESTION

ODD = [(QUESTION, ""), (QUESTION, LONG), (QUESTION, "One <+> two"), ITEMS[0]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return str(tiny_models.tagged_lm(tmp_path_factory.mktemp("model"), "rlhflow"))


@pytest.fixture(scope="module")
def here(folder):
    return TaggedLm(folder, device="cpu", preset="rlhflow")


@pytest.fixture(scope="module")
def engines(folder, tmp_path_factory):
    config = small(
        reward={"path": folder, "family": "tagged_lm", "backend": "ray", "n_engines": 2},
        tagged_lm={"preset": "rlhflow"},
    )
    name, options = reward_opening(config, "0" * 16)
    placement = Inline(tmp_path_factory.mktemp("logs"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "cpu_count", lambda: 2)
        opened = placement.get(Backend(name, folder, options))
    yield opened
    started = processes()
    placement.release()
    opened.close()
    until(lambda: not any(map(running, started)), "the engines' end", deadline_s=60)


def processes() -> list[psutil.Process]:
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            if process.cmdline()[:1] and process.cmdline()[0].startswith("ray::RewardEngine"):
                found.append(process)
        except psutil.Error:
            continue
    return found


def running(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_two_engines_give_the_scores_of_the_family_itself(engines, here):
    many = [(question, f"{n}. {text}") for n in range(30) for question, text in ITEMS]
    assert len(processes()) == 2
    assert engines.score([*many, *ODD]) == here.score([*many, *ODD])


def test_an_engine_killed_before_it_answers_loses_no_score_and_is_replaced(engines, here):
    many = [(question, f"{n}) {text}") for n in range(30) for question, text in ITEMS]
    first, *_ = processes()
    first.kill()
    assert engines.score(many) == here.score(many)
    assert not running(first) and len(processes()) == 2


def test_more_engines_than_the_cluster_has_room_for_are_refused(engines, folder):
    with pytest.raises(RewardModelError, match=r"reward\.n_engines is 99, and the Ray cluster has"):
        RewardEngines(folder, opens="engine.rewards.tagged_lm:TaggedLm", options={}, n_engines=99)


def test_what_an_engine_cannot_load_is_its_own_sentence(engines, tmp_path):
    engine = RewardEngine(str(tmp_path), "engine.rewards.tagged_lm:TaggedLm", {})
    with pytest.raises(RewardModelError, match="No tokenizer could be loaded"):
        engine.open()
