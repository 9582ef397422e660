"""Problem readers: shapes, broken rows, duplicates, ids, sources."""

import csv
import json
import unicodedata
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from engine.errors import ProblemSetError
from engine.problems import examine_problems, problem_id, read_problems, require_disjoint
from engine.problems.mapping import guess_mapping
from engine.problems.stored import store_problems, stored_sets
from engine.types import Problem

DATA = Path(__file__).parents[1] / "data"


@pytest.mark.parametrize(
    ("file", "answers"),
    [
        ("gsm8k_shape.jsonl", ["22", "2,500"]),
        ("math_shape.jsonl", ["(x-3)(x+3)", r"\left(2,\frac{5}{2}\right)"]),
        ("contest_shape.jsonl", ["97", "7.5"]),
        ("minerva_shape.jsonl", ["600"]),
        ("olympiad_shape.jsonl", ["$4$, $-4$", "0"]),
        ("college_shape.jsonl", ["$5-2 a$", "The solution is $x=4$."]),
        ("recorded_shape.jsonl", ["9"]),
    ],
)
def test_every_known_shape_gives_its_answers_and_rejects_nothing(file, answers):
    read = read_problems(DATA / file)
    assert [problem.answer for problem in read.problems] == answers
    assert read.rejected == []
    assert read.duplicates == 0


def test_level_and_solution_are_kept_where_they_came_along():
    first = read_problems(DATA / "math_shape.jsonl").problems[0]
    assert (first.level, first.solution) == (
        "2",
        r"It is a difference of squares: $\boxed{(x-3)(x+3)}$.",
    )
    assert read_problems(DATA / "recorded_shape.jsonl").problems[0].level == "Level 1"
    assert (
        read_problems(DATA / "gsm8k_shape.jsonl").problems[0].solution.startswith("The trays hold")
    )
    assert read_problems(DATA / "contest_shape.jsonl").problems[0].level is None


def test_a_context_stands_before_its_question():
    second = read_problems(DATA / "olympiad_shape.jsonl").problems[1]
    assert second.question == "Let $n$ be a whole number.\n\nWhich $n$ solves $n+n=n$?"


def test_broken_rows_are_listed_by_line_and_field_and_good_ones_are_kept():
    read = read_problems(DATA / "broken.jsonl")
    assert [problem.answer for problem in read.problems] == ["2"]
    assert read.duplicates == 1
    assert [(row.line, row.field) for row in read.rejected] == [
        (2, ""),
        (3, ""),
        (4, "question"),
        (5, "question"),
        (6, "question"),
        (7, "answer"),
        (8, "answer"),
        (9, "answer"),
        (10, "answer"),
        (12, "answer"),
        (13, ""),
    ]
    assert all(row.reason.endswith(".") for row in read.rejected)


def test_the_same_question_with_another_answer_is_rejected_by_name():
    conflict = next(row for row in read_problems(DATA / "broken.jsonl").rejected if row.line == 12)
    assert "line 1" in conflict.reason and "'2' there, '3' here" in conflict.reason
    assert problem_id("What is 1 + 1?") in conflict.reason


def test_a_file_without_one_usable_problem_is_an_error_that_names_the_first_bad_line(tmp_path):
    path = tmp_path / "bad.jsonl"
    path.write_text("\n{}\n")
    with pytest.raises(ProblemSetError, match=r"no usable problem.*line 2"):
        read_problems(path)
    path.write_text("")
    with pytest.raises(ProblemSetError, match="no usable problem"):
        read_problems(path)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("missing.jsonl", "There is no problem file"),
        ("starter:other", "starter:train, starter:held_out"),
        ("notes.txt", "Allowed: .jsonl, .json, .csv, .tsv, .parquet"),
        ("bad.json", "is not JSON"),
        ("bad.parquet", "no Parquet file"),
    ],
)
def test_a_source_that_cannot_be_read_is_one_sentence(tmp_path, source, says):
    for name in ("notes.txt", "bad.json", "bad.parquet"):
        (tmp_path / name).write_text("{no")
    with pytest.raises(ProblemSetError, match=says):
        read_problems(source, base=tmp_path)


