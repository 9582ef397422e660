"""An imported set, read back: which responses there are, and those asked for by (problem id,
index), in bounded memory.

It must not know who asks. The folder is named by its content and never changes, so an open one may
be kept.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import RecordedSetError

_NONE = 2**62
"""Beyond every index."""

Key = tuple[str, int]
"""(problem id, index): the index counts a problem's responses in the order of the file, from 0."""


class RecordedSet:
    """The responses of one imported folder. Holds 16 bytes per response; texts stay on disk.

    Raises: RecordedSetError if the folder is none, or damaged.
    """

    def __init__(self, folder: str | Path):
        import pyarrow
        import pyarrow.parquet

        self.folder = Path(folder)
        try:
            self.about = json.loads((self.folder / "about.json").read_text())
            self._file = pyarrow.parquet.ParquetFile(self.folder / "responses.parquet")
            groups = range(self._file.num_row_groups)
            keys = [_keys(self._file, group) for group in groups]
        except (OSError, ValueError, pyarrow.ArrowException) as error:
            raise RecordedSetError(
                f"{folder} is not an imported set of responses ({error}). Import the file again:"
                " python -m engine import-responses."
            ) from error
        ids = np.concatenate([np.zeros(0, np.uint64), *(part for part, _ in keys)])
        idx = np.concatenate([np.zeros(0, np.int32), *(part for _, part in keys)])
        self._order = np.lexsort((idx, ids))
        self._ids = ids[self._order]
        self._starts = np.cumsum([0, *(len(part) for part, _ in keys)])
        self._last_group: tuple[int, tuple[str, ...], Any] | None = None

    def counts(self) -> dict[str, int]:
        """Responses by problem id."""
        ids, n = np.unique(self._ids, return_counts=True)
        return {f"{id:016x}": count for id, count in zip(ids.tolist(), n.tolist())}

    def rows(self, keys: Sequence[Key], columns: Sequence[str]) -> Iterator[list[tuple[Key, dict]]]:
        """The rows of some responses, those that lie together in one list, in the order of the
        file.

        Raises: RecordedSetError naming the first response that is not recorded; nothing is yielded
        then.
        """
        ids, indices = zip(*keys) if keys else ((), ())
        positions = self.positions(ids, np.arange(len(keys)), np.array(indices, dtype=np.int64))
        by_position = dict(zip(positions.tolist(), keys))
        ordered = np.unique(positions)
        cuts = np.searchsorted(ordered, self._starts)
        for group in np.flatnonzero(np.diff(cuts)).tolist():  # of many groups a few are asked for
            here = ordered[cuts[group] : cuts[group + 1]]
            table = self._group(group, tuple(columns)).take(here - self._starts[group])
            yield list(zip(map(by_position.__getitem__, here.tolist()), table.to_pylist()))

    def beyond(
        self, n_first: Mapping[str, int], columns: Sequence[str]
    ) -> Iterator[list[tuple[Key, dict]]]:
        """The rows of these problems but for the first n_first of each, a row group at a time, in
        the order of the file.
        """
        for group in range(self._file.num_row_groups):
            table = self._file.read_row_group(group, columns=["problem_id", "idx", *columns])
            ids: list[str] = table["problem_id"].to_pylist()  # type: ignore[assignment]
            indices: list[int] = table["idx"].to_pylist()  # type: ignore[assignment]
            keys = list(zip(ids, indices))
            wanted = [i for i, (id, index) in enumerate(keys) if index >= n_first.get(id, _NONE)]
            rows = table.select(columns).take(wanted).to_pylist()
            yield list(zip((keys[i] for i in wanted), rows))

    def tables(self, columns: Sequence[str]) -> Iterator[Any]:
        """These columns of all responses, a row group at a time, in the order of the file."""
        for group in range(self._file.num_row_groups):
            yield self._file.read_row_group(group, columns=list(columns))

    def positions(
        self, problem_ids: Sequence[str] | np.ndarray, place: np.ndarray, index: np.ndarray
    ) -> np.ndarray:
        """Where responses stand in the file.

        Args:
            problem_ids: shape (P,).
            place: int, shape (N,): which of the problems.
            index: int, shape (N,).

        Raises: RecordedSetError naming the first response that is not recorded.
        """
        wanted = _numbers(problem_ids)
        first = np.searchsorted(self._ids, wanted, side="left")
        n_recorded = np.searchsorted(self._ids, wanted, side="right") - first
        missing = np.flatnonzero((index < 0) | (index >= n_recorded[place]))
        if len(missing):
            at = missing[0]
            raise RecordedSetError(
                f"Response {index[at]} of problem {problem_ids[int(place[at])]} is asked for, and"
                f" {n_recorded[place[at]]} are recorded in {self.folder}. Recorded responses are"
                " never drawn twice: lower sampling.n, or import more of them."
            )
        return self._order[first[place] + index]

    def _group(self, group: int, columns: tuple[str, ...]):
        """One row group, the last one kept: neighbours are asked for one after the other."""
        if self._last_group is None or self._last_group[:2] != (group, columns):
            self._last_group = (
                group,
                columns,
                self._file.read_row_group(group, columns=list(columns)),
            )
        return self._last_group[2]


@lru_cache(maxsize=4)
def open_set(folder: str) -> RecordedSet:
    """An imported set, opened once per process."""
    return RecordedSet(folder)


def _keys(file: Any, group: int) -> tuple[np.ndarray, np.ndarray]:
    """The problem ids and indices of a row group."""
    keys = file.read_row_group(group, columns=["problem_id", "idx"])
    idx = np.array(keys["idx"].to_pylist(), dtype=np.int32)  # to_numpy would import pandas
    return _numbers(keys["problem_id"].to_pylist()), idx


def _numbers(problem_ids: Sequence[str] | np.ndarray) -> np.ndarray:
    """Problem ids as uint64. Raises: RecordedSetError for one that is none."""
    return np.fromiter(map(_number, problem_ids), dtype=np.uint64, count=len(problem_ids))


def _number(problem_id: str) -> int:
    try:
        return int(problem_id, 16)
    except ValueError:
        raise RecordedSetError(
            f"{problem_id} is not a problem id: 16 hex digits are one."
        ) from None
