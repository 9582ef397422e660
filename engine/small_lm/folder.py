"""The folder that a study on the small language model starts from: the model, the problems, the
configuration.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from engine.errors import ConversionError
from engine.paths import expanded, written_whole
from engine.small_lm.configuration import configuration
from engine.small_lm.conversion import convert
from engine.small_lm.package import PACKAGE, require_package
from engine.small_lm.problems import N_HELD_OUT, N_TRAIN, as_lines, train_and_held_out

POLICY, TRAIN, HELD_OUT = "policy", "train.jsonl", "held_out.jsonl"
CONFIGURATION, ABOUT = "small_lm.toml", "about.json"


@dataclass(frozen=True, slots=True)
class SmallLm:
    """A folder that was written, or was there already."""

    folder: Path
    configuration: Path
    """What `hs-star run` takes."""
    is_new: bool


def configuration_in(folder: Path) -> Path | None:
    """The configuration of a folder that build wrote; None where the folder is no such one."""
    expected = (ABOUT, CONFIGURATION, TRAIN, HELD_OUT, f"{POLICY}/config.json")
    return folder / CONFIGURATION if all((folder / n).is_file() for n in expected) else None


def require_new(folder: Path) -> None:
    """Raises: ConversionError for a file, and for a folder that holds anything."""
    if folder.exists() and not folder.is_dir():
        raise ConversionError(f"{folder} is a file. Name a new or an empty folder.")
    if folder.is_dir() and any(folder.iterdir()):
        raise ConversionError(
            f"{folder} holds other files, and nothing is written over them. Name a new or an empty"
            " folder."
        )


def build(
    folder: Path,
    *,
    n_train: int = N_TRAIN,
    n_held_out: int = N_HELD_OUT,
    seed: int = 0,
    say: Callable[[str], None] = lambda line: None,
) -> SmallLm:
    """Convert the installed weights and write problems and a configuration beside them. Blocks for
    about a minute; a folder that was built before is left as it is.

    Args:
        folder: a new or an empty folder; it is there whole in the end, or not at all.
        n_train, n_held_out: problems to train on and to evaluate on.
        seed: of the problems.
        say: told what is being done, in this thread.

    Raises: ConversionError, ProblemSetError.
    """
    folder = expanded(folder).resolve()
    if path := configuration_in(folder):
        return SmallLm(folder, path, is_new=False)
    require_new(folder)
    gguf = require_package()
    problems = train_and_held_out(n_train, n_held_out, seed)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(folder) as draft:
            say(f"Converting {gguf.name} to safetensors: about a minute, 540 MB")
            convert(gguf, draft / POLICY)
            for name, part in zip((TRAIN, HELD_OUT), problems):
                (draft / name).write_text(as_lines(part), encoding="utf-8")
            settings = configuration(n_train, n_held_out)
            (draft / CONFIGURATION).write_text(settings, encoding="utf-8")
            (draft / ABOUT).write_text(_about(gguf, seed), encoding="utf-8")
    except OSError as error:
        if path := configuration_in(folder):  # another process was quicker
            return SmallLm(folder, path, is_new=False)
        raise ConversionError(
            f"{folder} could not be written ({error}). Name a folder on a disk with 600 MB free."
        ) from error
    return SmallLm(folder, folder / CONFIGURATION, is_new=True)


def _about(gguf: Path, seed: int) -> str:
    """Where everything comes from, as JSON."""
    with gguf.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    about = {
        "model": "SmolLM2-135M-Instruct by Hugging Face",
        "license": "Apache-2.0",
        "source": f"{gguf.name} of the Python package {PACKAGE} {_version()}",
        "source_sha256": digest,
        "changes": "4-bit weights written as float32; digits split one by one by the tokenizer",
        "problems": f"written by HS-STaR Studio, seed {seed}",
    }
    return json.dumps(about, indent=1) + "\n"


def _version() -> str:
    try:
        return version(PACKAGE)
    except PackageNotFoundError:
        return "of unknown version"
