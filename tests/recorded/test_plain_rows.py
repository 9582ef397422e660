"""Rows that are read many at a time give the set that they give one by one: responses, problems,
counts, and what is said of rejected ones.
"""

import csv
import json
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from engine.errors import ProblemSetError, RecordedSetError
from engine.recorded import blocks, import_responses, importing

DATA = Path(__file__).parents[1] / "data"
CARD = {"question": "What is 2 + 2?", "answer": "4", "response": "\\boxed{4}"}
ROWS = [
    {**CARD, "step_scores": [0.5]},
    {**CARD, "response": "So.\n\n\\boxed{4}", "step_scores": [0.5, 1], "correct": True},
    {**CARD, "response": "So.\n\n\\boxed{5}", "step_scores": [0.5], "correct": False},
    {**CARD, "response": "So.\n\n\\boxed{5}", "step_scores": [0.5, 0.2, 0.1]},
    {**CARD, "response": "So.\n \t\n\\boxed{5}\n\n", "step_scores": [0.25, 2.5]},
    {**CARD, "response": "", "step_scores": [0.5]},
    {**CARD, "response": None},
    {**CARD, "answer": "5"},
    {**CARD, "answer": "4.0", "step_scores": []},
    {**CARD, "question": " What  is 2 + 2? ", "finish_reason": "length", "n_tokens": 7},
    {**CARD, "question": "", "solver": "a"},
    {**CARD, "question": "What is 3?", "answer": "so it is #### 3", "solver": "b", "level": "1"},
    {**CARD, "question": "What is 4?", "answer": None, "solver": "b"},
    {**CARD, "question": "Wie viel ist 5\u00a0+ 5? \u00e4", "answer": "10", "n_tokens": -1},
    {**CARD, "response": "'=1\r\n\r\nso \"it\", is \\boxed{4}", "finish_reason": "stop"},
    {**CARD, "response": "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16")},
]  # fmt: skip
OUTCOMES = [{**CARD, "reward": value} for value in (0.5, 1, None, 0.25, 1.5)]
INDEXED = [{**CARD, "index": index} for index in (0, 1, 2, 1, None, 3)]
FLAGS = [{**CARD, "correct": flag} for flag in ("true", "False", " 1 ", "maybe", None, "0.0")]
NUMBERS = [{**CARD, "question": f"Name {i}.", "answer": i / 2} for i in range(6)]
MIXED = [{**CARD, "answer": answer} for answer in ("4", 4, 4.0, True, [4])]
LOGITS = [{**CARD, "response": "a\n\nb", "step_scores": [s, -s]} for s in (0.1, 3.7, -800.0)]
ALL = {
    "rows": ROWS, "outcomes": OUTCOMES, "indexed": INDEXED, "flags": FLAGS, "numbers": NUMBERS,
    "mixed": MIXED, "extra": [{**CARD, "id": i, "topics": ["a"]} for i in range(4)],
    "panel": [{**CARD, "m": {"solution": "\\boxed{4}", "is_correct": True}}] * 2,
}  # fmt: skip


def imported(source: Path, artifacts: Path, scale="probability"):
    """(rows, problems, about) of the set, or what is said where there is none."""
    try:
        made = import_responses(source, artifacts, scale=scale)
    except (RecordedSetError, ProblemSetError) as error:
        return str(error)
    folder = Path(made.folder)
    about = json.loads((folder / "about.json").read_text())
    rows = pyarrow.parquet.read_table(folder / "responses.parquet").to_pylist()
    return rows, (folder / "problems.jsonl").read_text(), about


def both_ways(source: Path, tmp_path: Path, monkeypatch, **options):
    """Many at a time, with how many were, and one by one."""
    taken = []
    taking = importing._Import._take_plain

    def counted(self, block, plain, start, end):
        is_taken = taking(self, block, plain, start, end)
        taken.append((end - start) * is_taken)
        return is_taken

    with monkeypatch.context() as patched:
        patched.setattr(importing, "MANY_ODD", 1.0)
        patched.setattr(importing._Import, "_take_plain", counted)
        fast = imported(source, tmp_path / "fast", **options)
    with monkeypatch.context() as patched:
        patched.setattr(importing, "plain_rows", lambda table, scale: None)
        slow = imported(source, tmp_path / "slow", **options)
    return fast, slow, sum(taken)


def as_jsonl(path: Path, rows) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.mark.parametrize("name", ALL)
def test_json_lines_give_the_same_set_many_at_a_time(name, tmp_path, monkeypatch):
    source = as_jsonl(tmp_path / "r.jsonl", ALL[name] * 3)
    fast, slow, n_taken = both_ways(source, tmp_path, monkeypatch)
    assert fast == slow
    assert n_taken or name in ("mixed", "panel", "indexed")


@pytest.mark.parametrize("name", [name for name in ALL if name != "mixed"])
def test_parquet_gives_the_same_set_many_at_a_time(name, tmp_path, monkeypatch):
    source = tmp_path / "r.parquet"
    names = dict.fromkeys(key for row in ALL[name] for key in row)
    rows = [{key: row.get(key) for key in names} for row in ALL[name]]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows * 3), source)
    fast, slow, n_taken = both_ways(source, tmp_path, monkeypatch)
    assert fast == slow
    assert n_taken or name in ("panel", "indexed")


