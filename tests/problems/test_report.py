"""The report on a set before it is stored, the set that is read for it, and near-duplicates."""

import json

import pytest

from engine.errors import ProblemSetError
from engine.problems import problem_id, read_problems
from engine.problems.golds import gold_kind
from engine.problems.overlap import Against
from engine.problems.report import Reporter
from engine.problems.staging import REPORT_EVERY, stage_problems
from engine.problems.stored import store_problems, store_staged, stored_sets
from engine.types import Problem

ROWS = [
    {"question": "How many plums are there in the two bowls?", "answer": "7"},
    {"question": "What part of the cake is left over?", "answer": "\\frac{1}{2}"},
    {"question": "How long is the rope in metres?", "answer": "0.25"},
    {"question": "Simplify the sum of the two terms.", "answer": "x+2y"},
    {"question": "On which day does it end?", "answer": "Monday"},
    {"question": "Prove that the sum is even.", "answer": "proof"},
    {"question": "Wie viele Äpfel sind in der Kiste?", "answer": "notfound"},
    {"question": "Why does it not hold?", "answer": "Because there is always another one that is"
     " larger than the largest of them all, which nobody can deny"},
    {"question": "Which is right?", "options": ["6", "7"], "answer": "B", "domain": "choice"},
    {"question": "How many plums are there in the two bowls?", "answer": "7"},
    {"question": "How many plums are there in the two bowls?", "answer": "8"},
    {"question": "", "answer": "8"},
    {"question": "", "answer": "9"},
    {"answer": "9"},
]  # fmt: skip


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "set.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return path


def staged(source, **options):
    (source.parent / "staged").mkdir(exist_ok=True)
    return stage_problems(source, source.parent / "staged", **options)


def test_rows_golds_and_languages_are_counted(source):
    report = staged(source).report
    assert (report.n_rows, report.n_problems, report.repeats.n, report.rejected.n) == (14, 9, 1, 4)
    assert report.golds == {
        "integer": 1,
        "fraction": 1,
        "decimal": 1,
        "expression": 1,
        "text": 1,
        "sentinel": 2,
        "sentence": 1,
        "choice": 1,
    }
    assert report.examples["sentinel"] == ["proof", "notfound"]
    assert report.languages["German"] == 1 and report.languages["English"] == 8


def test_rejected_rows_are_counted_by_reason_with_the_first_of_each(source):
    kinds = staged(source).report.rejected.kinds
    assert [(n, first.line, first.field) for n, first in kinds.values()] == [
        (1, 11, "answer"),
        (2, 12, "question"),
        (1, 14, "question"),
    ]


def test_a_gold_that_cannot_be_read_and_one_that_is_not_itself_are_named(tmp_path):
    path = tmp_path / "set.jsonl"
    odd = ("\\lim_{n\\to 1} n", "\\frac{1", "1,2}")
    rows = [{"question": f"Number {n}?", "answer": a} for n, a in enumerate(("5", *odd))]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    report = staged(path).report
    assert "5" not in report.unreadable.examples and report.unreadable.n >= 1
    assert report.n_sample == 4 and "5" not in report.unequal.examples


def test_the_kind_of_a_formula_in_dollars_is_that_of_what_is_inside():
    golds = {"$12$": "integer", "1/3": "fraction", "(1,2)": "expression", "\\text{Ann}": "text"}
    assert {a: gold_kind(Problem("", "", a)) for a in golds} == golds


def test_lengths_are_in_tokens_of_the_policy_that_is_named(source):
    report = staged(source, tokens=lambda texts: [len(t) for t in texts], policy="letters").report
    longest = max(len(problem.question) for problem in read_problems(source).problems)
    assert report.lengths is not None and report.lengths.longest == longest
    assert (report.policy, report.n_sample) == ("letters", 9)
    assert staged(source).report.lengths is None


def test_a_staged_set_is_stored_as_the_same_file_that_storing_its_problems_gives(source):
    one = staged(source)
    folder = source.parent / "files"
    kept = store_staged(folder, one.path, one.report.n_problems, name="mine")
    assert kept == store_problems(folder, read_problems(source).problems, name="again")
    assert stored_sets(folder) == [kept] and kept.n_problems == 9


def test_nothing_is_stored_where_no_row_is_usable(tmp_path):
    (tmp_path / "set.jsonl").write_text('{"a": 1}\n')
    one = staged(tmp_path / "set.jsonl")
    assert one.report.n_problems == 0 and one.report.rejected.n == 1
    with pytest.raises(ProblemSetError, match="nothing to store"):
        store_staged(tmp_path / "files", one.path, 0, name="set.jsonl")


class Stopped(Exception):
    """A person pressed cancel."""


def test_a_reading_that_is_cancelled_leaves_nothing_behind(tmp_path):
    path, progress = tmp_path / "set.jsonl", []

    def stop(done, total):
        progress.append((done, total))
        raise Stopped

    rows = ({"question": f"What is {n} + 1?", "answer": n + 1} for n in range(2 * REPORT_EVERY))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(Stopped):
        staged(path, on_progress=stop)
    assert progress == [(REPORT_EVERY, 2 * REPORT_EVERY)]
    assert list((tmp_path / "staged").iterdir()) == []


def test_only_the_first_rejected_rows_are_listed_and_all_are_counted(tmp_path):
    path = tmp_path / "set.jsonl"
    path.write_text('{"question": "One?", "answer": 1}\n' + '{"question": ""}\n' * 1_500)
    rejected = staged(path).report.rejected
    assert (rejected.n, len(rejected.rows)) == (1_500, 1_000)


QUESTION = (
    "A train leaves the city at noon and travels at 60 km per hour for three hours. How far does it"
    " go?"
)


@pytest.mark.parametrize(
    ("here", "n"),
    [
        (QUESTION, 1),
        (f"Solve this step by step.\n\n{QUESTION} Put the answer in a box.", 1),
        (QUESTION.upper(), 1),
        (QUESTION.replace("noon", "night"), 1),
        ("A train leaves the town. How far does it go?", 0),
        ("How many plums are there in two bowls?", 0),
    ],
)
def test_a_near_duplicate_is_one_that_contains_most_of_a_questions_runs_of_words(tmp_path, here, n):
    path = tmp_path / "suite.jsonl"
    path.write_text(json.dumps({"question": QUESTION, "answer": "180"}) + "\n")
    reporter = Reporter([Against("Suite", path)])
    reporter.add(Problem(problem_id(here), here, "1"))
    (overlap,) = reporter.report.overlaps
    assert (overlap.n_here, overlap.n_problems) == (n, 1)


def test_a_set_that_is_not_there_or_cannot_be_read_is_named_as_not_checked(tmp_path):
    (tmp_path / "bad.json").write_text("{no")
    sets = [Against("Away", None), Against("Bad", tmp_path / "bad.json")]
    overlaps = Reporter(sets).report.overlaps
    assert overlaps[0].sentence == "Away: not checked. It is not on this machine."
    assert overlaps[1].sentence.startswith("Bad: not checked.") and "is not JSON" in str(
        overlaps[1]
    )
