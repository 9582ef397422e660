"""How much text the blocks of a Parquet file hold."""

import pyarrow
import pyarrow.parquet
import pytest

from engine.errors import StoreError
from engine.store.parquet import most_text


def written(folder, table: dict, **options):
    pyarrow.parquet.write_table(pyarrow.table(table), folder / "a.parquet", **options)
    return folder / "a.parquet"


@pytest.mark.parametrize("rows_per_group", [7, 100])
def test_the_largest_block_counts_in_bytes_whatever_the_groups_of_rows(tmp_path, rows_per_group):
    texts = ["ä" * (50 if 20 <= i < 30 else 1) for i in range(95)] + [None] * 5
    path = written(tmp_path, {'a "b"': texts, "n": range(100)}, row_group_size=rows_per_group)
    assert most_text(path, ['a "b"'], 10) == 10 * 50 * len("ä".encode())
    assert most_text(path, [], 10) == 0


def test_a_text_that_is_stored_once_counts_as_often_as_it_stands_there(tmp_path):
    repeated = pyarrow.DictionaryArray.from_arrays(
        pyarrow.array([0] * 2_000), pyarrow.array(["x" * 1_000_000])
    )
    path = written(tmp_path, {"text": repeated}, compression="zstd")
    assert path.stat().st_size < 100_000
    assert most_text(path, ["text"], 1_000) == 1_000_000_000


def test_what_duckdb_cannot_read_is_said(tmp_path):
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1" + b"\0" * 50 + b"PAR1")
    with pytest.raises(StoreError, match="cannot read"):
        most_text(path, ["text"], 10)
