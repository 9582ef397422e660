"""Files that are made to break a reader are read, or rejected row by row with a reason."""

import json
import tracemalloc
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from engine.problems import read_problems
from engine.recorded import import_responses

HUGE = int("9" * 400)
ROW = {"problem": "What is 1 + 1?", "answer": 2, "response": "It is \\boxed{2}."}


def lines(folder: Path, *rows: dict) -> Path:
    path = folder / "rows.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in [ROW, *rows]))
    return path


def test_an_answer_of_400_digits_is_an_answer(tmp_path):
    path = lines(tmp_path, {"problem": "What is large?", "answer": HUGE, "response": "x"})
    assert [p.answer for p in read_problems(str(path)).problems] == ["2", str(HUGE)]
    assert import_responses(path, tmp_path / "files").n_responses == 2


@pytest.mark.parametrize("field", ["reward", "step_scores"])
def test_a_score_of_400_digits_is_rejected_with_its_line(field, tmp_path):
    good, bad = ({**ROW, field: value} for value in ([0.5], [HUGE]))
    path = tmp_path / "rows.jsonl"
    path.write_text(f"{json.dumps(good)}\n{json.dumps(bad)}\n")
    read = import_responses(path, tmp_path / "files", scale="probability")
    assert read.n_responses == 1 and [row.line for row in read.rejected] == [2]


def test_a_text_that_a_small_parquet_file_repeats_is_in_memory_once(tmp_path):
    n, text = 2_000, "x" * 1_000_000
    table = pyarrow.table(
        {
            "question": [f"What is {i}?" for i in range(n)],
            "answer": ["1"] * n,
            "solution": pyarrow.DictionaryArray.from_arrays(pyarrow.array([0] * n), [text]),
        }
    )
    path = tmp_path / "bomb.parquet"
    pyarrow.parquet.write_table(table, path, compression="zstd")
    assert path.stat().st_size < 100_000
    tracemalloc.start()
    read = read_problems(str(path))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(read.problems) == n and read.problems[-1].solution == text
    assert peak < 50_000_000, "of 2 GB that the rows hold"
    assert pyarrow.total_allocated_bytes() < 50_000_000
