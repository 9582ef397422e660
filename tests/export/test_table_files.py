"""Tables as files: what is written reads back exactly in every format; no spreadsheet runs it."""

import csv
import json
from datetime import datetime

import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ConfigError
from engine.export.tables import SUFFIXES, read_table, types, write_table
from engine.problems.spreadsheet import guarded, unguarded

HOSTILE = (
    "",
    "'",
    "''",
    "=1+1",
    "'=1+1",
    "''=1+1",
    "+",
    "-5",
    "-1/2",
    "'-5",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n",
    "a\r\nb",
    "\r",
    ' "q" ',
    '""',
    "a,b",
    "null",
    "NULL",
    "nan",
    "NaN",
    "true",
    "1",
    "007",
    "[0.5]",
    "\x00",
    "a\x00b",
    "\x1f",
    "\x7f",
    "\x85",
    "a\u2028b\u2029c",
    "\ufeff",
    "\u202eabc",
    "数学 🙂",
    "=cmd|' /C calc'!A0",
    "\\",
    "\\N",
    "\\n",
    "{}",
    "2026-11-21",
    "2026-11-21T10:00:00",
    " padded ",
    "\ufffd",
)
texts = (
    st.sampled_from(HOSTILE)
    | st.text(alphabet=st.characters(exclude_categories=["Cs"]))
    | st.text("'=+-@\t\r\n,\"0a", max_size=6)
)
floats = st.floats(allow_nan=False) | st.sampled_from([0.1 + 0.2, 5e-324, 1e308, -0.0, 1 / 3])
values = {
    "string": texts,
    "uint64": st.integers(0, 2**64 - 1),
    "int32": st.integers(-(2**31), 2**31 - 1),
    "int8": st.integers(-128, 127),
    "double": floats,
    "bool": st.booleans(),
    "timestamp[us]": st.datetimes(datetime(1970, 1, 1), datetime(2262, 1, 1)),
    "list<double>": st.lists(floats, max_size=4),
}
COLUMNS = {
    "text": "string",
    "note": "string",
    "seed": "uint64",
    "index": "int32",
    "difficulty": "int8",
    "reward": "double",
    "correct": "bool",
    "made_at": "timestamp[us]",
    "step_scores": "list<double>",
}
rows = st.lists(
    st.fixed_dictionaries({name: st.none() | values[kind] for name, kind in COLUMNS.items()}),
    min_size=1,
    max_size=12,
)


def typed(rows: list[dict], names) -> pyarrow.RecordBatch:
    return pyarrow.RecordBatch.from_pylist(
        rows, pyarrow.schema([(name, types()[name]) for name in names])
    )


@pytest.mark.parametrize("suffix", SUFFIXES)
@given(rows=rows)
def test_whatever_is_written_is_read_back_with_its_types(tmp_path_factory, suffix, rows):
    path = tmp_path_factory.mktemp("exact") / f"rows{suffix}"
    batch = typed(rows, COLUMNS)
    assert write_table([batch.slice(0, 0), batch, batch], path) == 2 * len(rows)
    back = read_table(path)
    assert back.schema.equals(batch.schema) and back.to_pylist() == 2 * rows
    assert str(back.to_pylist()) == str(2 * batch.to_pylist()), (
        "0.0 and -0.0 are equal, but not the same"
    )


@given(text=texts)
def test_a_guarded_cell_runs_in_no_spreadsheet_and_its_text_comes_back(text):
    cell = guarded(text)
    assert unguarded(cell) == text
    if cell[:1] in tuple("=+-@\t\r"):
        float(cell)  # nothing but a number may begin so


@pytest.mark.parametrize(
    "text", ["-5", "+3", "-0.25", "-1e-7", "5", "x=1", "1-2", "a@b", "'tis", "", "'"]
)
def test_numbers_and_harmless_texts_are_left_as_they_are(text):
    assert guarded(text) == text == unguarded(text)


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1+cmd|x", "-1-1", "-x", "@SUM(A1)", "\t1", "\r1", "'=1", "''@x", "-", "-１", "-5\n"],
)
def test_what_a_spreadsheet_would_run_begins_with_an_apostrophe(text):
    assert guarded(text) == "'" + text


def test_text_of_a_megabyte_and_a_line_end_in_every_cell_survive(tmp_path):
    long = {"text": "=\r\n\"'," * 170_000, "note": None, "seed": 2**64 - 1}
    for suffix in SUFFIXES:
        write_table([typed([long, long], long)], tmp_path / f"long{suffix}")
        assert read_table(tmp_path / f"long{suffix}").to_pylist() == [long, long]


def test_other_readers_of_jsonl_and_csv_see_as_many_rows(tmp_path):
    rows = [{"text": text, "index": i} for i, text in enumerate(HOSTILE)]
    write_table([typed(rows, ("text", "index"))], tmp_path / "t.jsonl")
    assert [
        json.loads(line) for line in (tmp_path / "t.jsonl").read_text("utf-8").splitlines()
    ] == rows
    write_table([typed(rows, ("text", "index"))], tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(encoding="utf-8", newline="") as file:
        assert [(unguarded(row["text"]), int(row["index"])) for row in csv.DictReader(file)] == [
            (t, i) for i, t in enumerate(HOSTILE)
        ]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_table_that_breaks_off_leaves_the_old_file_and_no_draft(tmp_path, suffix):
    path = tmp_path / f"rows{suffix}"
    write_table([typed([{"index": 1}], ["index"])], path)

    def breaking():
        yield typed([{"index": 2}], ["index"])
        raise RuntimeError("the power went")

    with pytest.raises(RuntimeError, match="power"):
        write_table(breaking(), path)
    assert read_table(path).to_pylist() == [{"index": 1}] and list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_read_or_written_is_a_sentence(tmp_path):
    for name in ("no.jsonl", "no.csv", "no.parquet"):
        with pytest.raises(ConfigError, match="could not be read"):
            read_table(tmp_path / name)
        (tmp_path / name).write_bytes(b'{"a": \xff')
        with pytest.raises(ConfigError, match="could not be read"):
            read_table(tmp_path / name)
    (tmp_path / "taken.csv").mkdir()
    with pytest.raises(ConfigError, match="could not be written"):
        write_table([typed([{"index": 1}], ["index"])], tmp_path / "taken.csv")
    with pytest.raises(ConfigError, match="suffix .xlsx"):
        read_table("a.xlsx")
