"""Problems of other domains on pages: a code study from the recording that comes with the program
to its pairs, options with the right one marked, the test that failed.
"""

import json
import re

import pytest

from app import state
from engine import store
from engine.grading import sandbox
from engine.headless.run import run_to_end
from engine.jobs.runner import JobRunner
from engine.recorded import imported_sets
from engine.study.handle import Iteration
from tests.app.shown import read, show

needs_bubblewrap = pytest.mark.skipif(
    sandbox.unavailable() is not None, reason=str(sandbox.unavailable())
)


@pytest.fixture
def opened(database, monkeypatch):
    """The page's own database; its runner has no thread, so that the test runs the jobs."""
    monkeypatch.setattr(JobRunner, "start", lambda self: None)
    return state._open(database)[0]


def press(at, button):
    button.click().run()
    assert not at.exception, at.exception[0].value
    assert [element.value for element in at.error] == []


def study_on(name) -> Iteration:
    """Imported and begun through the page, and run to its pairs."""
    at = show("data")
    at.selectbox(key="recorded_shipped").set_value(name).run()
    press(at, at.button(key="import_responses"))
    assert "192 responses of 24 problems" in read(at)
    press(at, at.button(key="build_recorded"))
    at.switch_page("../pages/new_study.py").run()
    press(at, next(button for button in at.button if button.label == "Start the study"))
    assert [s.name for s in imported_sets(state.database().artifacts)] == [name]
    (run,) = store.runs.listed(state.database())
    state.runner().continue_queue()
    run_to_end(state.runner(), run.id)
    return Iteration(state.database(), run.id, 0)


@needs_bubblewrap
def test_a_code_study_goes_from_import_to_pairs_through_the_page(opened):
    it = study_on("starter:code")
    pairs = store.pairs.texts(it)
    assert pairs and all("```python" in pair.chosen for pair in pairs)
    graded = {
        row["status"]: row["n"]
        for row in opened.rows("SELECT status, count(*) AS n FROM verdicts GROUP BY status")
    }
    assert set(graded) == {"correct", "wrong", "no_answer"} and min(graded.values()) > 0
    failed = opened.row("SELECT problem_id FROM verdicts WHERE reason LIKE 'Test 2 of 3 failed%'")
    at = show("responses", problem=failed["problem_id"])
    shown = [code.value for code in at.code]
    (problem,) = [
        p
        for p in store.problems.of_run(opened, it.run_id, "train").values()
        if p.id == failed["problem_id"]
    ]
    tests = json.loads(problem.details)["tests"]
    assert set(tests) <= set(shown), "every test is shown"
    assert re.search(r"The first test that fails: \d of 3", read(at))
    assert any(code.startswith("def ") for code in shown), "the program is shown"
    assert "pairs" in read(show("pairs")).lower()


def test_a_choice_study_goes_from_import_to_pairs_and_the_right_option_is_marked(opened):
    it = study_on("starter:choice")
    assert store.pairs.texts(it)
    problem = store.problems.training_problem(it)
    at = show("responses", problem=problem.id)
    for letter, text in json.loads(problem.details)["options"].items():
        mark = " :blue-badge[right]" if letter in problem.answer.split(", ") else ""
        assert any(f"**{letter}** {text}{mark}" in m.value for m in at.markdown), (letter, text)


def test_options_and_tests_of_strangers_are_inert(opened):
    rows = [
        {
            "question": "Which?",
            "choices": {"text": ["![x](http://e.org/x.png)", "<b>b</b>"], "label": ["A", "B"]},
            "answerKey": "A",
        },
        {"text": "Add.", "test_list": ["assert f('![x](http://e.org/y.png)') == 1"]},
    ]
    content = "".join(json.dumps(row) + "\n" for row in rows).encode()
    at = show("data")
    at.file_uploader(key="problems_upload").upload("mine.jsonl", content).run()
    assert not at.exception, at.exception[0].value
    options = [m.value for m in at.markdown if m.value.startswith("**")]
    assert len(options) == 2 and not any("](http" in o or "<b>" in o for o in options)
    assert any("y.png" in code.value for code in at.code)