ROWS = [
    {"question": "Add 1, 2\nand 3.", "answer": "6", "level": "1"},
    {"question": "Say π.", "answer": "\\pi", "level": "2"},
]


def _write(path: Path) -> None:
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.DictWriter(file, ROWS[0])
            writer.writeheader()
            writer.writerows(ROWS)
    elif path.suffix == ".parquet":
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(ROWS), path)
    elif path.suffix == ".json":
        path.write_text(json.dumps({"data": ROWS}), encoding="utf-8")
    else:
        path.write_text("".join(json.dumps(row) + "\r\n\r\n" for row in ROWS), encoding="utf-8-sig")


@pytest.mark.parametrize("suffix", [".jsonl", ".json", ".csv", ".parquet"])
def test_every_format_gives_the_same_problems(tmp_path, suffix):
    _write(tmp_path / f"set{suffix}")
    read = read_problems(f"set{suffix}", base=tmp_path)
    assert [(p.question, p.answer, p.level) for p in read.problems] == [
        tuple(row.values()) for row in ROWS
    ]


def test_a_question_may_hold_any_line_separator_of_unicode(tmp_path):
    (tmp_path / "set.jsonl").write_text(
        '{"question": "one\u2028two", "answer": 2}\n', encoding="utf-8"
    )
    assert read_problems(tmp_path / "set.jsonl").problems[0].question == "one\u2028two"


def test_lone_surrogates_become_the_replacement_character(tmp_path):
    (tmp_path / "set.jsonl").write_text('{"question": "odd \\ud800 one", "answer": 2}\n')
    assert read_problems(tmp_path / "set.jsonl").problems[0].question == "odd \ufffd one"


def test_columns_of_any_name_are_read_through_a_mapping_and_guessed(tmp_path):
    path = tmp_path / "set.csv"
    path.write_text(
        "Nr,Question text,Gold answer,Grade\n1,What is 1 + 1?,2,easy\n2,,3,easy\n3,What is 2 +"
        " 2?,,hard\n"
    )
    mapping = guess_mapping(["Nr", "Question text", "Gold answer", "Grade"])
    assert mapping == {"question": "Question text", "answer": "Gold answer", "level": "Grade"}
    read = read_problems(path, mapping=mapping)
    assert [(p.question, p.answer, p.level) for p in read.problems] == [
        ("What is 1 + 1?", "2", "easy")
    ]
    assert [(r.line, r.field) for r in read.rejected] == [(3, "Question text"), (4, "Gold answer")]
    assert read.rejected[0].reason == "Question text is empty."
    with pytest.raises(ProblemSetError, match="no usable problem"):
        read_problems(path)
    assert examine_problems(path).problems == []
    for wrong in ({"answer": "Gold answer"}, {"question": "a", "gold": "b"}):
        with pytest.raises(
            ProblemSetError, match="Allowed roles: question, answer, level, solution"
        ):
            read_problems(path, mapping=wrong)


def test_a_mapping_can_take_the_answer_out_of_a_solutions_box(tmp_path):
    (tmp_path / "set.jsonl").write_text(
        json.dumps({"q": "Add 1 and 1.", "how": "It is \\boxed{2}."}) + "\n"
    )
    assert (
        read_problems(tmp_path / "set.jsonl", mapping={"question": "q", "solution": "how"})
        .problems[0]
        .answer
        == "2"
    )


def test_duplicates_are_named_by_their_lines():
    read = read_problems(DATA / "broken.jsonl")
    assert [(row.line, row.reason) for row in read.repeats] == [
        (11, f"The same problem as in line 1. Problem {problem_id('What is 1 + 1?')}.")
    ]


