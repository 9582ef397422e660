"""Where a policy's or reward model's files are, and which policy they make.

A policy is named by a folder, by a hub id, or by the word "starter". It is *identified* by its
content, so that the same weights under two paths share their samples and new weights never do.
"""

import hashlib
import json
import math
from pathlib import Path

from engine.errors import ConfigError
from engine.models.memory import ModelSize, shape_of
from engine.paths import STARTER, expanded

FIELDS = {
    "policy": "policy.path",
    "prm": "reward.path",
    "implicit": "reward.path",
    "reference": "implicit.reference",
}
"""How a configuration names the path of a role; the last two are the policies of an implicit
reward.
"""

_CONTENT = ("*.json", "*.safetensors", "*.model", "*.txt", "*.jinja", "*.py", "*.tiktoken", "*.bpe")
_SAFETENSORS = ("model.safetensors", "model.safetensors.index.json")
_PICKLES = ("*.bin", "*.pt", "*.pth")
_ADAPTER = "adapter_config.json"


def locate(path: str, *, role: str, revision: str | None = None) -> Path:
    """The folder with the files of a model.

    Args:
        path: a folder, a hub id such as "Qwen/Qwen2.5-7B", or "starter" for the one that ships.
        role: one of FIELDS; names the field in an error and the starter model meant.
        revision: commit or tag of a hub id.

    Blocks while a hub id downloads. Raises: ConfigError if there is no such model.
    """
    if path == "starter":
        return STARTER / ("prm" if role == "prm" else "policy")
    folder = expanded(path)
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise ConfigError(
                f"{FIELDS[role]} is {path}: the folder holds no config.json, so it is not a model"
                " folder."
            )
        return folder.resolve()
    if not _is_hub_id(path):
        raise ConfigError(
            f"{FIELDS[role]} is {path}: there is no such folder. Give a model folder, a hub id, or"
            " starter."
        )
    return _download(path, role, revision)


def folder_here(path: str, *, role: str, revision: str | None = None) -> Path | None:
    """As locate, without a download: None for a hub id that is not in the hub's cache. Raises:
    ConfigError as locate does.
    """
    if path != "starter" and not expanded(path).is_dir() and _is_hub_id(path):
        from huggingface_hub import try_to_load_from_cache

        config = try_to_load_from_cache(path, "config.json", revision=revision)
        return Path(config).parent if isinstance(config, str) else None
    return locate(path, role=role, revision=revision)


def size_of(folder: Path | None, n_parameters: int | None) -> ModelSize | None:
    """A model's size from the configuration's figure, or counted from the headers of its
    safetensors; no weights are read.

    Args:
        folder: None where the files are not here.

    Returns: None if neither says it.
    """
    if n_parameters is None and folder is not None:
        shapes = _shapes(folder)
        n_parameters = None if shapes is None else sum(map(math.prod, shapes.values()))
    if n_parameters is None:
        return None
    try:
        shape = (
            shape_of(json.loads((folder / "config.json").read_text(encoding="utf-8")))
            if folder
            else None
        )
    except (OSError, ValueError):
        shape = None
    return ModelSize(n_parameters, shape)


def tensor_names(folder: Path) -> frozenset[str] | None:
    """The names of a model's tensors, from the headers of its safetensors; no weights are read.
    None where there are no such files, or damaged ones.
    """
    shapes = _shapes(folder)
    return None if shapes is None else frozenset(shapes)


def content_id(folder: Path) -> str:
    """16 hex digits of the SHA-256 over the names and contents of what changes a model's answers:
    its own files, those in other folders that an index names, and the base of an adapter. Pickled
    weights count where there are no safetensors, because only then are they loaded. Blocks while
    it reads them.

    Raises: ConfigError for an adapter whose base is nowhere; OSError for a file that cannot be
    read.
    """
    return _content_id(folder.resolve(), frozenset())


def _content_id(folder: Path, above: frozenset[Path]) -> str:
    total = hashlib.sha256()
    for name, file in _content(folder).items():
        total.update(name.encode())
        with file.open("rb") as stream:
            total.update(hashlib.file_digest(stream, "sha256").digest())
    if base := _adapter_base(folder):
        if base in above | {folder}:
            raise ConfigError(f"The adapter at {folder} names itself as its own base.")
        total.update(b"base " + _content_id(base, above | {folder}).encode())
    return total.hexdigest()[:16]


def _content(folder: Path) -> dict[str, Path]:
    """The files of a model by name, in the order in which they count: those beside each other
    first.
    """
    is_pickled = not any((folder / name).is_file() for name in _SAFETENSORS)
    patterns = (*_CONTENT, *_PICKLES) if is_pickled else _CONTENT
    own = sorted({file for pattern in patterns for file in folder.glob(pattern) if file.is_file()})
    elsewhere = {
        name: folder / name
        for index in folder.glob("*.index.json")
        for name in _indexed(index)
        if folder / name not in own
    }
    return {file.name: file for file in own} | dict(sorted(elsewhere.items()))


def _indexed(index: Path) -> set[str]:
    """The files that an index of weights names and that are there."""
    try:
        named = json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()
        return {name for name in named if (index.parent / name).is_file()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return set()


def _adapter_base(folder: Path) -> Path | None:
    """The folder of the model that an adapter was trained on; None for a model that is none."""
    try:
        named = json.loads((folder / _ADAPTER).read_text(encoding="utf-8"))
        base, revision = named["base_model_name_or_path"], named.get("revision")
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None
    if (folder / _SAFETENSORS[0]).is_file() or not isinstance(base, str) or not base:
        return None
    return locate(base, role="policy", revision=revision)


def adapter_folder(policy: Path) -> Path:
    """Where the LoRA adapter of a policy's folder is kept, if it was trained with one: beside it,
    never inside.
    """
    return policy.with_name(f"{policy.name}-adapter")


def _is_hub_id(path: str) -> bool:
    return path.count("/") == 1 and not path.startswith((".", "~", "/"))


def _shapes(folder: Path) -> dict[str, list[int]] | None:
    """By tensor name, from the headers of the safetensors; None where those cannot be read."""
    from huggingface_hub import get_local_safetensors_metadata
    from huggingface_hub.errors import NotASafetensorsRepoError, SafetensorsParsingError

    try:
        files = get_local_safetensors_metadata(folder).files_metadata.values()
    except (OSError, ValueError, NotASafetensorsRepoError, SafetensorsParsingError):
        return None
    return {name: list(t.shape) for file in files for name, t in file.tensors.items()}


def _download(hub_id: str, role: str, revision: str | None) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    patterns = [*_CONTENT, "*.bin.index.json"]
    try:
        return Path(snapshot_download(hub_id, revision=revision, allow_patterns=patterns))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise ConfigError(
            f"{FIELDS[role]} is {hub_id}: there is no such folder, and the hub did not give it"
            f" ({type(error).__name__}). Check the name and the network, or give a local folder."
        ) from error
