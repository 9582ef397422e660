"""The Data page: files are looked at before anything is stored; runs and studies start from what
was brought.
"""

import json
from pathlib import Path

import pytest

from app import state
from app.new_study.cards import DRAFT
from engine import store
from engine.config import load_config
from engine.jobs.runner import JobRunner
from engine.problems.stored import store_problems, stored_sets
from engine.recorded import import_responses, imported_sets
from engine.study import plans
from engine.study.handle import Iteration
from engine.study.runs import create_run
from engine.types import Choice, Problem
from tests.app.shown import metrics, read, said, show

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture
def opened(database, monkeypatch):
    """The page's own database; its runner does nothing."""
    monkeypatch.setattr(JobRunner, "run_next", lambda self: False)
    return state._open(database)[0]


def uploaded(at, key, name, content):
    at.file_uploader(key=key).upload(name, content).run()
    assert not at.exception, at.exception[0].value
    return at


def press(at, key):
    at.button(key=key).click().run()
    assert not at.exception, at.exception[0].value
    return at


def submit(at, label):
    next(button for button in at.button if button.label == label).click().run()
    assert not at.exception, at.exception[0].value
    return at


def problems(start, n):
    return [Problem("", f"What is {k} + 1?", str(k + 1)) for k in range(start, start + n)]


def test_an_upload_is_reported_line_by_line_before_anything_is_stored(opened):
    at = uploaded(
        show("data"), "problems_upload", "broken.jsonl", (DATA / "broken.jsonl").read_bytes()
    )
    assert {name: metrics(at)[name] for name in ("Problems", "Duplicates", "Rejected")} == {
        "Problems": "1",
        "Duplicates": "1",
        "Rejected": "11",
    }
    rejected = next(frame.value for frame in at.dataframe if "Reason" in frame.value)
    assert list(rejected["Line"][:3]) == [2, 3, 4] and rejected["Field"][2] == "question"
    assert stored_sets(opened.artifacts) == []
    press(at, "store_problems")
    assert [(s.name, s.n_problems) for s in stored_sets(opened.artifacts)] == [("broken.jsonl", 1)]


def test_unknown_columns_are_guessed_and_can_be_chosen(opened):
    at = uploaded(
        show("data"), "problems_upload", "mine.csv", b"Task,Result,Other\nWhat is 1 + 1?,2,9\n"
    )
    assert at.toggle(key="choose_columns").value is True
    assert (at.selectbox(key="map_question").value, at.selectbox(key="map_answer").value) == (
        "Task",
        "Result",
    )
    assert "Answer: **2**" in said(at)
    at.selectbox(key="map_answer").set_value("Other").run()
    assert "Answer: **9**" in said(at)


def test_a_path_that_is_nowhere_and_a_file_of_another_type_are_sentences(opened, tmp_path):
    at = show("data")
    at.text_input(key="problems_path").set_value(str(tmp_path / "missing.jsonl")).run()
    assert "There is no file at" in said(at)
    (tmp_path / "bad.json").write_text("{no")
    at.text_input(key="problems_path").set_value(str(tmp_path / "bad.json")).run()
    assert "bad.json is not JSON" in read(at) and not at.exception


def test_stored_sets_go_into_the_builder_and_an_overlap_is_refused(opened):
    train = store_problems(opened.artifacts, problems(0, 30), name="mine.jsonl")
    overlapping = store_problems(opened.artifacts, problems(20, 15), name="held.jsonl")
    apart = store_problems(opened.artifacts, problems(100, 15), name="apart.jsonl")
    at = show("data")
    at.selectbox(key="study_train_3").set_value(str(train.path))
    at.selectbox(key="study_held_out_3").set_value(str(overlapping.path))
    press(at, "build")
    draft = at.session_state[DRAFT]
    sizes = {"problems.n_train": 10, "problems.n_held_out": 15, "n_iterations": 3}
    for key, value in sizes.items():
        draft.set(key, value)
    at.switch_page("../pages/new_study.py").run()
    submit(at, "Start the study")
    assert (
        "10 held-out problems are also training problems" in read(at)
        and store.runs.listed(opened) == []
    )
    draft.set("problems.held_out", str(apart.path))
    at.run()
    submit(at, "Start the study")
    (run,) = store.runs.listed(opened)
    assert (
        len(store.problems.of_run(opened, run.id, "train")) == 30
        and len(store.problems.of_run(opened, run.id, "held_out")) == 15
    )


