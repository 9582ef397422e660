"""An imported set, read back: which responses there are, and those asked for by (problem id,
index), in bounded memory.

It must not know who asks. The folder is named by its content and never changes, so an open one may
be kept.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
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
            keys = [
                self._file.read_row_group(g, columns=["problem_id", "idx"])
                for g in range(self._file.num_row_groups)
            ]
        except (OSError, ValueError, pyarrow.ArrowException) as error:
            raise RecordedSetError(
                f"{folder} is not an imported set of responses ({error}). Import the file again:"
                " python -m engine import-responses."
            ) from error
        ids = np.array(
            [int(id, 16) for part in keys for id in part["problem_id"].to_numpy()], dtype=np.uint64
        )
        idx = (
            np.concatenate([part["idx"].to_numpy() for part in keys])
            if keys
            else np.zeros(0, np.int32)
        )
        self._order = np.lexsort((idx, ids))
        self._ids = ids[self._order]
        self._starts = np.cumsum([0, *(part.num_rows for part in keys)])
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
        positions = self._positions(keys)
        by_position = dict(zip(positions.tolist(), keys))
        ordered = np.unique(positions)
        cuts = np.searchsorted(ordered, self._starts)
        for group, (first, last) in enumerate(pairwise(cuts)):
            if first < last:
                table = self._group(group, tuple(columns)).take(
                    ordered[first:last] - self._starts[group]
                )
                yield list(
                    zip((by_position[p] for p in ordered[first:last].tolist()), table.to_pylist())
                )

    def beyond(
        self, n_first: Mapping[str, int], columns: Sequence[str]
    ) -> Iterator[list[tuple[Key, dict]]]:
        """The rows of these problems but for the first n_first of each, a row group at a time, in
        the order of the file.
        """
        for group in range(self._file.num_row_groups):
            table = self._file.read_row_group(group, columns=["problem_id", "idx", *columns])
            ids: list[str] = table["problem_id"].to_pylist()  # type: ignore[assignment]
            keys: list[Key] = list(zip(ids, table["idx"].to_numpy().tolist()))
            wanted = [i for i, (id, index) in enumerate(keys) if index >= n_first.get(id, _NONE)]
            rows = table.select(columns).take(wanted).to_pylist()
            yield list(zip((keys[i] for i in wanted), rows))

    def _positions(self, keys: Sequence[Key]) -> np.ndarray:
        wanted = np.array([_number(id) for id, _ in keys], dtype=np.uint64)
        index = np.array([index for _, index in keys], dtype=np.int64)
        first = np.searchsorted(self._ids, wanted, side="left")
        n_recorded = np.searchsorted(self._ids, wanted, side="right") - first
        missing = np.flatnonzero((index < 0) | (index >= n_recorded))
        if len(missing):
            id, asked = keys[missing[0]]
            raise RecordedSetError(
                f"Response {asked} of problem {id} is asked for, and {n_recorded[missing[0]]} are"
                f" recorded in {self.folder}. Recorded responses are never drawn twice: lower"
                " sampling.n, or import more of them."
            )
        return self._order[first + index]

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


def _number(problem_id: str) -> int:
    try:
        return int(problem_id, 16)
    except ValueError:
        raise RecordedSetError(
            f"{problem_id} is not a problem id: 16 hex digits are one."
        ) from None
