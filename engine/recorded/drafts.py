"""What an imported set is called, after the content of its files, and the hidden folder in which it
is made: all of it is there in the end, or nothing.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from engine.errors import RecordedSetError
from engine.recorded.about import Scale
from engine.recorded.reading import files_of_recording


def digest_of(
    files: list[Path], mapping: Mapping[str, str] | None, format_number: int
) -> tuple[str, int]:
    """Hex digest over the files' bytes and the mapping, and the number of lines of the first."""
    said = json.dumps(mapping, sort_keys=True) if mapping else ""
    total, n_lines = hashlib.sha256(f"{format_number}{said}".encode()), 0
    for number, path in enumerate(files):
        for part in files_of_recording(path):
            with part.open("rb") as stream:
                while block := stream.read(1 << 20):
                    total.update(block)
                    n_lines += block.count(b"\n") if number == 0 else 0
            total.update(b"\x1f")
    return total.hexdigest(), n_lines


def set_id(digest: str, scale: Scale | None) -> str:
    """The id of the set that files of this digest and a scale give: 16 hex digits."""
    return hashlib.sha256(f"{digest}\x1f{scale}".encode()).hexdigest()[:16]


@contextmanager
def draft_in(home: Path) -> Iterator[Path]:
    """A hidden folder that is gone afterwards, unless it was given its name. A full disk is a
    sentence.
    """
    draft = home / "."
    try:
        home.mkdir(parents=True, exist_ok=True)
        _sweep(home)
        draft = Path(tempfile.mkdtemp(prefix=f".{os.getpid()}.", dir=home))
        draft.chmod(0o755)
        yield draft
    except OSError as error:
        raise RecordedSetError(
            f"{home} could not be written: {error.strerror}. Free space on the disk, then import"
            " again."
        ) from error
    finally:
        if draft != home:
            shutil.rmtree(draft, ignore_errors=True)


def _sweep(home: Path) -> None:
    """Remove what an import left that was killed: hidden folders whose process is gone."""
    for left in home.glob(".*.*"):
        try:
            os.kill(int(left.name.split(".")[1]), 0)
        except ProcessLookupError:
            shutil.rmtree(left, ignore_errors=True)
        except (ValueError, PermissionError):
            continue
