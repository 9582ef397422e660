"""Where a policy's or reward model's files are, and which policy they make.

A policy is named by a folder, by a hub id, or by the word "starter". It is *identified* by its content, so that the same
weights under two paths share their samples and new weights never do.
"""

import hashlib
from pathlib import Path

from engine.errors import ConfigError

ROOT = Path(__file__).resolve().parent.parent
STARTER = ROOT / "data" / "starter"
_CONTENT = ("*.json", "*.safetensors", "*.model", "*.txt", "*.jinja", "*.py")


def locate(path: str, *, role: str, revision: str | None = None) -> Path:
    """The folder with the files of a model.

    Args:
        path: a folder, a hub id such as "Qwen/Qwen2.5-7B", or "starter" for the one that ships.
        role: "policy" or "prm"; names the field in an error and the starter model meant.
        revision: commit or tag of a hub id.

    Blocks while a hub id downloads. Raises: ConfigError if there is no such model.
    """
    if path == "starter":
        return STARTER / role
    folder = Path(path).expanduser()
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise ConfigError(f"{role}.path is {path}: the folder holds no config.json, so it is no model folder.")
        return folder.resolve()
    if folder.is_absolute() or path.count("/") != 1 or path.startswith("."):
        raise ConfigError(f"{role}.path is {path}: there is no such folder. Give a model folder, a hub id, or starter.")
    return _download(path, role, revision)


def content_id(folder: Path) -> str:
    """16 hex digits of the SHA-256 over the names and contents of a model's files. Blocks while it reads them."""
    total = hashlib.sha256()
    for file in sorted({file for pattern in _CONTENT for file in folder.glob(pattern)}):
        total.update(file.name.encode())
        with file.open("rb") as stream:
            total.update(hashlib.file_digest(stream, "sha256").digest())
    return total.hexdigest()[:16]


def adapter_folder(policy: Path) -> Path:
    """Where the LoRA adapter of a policy's folder is kept, if it was trained with one: beside it, never inside."""
    return policy.with_name(f"{policy.name}-adapter")


def _download(hub_id: str, role: str, revision: str | None) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    patterns = [*_CONTENT, "*.bin.index.json"]
    try:
        return Path(snapshot_download(hub_id, revision=revision, allow_patterns=patterns))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise ConfigError(
            f"{role}.path is {hub_id}: there is no such folder, and the hub did not give it ({type(error).__name__}). "
            "Check the name and the network, or give a local folder."
        ) from error
