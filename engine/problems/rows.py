"""Files and data sets to numbered rows: one generator per format. It knows nothing of questions and
answers.

Every generator yields (line, row). The line counts from 1; in a JSON list and in Parquet it is the
row's number. A row that cannot be read at all is yielded as a `Broken` in the row's place.
"""

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from engine.errors import ProblemSetError
from engine.problems.spreadsheet import unguarded


class Broken(NamedTuple):
    """A line that is not a row, and why."""

    reason: str


Rows = Iterator[tuple[int, Any]]


def _jsonl(path: Path) -> Rows:
    with path.open("rb") as lines:
        for number, raw in enumerate(lines, 1):
            if not raw.strip():
                continue
            try:
                yield number, json.loads(raw.decode("utf-8-sig"))
            except UnicodeDecodeError:
                yield number, Broken("The line is not UTF-8 text.")
            except (ValueError, RecursionError) as error:
                yield number, Broken(f"The line is not JSON: {str(error)[:120]}.")


def _json(path: Path) -> Rows:
    try:
        data = json.loads(path.read_text("utf-8-sig"))
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


def _csv(path: Path) -> Rows:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        try:
            for row in reader:
                yield (
                    reader.line_num,
                    {k: unguarded(v) if isinstance(v, str) else v for k, v in row.items()},
                )
        except (csv.Error, UnicodeDecodeError) as error:
            raise ProblemSetError(
                f"{path} cannot be read after line {reader.line_num}: {error}. Save it as UTF-8"
                " CSV."
            ) from None


def _parquet(path: Path) -> Rows:
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
                columns = {name: _values(batch[name]) for name in batch.schema.names}
                for row in zip(*columns.values()):
                    number += 1
                    yield number, dict(zip(columns, row))
    except (pyarrow.ArrowException, OSError) as error:
        raise ProblemSetError(
            f"{path} is no Parquet file that can be read: {str(error)[:160].rstrip('.')}."
        ) from None


def _values(column: Any) -> Sequence[Any]:
    """A column as Python has it. A text that stands in many rows is one object in all of them: a
    small file may repeat a large one without end.
    """
    import pyarrow

    if not pyarrow.types.is_dictionary(column.type):
        return column.to_pylist()
    texts = column.dictionary.to_pylist()
    return [None if at is None else texts[at] for at in column.indices.to_pylist()]


_READERS = {".jsonl": _jsonl, ".json": _json, ".csv": _csv, ".parquet": _parquet}
FILE_TYPES = tuple(_READERS)


def rows_of_file(path: Path) -> Rows:
    """The rows of one file, read as they are asked for.

    Raises:
        ProblemSetError: the file is missing, of an unknown type, or unreadable as a whole.
    """
    if not path.is_file():
        raise ProblemSetError(
            f"There is no problem file {path}. Check the path; relative ones start at the working"
            " directory."
        )
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise ProblemSetError(
            f"{path} is of a type that is not read. Allowed: {', '.join(FILE_TYPES)}."
        )
    return reader(path)


def rows_of_hub(dataset: str, revision: str, split: str) -> Rows:
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
