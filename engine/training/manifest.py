"""What makes a folder of a training trustworthy: a manifest with the size and hash of every file,
written when all of them are on the disk.
"""

import hashlib
import json
from pathlib import Path

from engine.paths import flush_to_disk

MANIFEST = "manifest.json"
"""File in a folder that names every other one, with its size in bytes and its SHA-256."""


def seal(folder: Path) -> None:
    """Put a folder's files on the disk, and then its manifest. Blocks while it reads them. Raises:
    OSError.
    """
    manifest = folder / MANIFEST
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path != manifest)
    listed = {
        path.relative_to(folder).as_posix(): {"size": path.stat().st_size, "sha256": _hash(path)}
        for path in files
    }
    flush_to_disk(folder)
    manifest.write_text(json.dumps({"files": listed}, indent=1), encoding="utf-8")
    flush_to_disk(manifest)


def damage_of(folder: Path) -> str | None:
    """What is wrong with a sealed folder's files, in words; None where nothing is."""
    try:
        listed = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
        for name, wrote in listed.items():
            size = (folder / name).stat().st_size
            if size != wrote["size"]:
                return f"{name} has {size:,} bytes instead of {wrote['size']:,}"
            if _hash(folder / name) != wrote["sha256"]:
                return f"the content of {name} is not what was written"
    except FileNotFoundError as error:
        return f"{Path(error.filename).name} is missing"
    except OSError as error:
        return f"it cannot be read: {error.strerror}"
    except (ValueError, LookupError, TypeError, AttributeError):
        return f"{MANIFEST} cannot be read"
    return None


def _hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
