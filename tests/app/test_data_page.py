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
    task = "Task · What is 1 + 1?"
    assert task in options["question"] and task not in options["answer"]
    at.selectbox(key="map_question").set_value("Result").run()
    assert "Result · 2" not in at.selectbox(key="map_answer").options and not at.exception


def typed(at, key, value):
    """Into a select box that takes what it does not offer; AppTest cannot type there."""
    box = at.selectbox(key=key)
    box.options.append(value)
    box.set_value(value).run()
    assert not at.exception, at.exception[0].value


def table(at, column):
    """The first table with such a column."""
    return next(frame.value for frame in at.dataframe if column in frame.value)


def test_a_semicolon_csv_with_a_long_row_an_unclosed_quote_and_sentinels_is_reported(opened):
    content = (
        'question;answer\nHalf of 1?;0,5\nHalf of 3?;1,5\na;b;c\n"open;4\n'
        "Prove it.;proof\nHalf of 3?;1,5\n"
    )
    at = uploaded(show("data"), "problems_upload", "mine.csv", content.encode())
    assert [metrics(at)[name] for name in ("Problems", "Duplicates", "Rejected")] == ["3", "1", "2"]
    assert "mine.csv: cells separated by a semicolon." in read(at)
    assert "3 numbers with a decimal comma, read as 3,5 = 3.5." in read(at)
    assert "1 references are no answer." in said(at)
    assert list(table(at, "Why")["Why"]) == [
        "The row has 3 cells and the header has 2.",
        'A quote (") opens in line 5 and is never closed; the lines behind it are read on their'
        " own.",
    ]
    report = dict(zip(table(at, "About")["About"], table(at, "About")["What it is like"]))
    assert "not measured" in report["question length"]
    assert any("GSM8K: not checked." in text for text in table(at, "About")["What it is like"])


NESTED = [
    {
        "ask": {"turns": [{"speaker": "u", "say": f"What is {n} + 1?"}]},
        "check": json.dumps({"gold": [n + 1]}),
    }
    for n in range(3)
]


def test_nested_golds_are_mapped_by_paths_with_values_and_remembered_for_the_shape(opened):
    content = "".join(json.dumps(row) + "\n" for row in NESTED).encode()
    at = uploaded(show("data"), "problems_upload", "nested.jsonl", content)
    assert at.toggle(key="choose_columns").value is True
    assert "check.gold · [1]" in at.selectbox(key="map_answer").options
    at.selectbox(key="map_question").set_value("ask.turns[-1].say").run()
    typed(at, "map_answer", "check.gold[0]")
    assert metrics(at)["Problems"] == "3" and "Answer: **1**" in said(at)
    press(at, "store_problems")
    assert [s.n_problems for s in stored_sets(opened.artifacts)] == [3]
    other = content.replace(b"What is", b"How much is")
    at = uploaded(show("data"), "problems_upload", "again.jsonl", other)
    assert "As chosen for the last file of this shape." in said(at)
    assert at.selectbox(key="map_answer").value == "check.gold[0]"
    assert metrics(at)["Problems"] == "3"


def test_one_column_for_question_and_answer_is_refused(opened):
    at = uploaded(show("data"), "problems_upload", "mine.csv", b"Task,Result\nWhat is 1 + 1?,2\n")
    typed(at, "map_answer", "{Task}")
    assert "Question and answer are both Task" in said(at) and not at.exception


def test_after_a_good_file_an_odd_one_opens_its_own_chooser(opened):
    at = uploaded(
        show("data"), "problems_upload", "good.csv", b"question,answer\nWhat is 1 + 1?,2\n"
    )
    assert at.toggle(key="choose_columns").value is False
    at.file_uploader(key="problems_upload").set_value(
        [("odd.csv", b"Task,Result\nAdd 1 and 1.,2\n", "text/csv")]
    )
    at.run()
    assert at.toggle(key="choose_columns").value is True
    assert at.selectbox(key="map_question").value == "Task"


def test_a_binary_file_is_called_one_and_not_a_mapping_without_a_question(opened):
    at = uploaded(show("data"), "problems_upload", "mine.jsonl", b"PAR1\0\0\0\1")
    assert "mine.jsonl is not text: it is a Parquet file." in read(at)
    assert "column" not in "".join(error.value for error in at.error)


def test_of_two_files_with_one_name_none_takes_the_other_s_place_unsaid(opened):
    at = show("data")
    rows = [f"question,answer\nWhat is {n} + 1?,{n + 1}\n".encode() for n in (1, 2)]
    files = [("mine.csv", row, "text/csv") for row in rows]
    at.file_uploader(key="problems_upload").set_value(files)
    assert "Two of the files are called mine.csv. Rename one" in read(at.run())


def test_near_duplicates_of_a_stored_set_are_counted_where_a_person_asks(opened):
    store_problems(opened.artifacts, problems(0, 4), name="held.jsonl")
    content = json.dumps({"question": "Please say: What is 2 + 1?", "answer": "3"}).encode()
    at = uploaded(show("data"), "problems_upload", "mine.jsonl", content)
    at.multiselect(key="problems_against_sets").set_value(["held.jsonl"]).run()
    report = list(table(at, "About")["What it is like"])
    assert "held.jsonl: 1 problems are near-duplicates of 1 of its 4." in report