@pytest.mark.parametrize(
    "file",
    [
        "gsm8k_shape.jsonl",
        "math_shape.jsonl",
        "olympiad_shape.jsonl",
        "minerva_shape.jsonl",
        "college_shape.jsonl",
    ],
)
def test_a_stored_set_reads_back_as_it_was_and_is_stored_once(tmp_path, file):
    problems = read_problems(DATA / file).problems
    kept = store_problems(tmp_path, problems, name=file)
    assert read_problems(kept.path).problems == problems
    assert store_problems(tmp_path, problems, name="again") == kept and stored_sets(tmp_path) == [
        kept
    ]
    assert (kept.name, kept.n_problems) == (file, len(problems))
    with pytest.raises(ProblemSetError, match="nothing to store"):
        store_problems(tmp_path, [], name="empty")


def test_the_id_ignores_whitespace_and_unicode_composition_and_nothing_else():
    assert problem_id("Caf\u00e9  costs\n3") == problem_id(
        unicodedata.normalize("NFD", " Caf\u00e9 costs 3\t")
    )
    assert problem_id("What is 2 + 2?") != problem_id("what is 2 + 2?")
    assert problem_id("") == "e3b0c44298fc1c14"


def test_two_sets_that_share_problems_are_refused_with_number_and_names():
    train = [Problem(f"id{n}", f"Question {n}", "1") for n in range(5)]
    require_disjoint(train, [Problem("other", "Another one", "1")])
    with pytest.raises(ProblemSetError, match=r'^5 held-out.*id0 "Question 0"; id1.*; id2'):
        require_disjoint(train, train)


def test_a_hub_id_is_loaded_streamed_at_its_revision_and_split(monkeypatch):
    datasets = pytest.importorskip("datasets")
    asked = {}

    def load(*names, **options):
        asked.update(names=names, **options)
        return iter([{"question": "What is 2 + 2?", "answer": "#### 4"}])

    monkeypatch.setattr(datasets, "load_dataset", load)
    read = read_problems("org/name/main@abc123:test")
    assert asked == {
        "names": ("org/name", "main"),
        "split": "test",
        "revision": "abc123",
        "streaming": True,
    }
    assert (read.source, read.problems[0].answer) == ("org/name/main@abc123:test", "4")


@pytest.mark.parametrize(
    ("file", "n_rows", "n_problems"),
    [
        ("gsm8k_train.jsonl", 7473, 7473),
        ("gsm8k_test.jsonl", 1319, 1319),
        ("math500_test.jsonl", 500, 500),
        ("aime24_test.jsonl", 30, 30),
        ("amc23_test.jsonl", 40, 40),
        ("minerva_test.jsonl", 272, 272),
        ("olympiadbench_test.jsonl", 675, 675),
        ("college_math_test.jsonl", 2818, 2781),
    ],
)
def test_real_problem_files_load_whole(datasets, file, n_rows, n_problems):
    read = read_problems(datasets / file)
    assert len(read.problems) == n_problems
    assert len(read.problems) + read.duplicates + len(read.rejected) == n_rows
    assert all("another answer" in row.reason for row in read.rejected)


def test_problems_whose_reference_is_no_answer_are_left_out_by_name_and_count(tmp_path):
    answers = ("7", "proof", "N/A", "notfound", "see figure", "no solution")
    path = tmp_path / "set.jsonl"
    path.write_text(
        "".join(json.dumps({"question": f"Q{a}?", "answer": a}) + "\n" for a in answers)
    )
    read = read_problems(path, answerable_only=True)
    assert [problem.answer for problem in read.problems] == ["7", "no solution"]
    assert {kind: len(ones) for kind, ones in read.unanswerable.items()} == {
        "proof": 1,
        "placeholder": 2,
        "figure": 1,
    }
    assert read.about_unanswerable == (
        "4 references are no answer: 1 proof ('proof'), 2 placeholder ('N/A'),"
        " 1 figure ('see figure')."
    )
    assert len(read_problems(path).problems) == 6
