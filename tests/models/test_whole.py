"""A model folder that lacks tensors, or holds others, is refused by name instead of being filled up
at random.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.errors import EngineError
from engine.paths import STARTER
from engine.rewards.classifiers import STEPS, load_classifier
from engine.samplers.hf_local import HfSampler
from tests.training.small_trainings import saved, task, trained

NORM = "model.norm.weight"


def changed(folder: Path, role: str, change: Callable[[dict], object]) -> str:
    shutil.copytree(STARTER / role, folder)
    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    return str(folder)


def lacks(tensors: dict) -> None:
    del tensors[NORM]


def has_more(tensors: dict) -> None:
    tensors["value_head.weight"] = torch.zeros(1, 4)


def has_another_shape(tensors: dict) -> None:
    tensors[NORM] = torch.ones(3)


FAULTS = [
    (lacks, f"its files lack {NORM}"),
    (has_more, "the model has no place for value_head.weight"),
    (has_another_shape, f"its files hold {NORM} as 3 instead of"),
]


def sampled(path: str, folder: Path) -> None:
    HfSampler(path, device="cpu")


def trained_from(path: str, folder: Path) -> None:
    from dataclasses import replace

    saved(trained(replace(task(folder, "sft"), policy_path=path)))


@pytest.mark.parametrize(("change", "named"), FAULTS)
@pytest.mark.parametrize("opened", [sampled, trained_from])
def test_a_policy_that_is_not_whole_is_refused(opened, change, named, tmp_path):
    path = changed(tmp_path / "policy", "policy", change)
    with pytest.raises(EngineError) as refused:
        opened(path, tmp_path / "training")
    assert named in str(refused.value)


@pytest.mark.parametrize(("change", "named"), FAULTS)
def test_a_reward_model_that_is_not_whole_is_refused(change, named, tmp_path):
    path = changed(tmp_path / "prm", "prm", change)
    with pytest.raises(EngineError) as refused:
        load_classifier(STEPS, path, torch.device("cpu"), False)
    assert named.removeprefix("its files lack ") in str(refused.value)


def test_buffers_that_old_files_hold_are_no_fault(tmp_path):
    def buffer(tensors: dict) -> None:
        tensors["model.layers.0.self_attn.rotary_emb.inv_freq"] = torch.ones(4)

    loaded = HfSampler(str(changed(tmp_path / "policy", "policy", buffer)), device="cpu").model
    untouched = HfSampler(str(STARTER / "policy"), device="cpu").model
    for ours, own in zip(loaded.parameters(), untouched.parameters(), strict=True):
        assert torch.equal(ours, own)


def test_a_head_tied_to_the_embeddings_is_no_fault(tmp_path):
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.from_pretrained(STARTER / "policy")
    config.tie_word_embeddings = True
    AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path / "tied")
    for file in STARTER.glob("policy/tokenizer*"):
        shutil.copy(file, tmp_path / "tied")
    assert "lm_head.weight" not in load_file(tmp_path / "tied" / "model.safetensors")
    sampled(str(tmp_path / "tied"), tmp_path)
