"""A model is known by everything that changes its answers."""

import json
import shutil
from pathlib import Path

import pytest

from engine.errors import ConfigError
from engine.models.weights import content_id, locate
from engine.paths import STARTER


def model(folder: Path, **files: bytes) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_bytes(content)
    return folder


def test_the_starter_policy_is_known_by_the_id_it_always_had():
    assert content_id(STARTER / "policy") == "032c3f56ac28db6a"


def test_two_models_that_differ_in_pickled_weights_are_two(tmp_path):
    one = model(tmp_path / "one", pytorch_model__bin=b"1")
    other = model(tmp_path / "other", pytorch_model__bin=b"2")
    assert content_id(one) != content_id(other)


def test_pickled_weights_beside_safetensors_are_not_loaded_and_do_not_count(tmp_path):
    one = model(tmp_path / "one", model__safetensors=b"w")
    before = content_id(one)
    (one / "pytorch_model.bin").write_bytes(b"others")
    assert content_id(one) == before


def test_weights_that_an_index_names_in_another_folder_count(tmp_path):
    one = model(tmp_path / "one")
    index = {"weight_map": {"a": "parts/1.safetensors"}}
    (one / "model.safetensors.index.json").write_text(json.dumps(index))
    (one / "parts").mkdir()
    (one / "parts" / "1.safetensors").write_bytes(b"1")
    before = content_id(one)
    (one / "parts" / "1.safetensors").write_bytes(b"2")
    assert content_id(one) != before


def test_the_base_of_an_adapter_counts(tmp_path):
    base = model(tmp_path / "base", model__safetensors=b"1")
    adapter = model(tmp_path / "adapter", adapter_model__safetensors=b"a")
    named = {"base_model_name_or_path": str(base)}
    (adapter / "adapter_config.json").write_text(json.dumps(named))
    before = content_id(adapter)
    (base / "model.safetensors").write_bytes(b"2")
    assert content_id(adapter) != before
    shutil.rmtree(base)
    with pytest.raises(ConfigError, match="there is no such folder"):
        content_id(adapter)


@pytest.mark.parametrize("path", ["~nobody-of-this-name/model", "~nobody-of-this-name"])
def test_the_home_folder_of_an_unknown_user_is_a_folder_that_is_not_there(path):
    with pytest.raises(ConfigError, match=r"^policy\.path is ~nobody-of-this-name"):
        locate(path, role="policy")


def test_an_adapter_that_is_its_own_base_is_refused(tmp_path):
    adapter = model(tmp_path / "adapter", adapter_model__safetensors=b"a")
    named = {"base_model_name_or_path": str(adapter)}
    (adapter / "adapter_config.json").write_text(json.dumps(named))
    with pytest.raises(ConfigError, match="its own base"):
        content_id(adapter)
