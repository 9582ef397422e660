"""A model or a data set brought to this machine by its id: into the hub library's own cache, where
a configuration that names the id finds it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from shutil import disk_usage
from typing import Any, Literal

from engine.hub import HubError, said

Kind = Literal["model", "dataset"]
KINDS: tuple[Kind, ...] = ("model", "dataset")
OTHER_WEIGHTS = ("*.bin", "*.h5", "*.msgpack", "*.onnx", "*.gguf", "*.pth", "*.ckpt", "original/*")
"""Files of a model that repeat its safetensors in another format; left out where it has those."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be pulled."""

    id: str
    kind: Kind = "model"
    revision: str | None = None
    endpoint: str | None = None
    """Another hub than the library's own (HF_ENDPOINT)."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What pulling would take."""

    n_files: int
    n_bytes: int
    """Of all files."""
    n_missing: int
    """Bytes that are not in the cache yet."""
    n_free: int
    """Bytes that are free where the cache is."""
    n_left_out: int
    """Files that repeat the weights in another format."""

    @property
    def fits(self) -> bool:
        return self.n_missing <= self.n_free


Progress = Callable[[int, int], None]
"""Told bytes done and bytes in all."""


def outlook(wanted: Wanted) -> Outlook:
    """Ask the hub what is there and look at the disk; nothing is pulled. Raises: HubError."""
    from huggingface_hub.constants import HF_HUB_CACHE

    left_out = _left_out(wanted)
    files = _snapshot(wanted, left_out, dry_run=True)
    sizes = [(file.file_size or 0, file.will_download) for file in files]
    return Outlook(
        n_files=len(files),
        n_bytes=sum(size for size, _ in sizes),
        n_missing=sum(size for size, is_missing in sizes if is_missing),
        n_free=disk_usage(_existing(Path(HF_HUB_CACHE))).free,
        n_left_out=len(left_out),
    )


def pull(wanted: Wanted, on_progress: Progress = lambda done, total: None) -> Path:
    """Bring it into the cache. Blocks; what an interrupted pull brought is not brought again.

    Returns: the folder. Raises: HubError, also where the disk has no room for it.
    """
    ahead = outlook(wanted)
    if not ahead.fits:
        raise HubError(
            f"{wanted.id} needs {ahead.n_missing:,} bytes, and {ahead.n_free:,} are free where the"
            " hub's cache is. Make room there, or set HF_HOME to another disk."
        )
    bar = _bar(on_progress, ahead.n_missing)
    path = _snapshot(wanted, _left_out(wanted), tqdm_class=bar)
    on_progress(ahead.n_missing, ahead.n_missing)
    return Path(path)


def _left_out(wanted: Wanted) -> list[str]:
    """Names of the files that are not pulled."""
    from fnmatch import fnmatch

    from huggingface_hub import HfApi

    if wanted.kind != "model":
        return []
    api = HfApi(endpoint=wanted.endpoint)
    names = _asked(wanted, lambda: api.list_repo_files(wanted.id, revision=wanted.revision))
    if not any(name.endswith(".safetensors") for name in names):
        return []
    return [name for name in names if any(fnmatch(name, pattern) for pattern in OTHER_WEIGHTS)]


def _snapshot(wanted: Wanted, left_out: list[str], **options: Any) -> Any:
    from huggingface_hub import snapshot_download

    return _asked(
        wanted,
        lambda: snapshot_download(
            wanted.id,
            repo_type=wanted.kind,
            revision=wanted.revision,
            endpoint=wanted.endpoint,
            ignore_patterns=left_out or None,
            **options,
        ),
    )


def _asked(wanted: Wanted, ask: Callable[[], Any]) -> Any:
    """Raises: HubError for whatever the library raises."""
    import httpx
    from huggingface_hub.errors import DryRunError, HfHubHTTPError, HFValidationError

    try:
        return ask()
    except HFValidationError as error:
        raise HubError(f"{wanted.id} is no id of a hub: give OWNER/NAME.") from error
    except DryRunError as error:
        cause = error.__cause__ if isinstance(error.__cause__, Exception) else error
        raise HubError(said(f"The {wanted.kind} {wanted.id}", cause)) from error
    except (HfHubHTTPError, httpx.HTTPError, OSError) as error:
        raise HubError(said(f"The {wanted.kind} {wanted.id}", error)) from error


def _bar(on_progress: Progress, total: int) -> type:
    """The library's progress bar, told on instead of drawn: bytes that arrive count."""
    from tqdm.auto import tqdm

    class Told(tqdm):
        def __init__(self, *args: Any, **options: Any):
            self._counts = "Downloading" in (options.get("desc") or "")
            options.pop("name", None)
            super().__init__(*args, **{**options, "disable": True})
            self._done = 0

        def update(self, n: float | None = 1) -> bool | None:
            if self._counts:
                self._done += int(n or 0)
                on_progress(min(self._done, total), total)
            return super().update(n)

    return Told


def _existing(path: Path) -> Path:
    return next(folder for folder in (path, *path.parents) if folder.exists())
