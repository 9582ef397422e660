"""Mappings that reach into rows: paths, JSON in cells, lists, templates, and what is remembered."""

import json

import pytest

from engine.errors import ProblemSetError
from engine.problems import examine_problems
from engine.problems.mapping import guess_mapping, remember, remembered, shape_of
from engine.problems.paths import MAX_PATHS, MISSING, looked_up, paths_of, value_at

ROW = {
    "prompt": [
        {"role": "system", "content": "Think."},
        {"role": "user", "content": "What is 3 + 4?"},
    ],
    "reward_model": {"ground_truth": "7"},
    "extra": '{"answer": {"value": [7, 8]}, "note": "x"}',
    "odd.name": {"a b": 1, "c.d": 2},
    "Body": "Ann has 3 plums.",
    "Ask": "How many?",
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("prompt[-1].content", "What is 3 + 4?"),
        ("prompt[0].role", "system"),
        ("reward_model.ground_truth", "7"),
        ("extra.answer.value[1]", 8),
        ("extra.answer.value", [7, 8]),
        ("odd.name", {"a b": 1, "c.d": 2}),
        ('["odd.name"]["c.d"]', 2),
        ("prompt[5].content", MISSING),
        ("reward_model.ground_truth.deeper", MISSING),
        ("nowhere", MISSING),
    ],
)
def test_a_path_reaches_into_objects_lists_and_json_in_a_cell(path, value):
    assert value_at(ROW, path) == value


def test_a_template_joins_columns_and_gives_nothing_where_one_is_missing():
    assert looked_up(ROW, "{Body} {Ask}") == "Ann has 3 plums. How many?"
    assert looked_up(ROW, "{Body} {nowhere}") is MISSING
    assert looked_up({"{odd}": 1}, "{odd}") == 1


def test_every_path_is_listed_with_the_first_value_there():
    paths = paths_of([{**ROW, "Body": None}, ROW])
    assert list(paths) == [
        "prompt[-1].role",
        "prompt[-1].content",
        "prompt[0].role",
        "prompt[0].content",
        "reward_model.ground_truth",
        "extra.answer.value",
        "extra.note",
        '["odd.name"].a b',
        '["odd.name"]["c.d"]',
        "Body",
        "Ask",
    ]  # fmt: skip
    assert paths["Body"] == "Ann has 3 plums." and paths["extra.answer.value"] == "[7, 8]"
    assert len(paths_of([{str(n): n for n in range(2 * MAX_PATHS)}])) == MAX_PATHS


def test_every_listed_path_can_be_looked_up():
    row = {**ROW, "Gold ans.": "7", "x[0]": 1}
    paths = paths_of([row])
    assert {"Gold ans.", "x[0]"} <= set(paths)
    assert all(value_at(row, path) is not MISSING for path in paths)


def read(tmp_path, mapping, *rows):
    path = tmp_path / "set.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return examine_problems(path, mapping=mapping)


@pytest.mark.parametrize(
    ("mapping", "question", "answer"),
    [
        (("prompt[-1].content", "reward_model.ground_truth"), "What is 3 + 4?", "7"),
        (("prompt", "extra.answer.value"), "What is 3 + 4?", "7, 8"),
        (("{Body} {Ask}", "extra.answer.value[0]"), "Ann has 3 plums. How many?", "7"),
    ],
)
def test_a_mapping_reads_nested_questions_and_golds(tmp_path, mapping, question, answer):
    roles = dict(zip(("question", "answer"), mapping))
    (problem,) = read(tmp_path, roles, ROW).problems
    assert (problem.question, problem.answer) == (question, answer)


@pytest.mark.parametrize(
    "options", [["6", "7"], {"A": "6", "B": "7"}, '["6", "7"]', ["A. 6", "B. 7"]]
)
def test_options_may_be_a_list_a_dictionary_or_json(tmp_path, options):
    mapping = {"question": "task.q", "answer": "task.key", "options": "task.opts"}
    row = {"task": {"q": "What is 3 + 4?", "key": "B", "opts": options}}
    (problem,) = read(tmp_path, mapping, row).problems
    assert (problem.domain, problem.answer) == ("choice", "B")
    assert json.loads(problem.details) == {"options": {"A": "6", "B": "7"}}


@pytest.mark.parametrize(
    "tests",
    [
        [{"input": "1", "output": "2"}],
        {"inputs": ["1"], "outputs": ["2"]},
        '{"inputs": ["1"], "outputs": ["2"]}',
    ],
)
def test_tests_may_be_pairs_or_inputs_beside_outputs(tmp_path, tests):
    row = {"q": "Read n, print n + 1.", "check": {"cases": tests}}
    (problem,) = read(tmp_path, {"question": "q", "tests": "check.cases"}, row).problems
    assert json.loads(problem.details)["tests"] == [{"input": "1", "output": "2"}]


def test_a_row_without_the_path_is_rejected_by_the_path(tmp_path):
    mapping = {"question": "prompt[-1].content", "answer": "reward_model.ground_truth"}
    got = read(
        tmp_path, mapping, ROW, {"prompt": [], "reward_model": {}}, {**ROW, "reward_model": {}}
    )
    assert [(r.line, r.field) for r in got.rejected] == [
        (2, "prompt[-1].content"),
        (3, "reward_model.ground_truth"),
    ]
    assert got.rejected[0].reason == "prompt[-1].content is empty."


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ({"question": "a", "answer": "a"}, "Question and answer are both a"),
        ({"question": "a[", "answer": "b"}, "'a\\[' is no path"),
        ({"answer": "b"}, "no column for the question"),
    ],
)
def test_a_mapping_that_cannot_be_meant_is_refused(tmp_path, mapping, says):
    with pytest.raises(ProblemSetError, match=says):
        read(tmp_path, mapping, ROW)


def test_nested_paths_are_guessed_by_their_last_name():
    paths = ["data_source", "prompt[-1].role", "prompt[-1].content", "reward_model.ground_truth"]
    assert guess_mapping(paths) == {
        "question": "prompt[-1].content",
        "answer": "reward_model.ground_truth",
    }


def test_a_mapping_is_remembered_for_files_of_the_same_shape(tmp_path):
    shape, mapping = shape_of(paths_of([ROW])), {"question": "Body", "answer": "Ask"}
    assert remembered(tmp_path, "problems", shape) is None
    remember(tmp_path, "problems", shape, mapping)
    other = {**ROW, "Body": "Something else."}
    assert remembered(tmp_path, "problems", shape_of(paths_of([other]))) == mapping
    assert remembered(tmp_path, "recorded", shape) is None
    assert remembered(tmp_path, "problems", shape_of(paths_of([{"a": 1}]))) is None