def test_responses_are_imported_once_their_scale_is_said(opened):
    at = show("data")
    uploaded(at, "recorded_upload", "lines.jsonl", (DATA / "recorded_lines.jsonl").read_bytes())
    press(at, "import_responses")
    assert "scale is not given" in said(at) and imported_sets(opened.artifacts) == []
    at.radio(key="recorded_scale").set_value("probability")
    press(at, "import_responses")
    assert (
        "12 responses of 3 problems: one policy, as far as the file says. Scores: per step."
        in said(at)
    )
    press(at, "import_responses")
    assert (
        "Imported before, nothing was added." in said(at)
        and len(imported_sets(opened.artifacts)) == 1
    )


def test_a_study_on_a_recording_starts_and_the_panel_is_no_policy(opened):
    import_responses(DATA / "recorded_panel_shape.jsonl", opened.artifacts)
    at = show("data")
    assert "four solvers, not one policy" in at.dataframe[-1].value["Whose"].tolist()
    press(at, "build_recorded")
    at.switch_page("../pages/new_study.py").run()
    submit(at, "Start the study")
    assert [element.value for element in at.error] == []
    (run,) = store.runs.listed(opened)
    assert json.loads(run.config)["sampling"]["sampler"] == "recorded"


def test_a_plan_that_the_recording_cuts_to_nothing_says_so_before_and_after_the_commit(
    opened, monkeypatch
):
    monkeypatch.undo()
    monkeypatch.setattr("sys.argv", ["main.py", "--db", str(opened.path)])
    made = import_responses(DATA / "recorded_lines.jsonl", opened.artifacts, scale="probability")
    it = Iteration(opened, create_run(opened, load_config(Path(made.folder) / "study.toml")), 0)
    runner = JobRunner(opened)
    runner.submit(it, "presample")
    runner.run_next()
    runner.close()
    cut = "6 responses stay unspent: no more responses of the problems to resample are recorded."
    at = show("difficulty", tau_l="0.0", tau_h="0.5", mode="both", strategy="inlier")
    assert cut in said(at) and "No problem is in the classes" not in said(at)
    plans.commit(it, Choice(0.0, 0.5, "both", "inlier"), made_by="a test")
    at = show("difficulty")
    assert cut in said(at) and "No problem is in the classes" not in said(at)


def test_pages_of_a_study_without_scores_offer_accuracy_only(opened, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr("sys.argv", ["main.py", "--db", str(opened.path)])
    rows = [
        {
            "question": f"What is {p} + 1?",
            "answer": str(p + 1),
            "responses": [f"\\boxed{{{p + 1 if i < p else 0}}}" for i in range(5)],
        }
        for p in range(6)
    ]
    (opened.artifacts / "bare.jsonl").parent.mkdir(parents=True, exist_ok=True)
    (opened.artifacts / "bare.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    made = import_responses(opened.artifacts / "bare.jsonl", opened.artifacts)
    run_id = create_run(opened, load_config(Path(made.folder) / "study.toml"))
    runner = JobRunner(opened)
    runner.submit(Iteration(runner.db, run_id, 0), "presample")
    runner.run_next()
    at = show("difficulty")
    assert at.selectbox(key="mode_choice").options == ["Accuracy only"]
    assert "φ_r is missing" in said(at)
    plans.commit(
        Iteration(opened, run_id, 0),
        Choice(tau_l=0.25, tau_h=0.65, mode="accuracy", strategy="boundary"),
        made_by="a test",
    )
    runner.submit(Iteration(runner.db, run_id, 0), "resample")
    runner.run_next()
    runner.close()
    for page in ("run", "responses", "pairs", "training", "compare"):
        text = said(show(page))
        assert page not in ("training", "compare") or "replays recorded responses" in text
        assert page != "pairs" or "not scored" in text


def test_a_column_is_offered_for_one_role_only(opened):
    at = uploaded(
        show("data"), "problems_upload", "mine.csv", b"Task,Result,Other\nWhat is 1 + 1?,2,9\n"
    )
    options = {role: at.selectbox(key=f"map_{role}").options for role in ("question", "answer")}
    assert "Task" in options["question"] and "Task" not in options["answer"]
    at.selectbox(key="map_question").set_value("Result").run()
    assert "Result" not in at.selectbox(key="map_answer").options and not at.exception
