"""Files and data sets to numbered rows: one generator per format. It knows nothing of questions and
answers.

Every generator yields (line, row). The line counts from 1; in a JSON list and in Parquet it is the
row's number. A row that cannot be read at all is yielded as a `Broken` in the row's place. What was
guessed on the way is a sentence in `notes`, complete once the rows are read.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from engine.errors import ProblemSetError
from engine.problems.bytes_of_file import Broken, Notes, Rows, encoding_of, opened, require_text
from engine.problems.separated import separated_rows


def _jsonl(path: Path, notes: Notes) -> Rows:
    encoding = require_text(path)
    if encoding != "utf-8":
        notes.append(f"{path.name} is read as {encoding}.")
        yield from _jsonl_in(path, encoding)
        return
    with opened(path) as lines:
        for number, raw in enumerate(lines, 1):
            if not raw.strip():
                continue
            try:
                yield number, json.loads(raw.decode("utf-8-sig"))
            except UnicodeDecodeError:
                yield number, Broken("The line is not UTF-8 text.")
            except (ValueError, RecursionError) as error:
                yield number, Broken(f"The line is not JSON: {str(error)[:120]}.")


def _jsonl_in(path: Path, encoding: str) -> Rows:
    """Lines in another encoding, each ended by a line feed only."""
    import io

    with opened(path) as raw, io.TextIOWrapper(raw, encoding, "replace", newline="\n") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    yield number, json.loads(line)
                except (ValueError, RecursionError) as error:
                    yield number, Broken(f"The line is not JSON: {str(error)[:120]}.")


def _json(path: Path, notes: Notes) -> Rows:
    require_text(path)
    encoding = encoding_of(path)
    if encoding.is_said:
        notes.append(encoding.sentence(path.name))
    try:
        with opened(path) as raw:
            data = json.loads(raw.read().decode(encoding.name).removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise ProblemSetError(
            f"{path} is not JSON: {str(error)[:120]}. One row per line needs the name .jsonl."
        ) from None
    if isinstance(data, dict):
        data = next((value for value in data.values() if isinstance(value, list)), [data])
    if not isinstance(data, list):
        raise ProblemSetError(
            f"{path} holds no list of problems. A JSON file must be a list of objects."
        )
    yield from enumerate(data, 1)


def _parquet(path: Path, notes: Notes) -> Rows:
    import pyarrow
    import pyarrow.parquet

    number = 0
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            texts = [
                field.name
                for field in file.schema_arrow
                if pyarrow.types.is_string(field.type) or pyarrow.types.is_large_string(field.type)
            ]
        with pyarrow.parquet.ParquetFile(path, read_dictionary=texts) as file:
            for batch in file.iter_batches(batch_size=4096):
                columns = {name: values_of(batch[name]) for name in batch.schema.names}
                for row in zip(*columns.values()):
                    number += 1
                    yield number, dict(zip(columns, row))
    except (pyarrow.ArrowException, OSError) as error:
        raise ProblemSetError(
            f"{path} is no Parquet file that can be read: {str(error)[:160].rstrip('.')}."
        ) from None


def values_of(column: Any) -> Sequence[Any]:
    """A column as Python has it. A text that stands in many rows is one object in all of them: a
    small file may repeat a large one without end.
    """
    import pyarrow

    if not pyarrow.types.is_dictionary(column.type):
        return column.to_pylist()
    texts = column.dictionary.to_pylist()
    return [None if at is None else texts[at] for at in column.indices.to_pylist()]


_READERS = {
    ".jsonl": _jsonl,
    ".json": _json,
    ".csv": separated_rows,
    ".tsv": separated_rows,
    ".parquet": _parquet,
}
FILE_TYPES = tuple(_READERS)
COMPRESSED = (".gz", ".zst")
"""Behind the type, as in .jsonl.gz; a Parquet file is compressed inside."""


def type_of(path: Path) -> str:
    """The type a file's name says, without its compression; "" for none that is read.

    >>> type_of(Path("a.JSONL.gz")), type_of(Path("a.csv")), type_of(Path("a.parquet.zst"))
    ('.jsonl', '.csv', '')
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    is_compressed = bool(suffixes) and suffixes[-1] in COMPRESSED
    inner = suffixes[:-1] if is_compressed else suffixes
    kind = inner[-1] if inner else ""
    return "" if kind not in _READERS or (is_compressed and kind == ".parquet") else kind


def files_of(path: Path) -> list[Path]:
    """The files behind a path: itself, or those of a folder of parts in the order of their names.

    Raises:
        ProblemSetError: nothing is there, of an unknown type, or a folder without a file to read.
    """
    if path.is_dir():
        parts = sorted(p for p in path.iterdir() if p.is_file() and type_of(p) and _is_part(p))
        if not parts:
            raise ProblemSetError(
                f"The folder {path} holds no file that is read. Allowed: {_allowed()}."
            )
        return parts
    if not path.is_file():
        raise ProblemSetError(
            f"There is no problem file {path}. Check the path; relative ones start at the working"
            " directory."
        )
    if not type_of(path):
        raise ProblemSetError(f"{path} is of a type that is not read. Allowed: {_allowed()}.")
    return [path]


def _is_part(path: Path) -> bool:
    """Not what a writer leaves beside its parts, such as _SUCCESS or .part.crc."""
    return not path.name.startswith((".", "_"))


def _allowed() -> str:
    return f"{', '.join(FILE_TYPES)}; all but .parquet also with {' or '.join(COMPRESSED)} behind"


def rows_of_file(path: Path, notes: Notes | None = None) -> Rows:
    """The rows of one file, read as they are asked for; of a folder, those of its parts.

    Args:
        notes: grows by a sentence for each thing that was guessed; None where nobody reads them.

    Raises:
        ProblemSetError: the file is missing, of an unknown type, or unreadable as a whole.
    """
    files = files_of(path)
    notes = [] if notes is None else notes
    readers = [_READERS[type_of(file)](file, notes) for file in files]
    return readers[0] if len(readers) == 1 else _one_after_another(readers)


def n_rows_of(path: Path) -> int | None:
    """About how many rows a file has, for a progress bar; None where only reading it would tell.
    Blocks while it counts lines.
    """
    if path.suffix.lower() in COMPRESSED or type_of(path) == ".json":
        return None
    if type_of(path) == ".parquet":
        import pyarrow
        import pyarrow.parquet

        try:
            return pyarrow.parquet.read_metadata(path).num_rows
        except (pyarrow.ArrowException, OSError):
            return None
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


def _one_after_another(readers: list[Rows]) -> Rows:
    for rows in readers:
        yield from rows


def rows_of_hub(dataset: str, revision: str, split: str) -> Iterator[tuple[int, Any]]:
    """The rows of a hub data set, streamed. `dataset` is "org/name", or "org/name/config" where it
    has several.

    Raises:
        ProblemSetError: it cannot be loaded.
    """
    from datasets import load_dataset

    org, name, *config = dataset.split("/")
    try:
        stream = load_dataset(
            f"{org}/{name}", *config, split=split, revision=revision, streaming=True
        )
        yield from enumerate(stream, 1)
    except Exception as error:
        raise ProblemSetError(
            f"The data set {dataset} at revision {revision}, split {split}, cannot be loaded:"
            f" {type(error).__name__}: {str(error)[:200]}. Check the name, the split and the"
            " network."
        ) from error
