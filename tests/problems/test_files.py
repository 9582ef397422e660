"""Files in every dress: dialects of CSV, encodings, compression, folders of parts, and files that
are something else than their name says.
"""

import gzip
import json

import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ProblemSetError
from engine.problems import examine_problems
from engine.problems.rows import Broken, rows_of_file
from engine.problems.separated import MAX_LINES


def read(path, content):
    """(rows by line, notes) of a file with this content."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    notes = []
    return dict(rows_of_file(path, notes)), notes


@pytest.mark.parametrize(
    ("separator", "name"), [(";", "semicolon"), ("\t", "tab"), ("|", "pipe"), (",", None)]
)
def test_cells_are_separated_by_what_the_header_and_most_rows_agree_on(tmp_path, separator, name):
    lines = [("question", "answer"), ('"Add 1, 2; 3|4."', "10"), ("What is 1 + 1?", "2")]
    rows, notes = read(tmp_path / "set.csv", "".join(separator.join(r) + "\r\n" for r in lines))
    assert rows == {
        2: {"question": "Add 1, 2; 3|4.", "answer": "10"},
        3: {"question": "What is 1 + 1?", "answer": "2"},
    }
    assert notes == ([f"set.csv: cells separated by a {name}."] if name else [])


def test_cells_in_apostrophes_may_hold_the_separator(tmp_path):
    rows, notes = read(tmp_path / "set.csv", "'question','answer'\n'Add 1, 2.','3'\n")
    assert rows == {2: {"question": "Add 1, 2.", "answer": "3"}}
    assert notes == ["set.csv: quotes are apostrophes."]


@pytest.mark.parametrize(
    ("encoding", "says"),
    [
        ("utf-8", None),
        ("utf-8-sig", None),
        ("utf-16", "set.csv is read as utf-16."),
        ("utf-16-le", "read as utf-16-le: it has no byte order mark and is not UTF-8, so this is"),
        (
            "cp1252",
            "read as cp1252: it has no byte order mark and is not UTF-8, so this is a guess",
        ),
    ],
)
def test_an_encoding_is_recognised_and_named_where_it_is_not_utf_8(tmp_path, encoding, says):
    rows, notes = read(
        tmp_path / "set.csv", "question,answer\nA café costs €3. Price?,3\n".encode(encoding)
    )
    assert rows == {2: {"question": "A café costs €3. Price?", "answer": "3"}}
    assert notes == [] if says is None else says in notes[0]


def test_a_decimal_comma_is_a_point_where_commas_do_not_separate(tmp_path):
    rows, notes = read(
        tmp_path / "set.csv", "question;answer\nHalf of 1?;0,5\nHalf of 3, so?;1,5\n"
    )
    assert [row["answer"] for row in rows.values()] == ["0.5", "1.5"]
    assert notes[1] == "set.csv: 2 numbers with a decimal comma, read as 3,5 = 3.5."
    assert read(tmp_path / "b.csv", "q;a\nx;1,234\n")[0] == {2: {"q": "x", "a": "1,234"}}


def test_a_row_with_another_number_of_cells_is_rejected_by_its_line_and_both_numbers(tmp_path):
    rows, _ = read(tmp_path / "set.csv", "question,answer\na,1\nb,2,3\nc\nd,4\n")
    assert rows[3] == Broken("The row has 3 cells and the header has 2.")
    assert rows[4] == Broken("The row has 1 cells and the header has 2.")
    assert rows[5] == {"question": "d", "answer": "4"}


def test_an_unclosed_quote_costs_its_own_line_only(tmp_path):
    content = 'question,answer\na,1\n"open,2\nb,3\n"c, d",4\n"two\nlines",5\n"open at the end,6\n'
    rows, _ = read(tmp_path / "set.csv", content)
    broken = {line: row.reason for line, row in rows.items() if isinstance(row, Broken)}
    assert list(broken) == [3, 8]
    assert broken[3].startswith('A quote (") opens in line 3 and is never closed;')
    assert [row["answer"] for line, row in rows.items() if line not in broken] == list("1345")
    assert rows[6]["question"] == "two\nlines"


def test_an_unclosed_quote_in_a_long_file_is_given_up_after_a_bounded_number_of_lines(tmp_path):
    n = 2 * MAX_LINES
    content = 'question,answer\n"open,1\n' + "".join(f"q{k},{k}\n" for k in range(n))
    rows, _ = read(tmp_path / "set.csv", content)
    assert [line for line, row in rows.items() if isinstance(row, Broken)] == [2]
    assert len(rows) == n + 1 and rows[n + 2]["answer"] == str(n - 1)


def test_a_cell_may_be_of_any_length(tmp_path):
    rows, _ = read(tmp_path / "set.csv", f'question,answer\n"{"long, " * 100_000}",1\n')
    assert len(rows[2]["question"]) == 600_000


@given(
    st.lists(
        st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=8),
                 min_size=2, max_size=2),
        min_size=1, max_size=8,
    )
)  # fmt: skip
def test_what_a_spreadsheet_writes_is_read_back_whatever_is_in_it(tmp_path_factory, cells):
    import csv

    path = tmp_path_factory.mktemp("csv") / "set.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([["question", "answer"], *cells])
    rows = [row for _, row in rows_of_file(path)]
    assert [len(row) for row in rows] == [2] * len(cells)


def test_a_column_without_a_name_and_one_that_comes_twice_have_names_of_their_own(tmp_path):
    rows, notes = read(tmp_path / "set.csv", "question,,answer,answer\na,b,1,2\n")
    assert rows[2] == {"question": "a", "column 2": "b", "answer": "1", "column 4": "2"}
    assert "several columns answer" in notes[0]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"PAR1\0\0\0\0", "a Parquet file"),
        (gzip.compress(b"{}", mtime=0), "a gzip file"),
        (b"PK\x03\x04 and more", "a zip archive, such as a spreadsheet"),
        (b"\x89\0\0\x01\x02\xff", "a binary file"),
    ],
)
@pytest.mark.parametrize("name", ["set.jsonl", "set.csv", "set.json"])
def test_a_binary_file_is_called_one_whatever_its_name_says(tmp_path, name, content, kind):
    with pytest.raises(ProblemSetError, match=f"{name} is not text: it is {kind}"):
        read(tmp_path / name, content)


LINE = b'{"question": "What is 1 + 1?", "answer": 2}\n'


def test_compressed_files_are_read_and_a_cut_one_is_a_sentence(tmp_path):
    zstd = bytes(pyarrow.compress(LINE, "zstd", asbytes=True))
    packed = {"a.jsonl.gz": gzip.compress(LINE), "b.jsonl.zst": zstd + zstd}
    for (name, content), n in zip(packed.items(), (1, 2)):
        rows, _ = read(tmp_path / name, content)
        assert list(rows.values()) == [json.loads(LINE)] * n
    for name, content in packed.items():
        with pytest.raises(ProblemSetError, match=f"{name} cannot be decompressed.*Is it whole"):
            read(tmp_path / name, content[: len(content) // 4])


def test_a_folder_of_parts_is_one_set_in_the_order_of_names(tmp_path):
    for number in (2, 1):
        row = {"question": f"What is {number} + 1?", "answer": number + 1}
        (tmp_path / f"part-{number}.jsonl").write_text(json.dumps(row))
    (tmp_path / "part-3.csv").write_text("question,answer\nWhat is 3 + 1?,4\nbad\n")
    for beside in ("_SUCCESS", ".part-1.jsonl.crc", "README.md"):
        (tmp_path / beside).write_text("{")
    got = examine_problems(tmp_path)
    assert [problem.answer for problem in got.problems] == ["2", "3", "4"]
    assert [(row.line, row.file) for row in got.rejected] == [(3, "part-3.csv")]


def test_a_folder_without_a_file_to_read_is_a_sentence(tmp_path):
    (tmp_path / "notes.txt").write_text("no")
    with pytest.raises(ProblemSetError, match="holds no file that is read. Allowed: .jsonl"):
        examine_problems(tmp_path)