def test_a_folder_of_parts_is_one_set_and_its_lines_name_their_file(opened, tmp_path):
    parts = tmp_path / "parts"
    parts.mkdir()
    (parts / "a.jsonl").write_text('{"question": "One?", "answer": 1}\n')
    (parts / "b.jsonl").write_text('{"question": "Two?", "answer": 2}\n{no\n')
    at = show("data")
    at.text_input(key="problems_path").set_value(str(parts)).run()
    assert metrics(at)["Problems"] == "2"
    assert list(table(at, "Reason")["File"]) == ["b.jsonl"]


OPENR1 = {
    "problem": "What is 3 + 4?",
    "answer": "7",
    "generations": ["So \\boxed{7}.", "So \\boxed{8}."],
    "correctness_math_verify": [True, False],
    "finish_reasons": ["stop", "length"],
}


def test_a_recording_like_openr1_is_shown_before_it_is_imported(opened):
    content = json.dumps(OPENR1).encode()
    at = uploaded(show("data"), "recorded_upload", "openr1.jsonl", content)
    assert at.toggle(key="choose_columns_recorded").value is False
    assert "Of the first 1 rows: 1 read, 2 responses, 2 with a flag, 0 with scores." in said(at)
    assert list(table(at, "Cut off")["Correct"]) == [True, False]
    assert imported_sets(opened.artifacts) == []
    press(at, "import_responses")
    (one,) = imported_sets(opened.artifacts)
    assert (one.n_responses, one.n_flagged, one.n_truncated) == (2, 2, 1)


def test_an_odd_recording_after_a_good_one_opens_its_own_chooser(opened):
    at = uploaded(show("data"), "recorded_upload", "good.jsonl", json.dumps(OPENR1).encode())
    odd = {"ask": "What is 3 + 4?", "key": "7", "runs": [{"out": "So \\boxed{7}."}]}
    at.file_uploader(key="recorded_upload").set_value(
        [("odd.jsonl", json.dumps(odd).encode(), "application/json")]
    )
    at.run()
    assert at.toggle(key="choose_columns_recorded").value is True
    for role, path in (("question", "ask"), ("answer", "key"), ("response", "runs[*].out")):
        at.selectbox(key=f"map_recorded_{role}").set_value(path).run()
    assert "1 read, 1 responses" in said(at)
    press(at, "import_responses")
    assert [s.n_responses for s in imported_sets(opened.artifacts)] == [1]


def test_step_scores_that_do_not_fit_are_said_before_and_after_the_import(opened):
    row = {
        "question": "What is 3 + 4?",
        "answer": "7",
        "response": "So \\boxed{7}.",
        "step_scores": [0.5, 0.6],
    }
    at = uploaded(show("data"), "recorded_upload", "scored.jsonl", json.dumps(row).encode())
    wrong = "2 step scores for a response of 1 steps: they are missing."
    assert wrong in said(at)
    at.radio(key="recorded_scale").set_value("probability")
    press(at, "import_responses")
    assert wrong in list(table(at, "Reason")["Reason"])


def both(second):
    good = ("good.csv", b"question,answer\nWhat is 1 + 1?,2\n", "text/csv")
    return [good, ("second.csv", second, "text/csv")]


def test_several_files_of_the_same_columns_are_one_set(opened):
    at = show("data")
    at.file_uploader(key="problems_upload").set_value(
        both(b"question,answer\nWhat is 2 + 1?,3\n")
    ).run()
    assert metrics(at)["Problems"] == "2" and not at.exception


def test_a_file_of_other_columns_beside_a_good_one_is_looked_at_alone(opened):
    at = show("data")
    at.file_uploader(key="problems_upload").set_value(both(b"Task,Result\nAdd 1 and 1.,2\n")).run()
    assert at.toggle(key="choose_columns").value is True
    assert at.selectbox(key="map_question").value == "Task" and metrics(at)["Problems"] == "1"


def test_a_hub_data_set_is_named_with_its_configuration_and_split_and_streamed(opened, monkeypatch):
    import datasets

    asked = []

    def load(*names, **options):
        asked.append((names, options))
        return iter([{"question": "What is 2 + 2?", "answer": "#### 4"}])

    monkeypatch.setattr(datasets, "load_dataset", load)
    at = show("data")
    at.text_input(key="problems_path").set_value("org/name/hard@v1:test").run()
    options = {"split": "test", "revision": "v1", "streaming": True}
    assert asked[-1] == (("org/name", "hard"), options)
    assert metrics(at)["Problems"] == "1" and not at.exception


def test_a_cancelled_reading_says_so_and_offers_to_begin_again(opened):
    at = uploaded(show("data"), "problems_upload", "mine.csv", b"question,answer\nOne and one?,2\n")
    key = at.session_state["problems_staged"][0]
    del at.session_state["problems_staged"]
    at.session_state["problems_cancelled"] = key
    at.run()
    assert "The reading was cancelled; nothing of it was stored." in said(at)
    assert "Problems" not in metrics(at)
    press(at, "problems_again")
    assert metrics(at)["Problems"] == "1"