@pytest.mark.parametrize("name", ["rows", "flags", "numbers", "outcomes"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_csv_gives_the_same_set_many_at_a_time(name, quoting, tmp_path, monkeypatch):
    source = tmp_path / "r.csv"
    names = list(dict.fromkeys(key for row in ALL[name] for key in row))
    with source.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names, extrasaction="ignore", quoting=quoting)
        writer.writeheader()
        writer.writerows(ALL[name] * 3)
    fast, slow, n_taken = both_ways(source, tmp_path, monkeypatch)
    assert fast == slow
    assert n_taken


@pytest.mark.parametrize(
    "row",
    [
        b'What is 2?,2,a "quoted" word\n',
        b'What is 2?,2,"a"b\n',
        b'What is 2?,2,"never closed\n',
        b"What is 2?,2\n",
        b"What is 2?,2,3,4\n",
        b"\n",
        b"What is 2?,2,a\rb\n",
        b"What is 2?,2,'=1\n",
        b"What is 2?,2,\xff\n",
        b'What is 2?,2,"a\n\nb"',
        b'What is 2?,2,a,"[0.5, NaN]"\n',
        b'What is 2?,2,a,"[0.5"\n',
        b'What is 2?,2,a,"1}\n{""scores"":1"\n',
        b"What is 2?,2,a,1e999\n",
        b"What is 2?,2,a,.5\n",
        b"What is 2?,2,a, 0.5 \n",
        b"What is 2?,2,a,high\n",
    ],
)
def test_a_row_of_csv_that_may_be_odd_is_read_as_before(row, tmp_path, monkeypatch):
    source = tmp_path / "r.csv"
    is_scored = row.count(b",") == 3 or b"[" in row
    header = b"question,answer,response" + b",step_scores" * is_scored + b"\n"
    plain = b'What is 2?,2,"one\n\ntwo"' + b',"[0.5, 1]"' * is_scored + b"\r\n"
    source.write_bytes(header + plain * 3 + row + plain)
    fast, slow, _ = both_ways(source, tmp_path, monkeypatch)
    assert fast == slow


@pytest.mark.parametrize(
    "line",
    [
        b"not json",
        b"",
        b"   ",
        b"[1]",
        b"{} {}",
        b'{"question": "a", "question": "b", "answer": "1", "response": "c"}',
        b'{"question": "a", "answer": "1", "response": "\\ud800"}',
        b'{"question": "a", "answer": "1", "response": "a\tb"}',
        b'{"question": "a", "answer": "1", "response": "b", "step_scores": [NaN]}',
        b'{"question": "a", "answer": "1", "response": "b", "step_scores": [1e999]}',
        b'{"question": "a", "answer": "1", "response": "b", "step_scores": [null]}',
        b'{"question": "a", "answer": "1", "response": "b", "step_scores": "0.5"}',
        b'{"question": "a", "answer": 12345678901234567890, "response": "b"}',
        b'{"question": "a", "answer": "2020-01-01", "response": "2021-01-01"}',
        b'{"question": "a", "answer": "1", "response": "\xff"}',
        b'\xef\xbb\xbf{"question": "a", "answer": "1", "response": "b"}',
        b'{"question": "a", "answer": "1", "response": "b", "domain": "code"}',
        b'{"question": "a", "answer": "1", "response": "b", "n_tokens": 1e3}',
        b'{"question": "a", "answer": "1", "response": "b", "n_tokens": true}',
    ],
)
def test_a_line_that_may_be_odd_is_read_as_before(line, tmp_path, monkeypatch):
    plain = json.dumps(CARD | {"step_scores": [0.5]}).encode()
    source = tmp_path / "r.jsonl"
    source.write_bytes(b"\n".join([plain] * 40 + [line] + [plain] * 40))
    fast, slow, n_taken = both_ways(source, tmp_path, monkeypatch)
    assert fast == slow
    assert n_taken >= 40 or b"n_tokens" in line or b"domain" in line


@pytest.mark.parametrize("scale", ["logit", "probability", None])
def test_scores_on_every_scale_are_the_same(scale, tmp_path, monkeypatch):
    source = as_jsonl(tmp_path / "r.jsonl", LOGITS)
    fast, slow, _ = both_ways(source, tmp_path, monkeypatch, scale=scale)
    assert fast == slow


def test_a_file_of_several_blocks_is_read_as_one(tmp_path, monkeypatch):
    source = as_jsonl(tmp_path / "r.jsonl", (ROWS + INDEXED) * 5)
    monkeypatch.setattr(blocks, "MAX_ROWS", 7)
    fast, slow, n_taken = both_ways(source, tmp_path, monkeypatch)
    assert fast == slow
    assert n_taken


def test_what_the_tests_import_elsewhere_is_the_same(tmp_path, monkeypatch):
    fast, slow, n_taken = both_ways(DATA / "recorded_lines.jsonl", tmp_path, monkeypatch)
    assert fast == slow
    assert n_taken


def test_a_csv_cell_holds_scores_as_json(tmp_path):
    source = tmp_path / "r.csv"
    source.write_text(
        'question,answer,response,step_scores\nWhat is 2?,2,"So.\n\n\\boxed{2}","[0.5, 1]"\n'
    )
    made = import_responses(source, tmp_path / "files", scale="probability")
    (row,) = pyarrow.parquet.read_table(Path(made.folder) / "responses.parquet").to_pylist()
    assert (row["scores"], row["kind"]) == ([0.5, 1.0], "steps")
