"""GGUF is written by llama.cpp's own converter: found where it is, named where it is not."""

from pathlib import Path

import pytest

from engine.errors import ConfigError
from engine.export.gguf import CONVERTER, converter, write_gguf


@pytest.fixture
def checkout(tmp_path, monkeypatch) -> Path:
    """A folder that LLAMA_CPP names, with a converter that notes what it is asked."""
    folder = tmp_path / "llama.cpp"
    folder.mkdir()
    (folder / CONVERTER).write_text(
        "import sys, pathlib\n"
        "policy, out = sys.argv[1], sys.argv[sys.argv.index('--outfile') + 1]\n"
        "if not pathlib.Path(policy, 'config.json').exists():\n"
        "    sys.exit('Model architecture not supported')\n"
        "pathlib.Path(out).write_text(' '.join(sys.argv[1:2] + sys.argv[4:]))\n"
    )
    monkeypatch.setenv("LLAMA_CPP", str(folder))
    return folder


def test_the_converter_of_a_checkout_writes_the_file_whole(checkout, tmp_path):
    policy, out = tmp_path / "policy", tmp_path / "new" / "policy.gguf"
    policy.mkdir()
    (policy / "config.json").write_text("{}")
    write_gguf(policy, out)
    assert out.read_text() == f"{policy} --outtype auto"
    with pytest.raises(ConfigError, match="there already"):
        write_gguf(policy, out)
    assert [file.name for file in out.parent.iterdir()] == ["policy.gguf"]


def test_what_the_converter_says_is_told_and_no_half_file_stays(checkout, tmp_path):
    (tmp_path / "policy").mkdir()
    with pytest.raises(ConfigError, match="did not take the policy .*architecture not supported"):
        write_gguf(tmp_path / "policy", tmp_path / "a.gguf")
    assert not list(tmp_path.glob("*.gguf"))


def test_where_it_is_not_installed_it_is_named_with_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("LLAMA_CPP", str(tmp_path))
    assert converter() is None
    with pytest.raises(ConfigError, match=f"llama.cpp's {CONVERTER} is not installed here"):
        write_gguf(tmp_path, tmp_path / "a.gguf")
    monkeypatch.delenv("LLAMA_CPP")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert converter() is None
