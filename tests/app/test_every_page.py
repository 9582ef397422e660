"""What stands on every page or beside the job: the queue, toasts, the log, curves of any trainer,
settings, glossary, playground.
"""

import threading
from contextlib import contextmanager
from dataclasses import replace

import pytest

from app import glossary, widgets
from app.differences import difference
from engine import store
from engine.errors import DeviceBusy
from engine.events import Note, OptimiserStep
from engine.paths import STARTER
from engine.store import record
from engine.study.handle import Iteration
from tests.app.shown import drawn, press, said, show, title_of, titles
from tests.small_runs import until

BESIDE = {
    "playground": "The responses stay in this tab",
    "settings": "Configuration of a run",
    "glossary": "**Boundary**",
}


@pytest.mark.parametrize("page", BESIDE)
def test_the_pages_beside_the_job_are_there_before_the_first_response_and_after_a_training(
    studio, page, monkeypatch
):
    monkeypatch.setattr("engine.doctor.machine.device", lambda: "cpu")
    before = show(page)
    studio.trained()
    for at in (before, show(page)):
        assert titles(at) == [title_of(studio, page)] and BESIDE[page] in said(at)


def test_without_a_run_they_say_what_to_do(database, monkeypatch):
    monkeypatch.setattr("engine.doctor.machine.device", lambda: "cpu")
    assert "no run yet" in said(show("playground")) and "no run yet" in said(show("settings"))
    assert "Boundary" in said(show("glossary"))


def test_the_queue_lists_what_waits_and_lets_each_go(studio):
    studio.job("train", "running")
    waiting = [
        store.jobs.add(Iteration(studio.db, studio.run_id, 0), kind, {})
        for kind in ("resample", "presample")
    ]
    at = show("glossary")
    assert "Resampling, iteration 0" in said(at) and "Pre-sampling, iteration 0" in said(at)
    at.button(key=f"dequeue_{waiting[0]}").click().run()
    assert [store.jobs.get(studio.db, id).state for id in waiting] == ["cancelled", "queued"]


@pytest.mark.parametrize(
    ("state", "words"), [("done", "is done"), ("failed", "failed"), ("cancelled", "was cancelled")]
)
def test_a_toast_says_how_a_job_ended_also_where_another_follows_it(studio, state, words):
    job_id = studio.job("resample", "running")
    at = show("pairs")
    store.jobs.set_state(studio.db, job_id, state)
    store.jobs.add(Iteration(studio.db, studio.run_id, 0), "evaluate", {"policy": "before"})
    at.run()
    assert [toast.value for toast in at.toast] == [f"Resampling, iteration 0 {words}."]
    at.run()
    assert not at.toast


def test_a_stop_that_was_hidden_stays_hidden_until_the_job_stops_again(studio):
    job_id = studio.job("presample", "cancelled")
    at = show("pairs")
    press(at, "Hide")
    assert "Resume" not in [button.label for button in at.button]
    store.jobs.set_state(studio.db, job_id, "running")
    store.jobs.set_state(studio.db, job_id, "cancelled")
    at.run()
    assert "Resume" in [button.label for button in at.button]


def test_the_log_of_a_job_is_plain_text(studio):
    job_id = studio.job("presample", "failed", error="No.")
    record(studio.db, job_id, 1, Note("<b>said</b> [a](http://x)"))
    at = show("run")
    at.session_state["job_log"] = True
    at.run()
    assert "<b>said</b> [a](http://x)" in at.code[0].value and "said" not in said(at)


def test_curves_of_a_trainer_with_other_figures_are_drawn(studio):
    studio.resampled()
    job_id = studio.job("train", "running")
    for step in (1, 2, 3):
        record(
            studio.db,
            job_id,
            1,
            OptimiserStep(step, 3, {"loss": 1 / step, "entropy": 0.5, "odd/one": -1.0}),
        )
    at = show("training")
    assert [name for name, _ in drawn(at)] == ["Loss", "Entropy", "odd/one"]
    at.slider(key="smoothing").set_value(0.9).run()
    assert all(len(figure["data"]) == 2 for _, figure in drawn(at)), (
        "the raw line stays behind the smoothed one"
    )
    at.toggle(key="log_scale").set_value(True).run()
    assert [figure["layout"]["yaxis"]["type"] for _, figure in drawn(at)] == [
        "log",
        "log",
        "linear",
    ]
    assert not at.exception


def test_an_earlier_training_is_laid_over_this_one(studio):
    studio.trained()
    second = store.jobs.add(Iteration(studio.db, studio.run_id, 0), "train", {"beta": 0.2})
    store.jobs.set_state(studio.db, second, "running")
    record(
        studio.db,
        second,
        1,
        OptimiserStep(1, 5, {"loss": 0.5, "rewards/chosen": 0.1, "rewards/rejected": -0.1}),
    )
    at = show("training")
    (earlier,) = at.multiselect(key="overlay").options
    assert earlier == "beta 0.1", "it is called by what differs"
    at.multiselect(key="overlay").select(earlier).run()
    names = {title: [line["name"] for line in figure["data"]] for title, figure in drawn(at)}
    assert names["Loss"] == ["this training", earlier]
    assert names["Rewards"] == [
        "chosen, this training",
        "rejected, this training",
        f"chosen, {earlier}",
        f"rejected, {earlier}",
    ]


def test_a_difference_shows_what_both_have_once():
    steps = difference(["a", "b", "c"], ["a", "x", "c", "d"])
    assert steps == [("both", "a"), ("other", "b"), ("this", "x"), ("both", "c"), ("this", "d")]


def test_a_difference_of_too_many_steps_has_in_common_what_both_begin_and_end_with():
    before, after = ["a", *"bc" * 100, "z"], ["a", *"cb" * 100, "z"]
    steps = difference(before, after)
    assert [steps[0], steps[-1]] == [("both", "a"), ("both", "z")]
    assert [step for kind, step in steps if kind != "this"] == before
    assert [step for kind, step in steps if kind != "other"] == after


def test_of_a_response_with_thousands_of_steps_the_first_are_drawn(studio):
    studio.presampled()
    with studio.db.transaction() as cursor:
        cursor.execute("UPDATE responses SET text = ?", ["a\n\n" * 3000])
    problem = list(store.problems.of_run(studio.db, studio.run_id, "train", 0))[2]
    at = show("responses", problem=problem)
    assert "The first 200 of 3,000 steps" in said(at) and len(at.markdown) < 1_000


def test_a_response_is_compared_with_another_one_to_its_problem(studio):
    studio.presampled()
    problem = list(store.problems.of_run(studio.db, studio.run_id, "train", 0))[2]
    at = show("responses", problem=problem)
    at.button_group(key="view_opened").set_value("Difference").run()
    assert "= both" in said(at) and "this only" not in said(at)
    other = studio.row.presample_set, 2
    at.selectbox(key=f"against_opened_{problem}").set_value(other).run()
    assert "this only" in said(at) and "other only" in said(at)
    at.button_group(key="view_opened").set_value("Raw").run()
    assert at.code[0].value.startswith("By Tuesday")


def test_the_configuration_of_a_run_is_copied_into_the_builder(studio, monkeypatch):
    monkeypatch.setattr("engine.doctor.machine.device", lambda: "cpu")
    studio.resampled()
    at = show("settings")
    press(at, "Copy into a new study")
    assert titles(at) == ["New study"] and "a copy of Starter study" in said(at)


def test_every_term_has_a_meaning_and_a_source():
    for group in glossary.GROUPS.values():
        for term in group:
            assert term.meaning.endswith(".") and term.source, term.name
            assert term.formula.count("{") == term.formula.count("}"), term.name


def test_the_glossary_finds_a_term_and_says_where_it_finds_none(database):
    at = show("glossary")
    at.text_input(key="glossary_search").set_value("ties included").run()
    assert "**Boundary**" in said(at) and "**Inlier**" not in said(at)
    at.text_input(key="glossary_search").set_value("zzz").run()
    assert "No term contains that" in said(at)


def test_the_playground_begins_with_the_problem_in_the_link_and_refuses_while_a_job_runs(studio):
    studio.presampled()
    problem = list(store.problems.of_run(studio.db, studio.run_id, "train", 0).values())[3]
    at = show("playground", run=studio.run_id, iteration="0", problem=problem.id)
    at = at.switch_page("../pages/playground.py").run()
    assert at.text_area[0].value == problem.question
    with studio.runner.lend("worker"):
        press(at, "Ask")
        exchange = at.session_state["playground_exchange"]
        until(lambda: exchange.is_done, "the refusal")
        at.run()
    assert "Wait until it ends" in said(at)


def test_the_playground_asks_with_every_sampling_setting_and_scores(studio, monkeypatch):
    studio.presampled()
    asked = []
    monkeypatch.setattr("engine.jobs.playground.ask", lambda runner, *told: asked.append(told))
    at = show("playground")
    at.session_state["more_settings"] = True
    at.run()
    at.number_input(key="ask_top_k").set_value(20)
    at.text_area(key="ask_stop").set_value("\\n\\n\nEnd")
    at.toggle(key="is_scored").set_value(True)
    at.text_input(key="folder").set_value(str(STARTER / "policy"))
    press(at, "Ask")
    ((question, policies),) = asked
    own = studio.it.config.train_settings()
    assert question.settings == replace(own, top_k=20, stop=("\n\n", "End"))
    at.session_state["more_settings"] = False
    press(at, "Ask")
    assert asked[-1][0].settings == question.settings, "what is folded away still counts"
    assert question.scorer.backend.path == studio.it.run.prm_path
    assert {policy.policy_id for policy in policies} == {studio.row.policy_id}


def test_a_second_question_waits_for_the_answers_of_the_first(studio, monkeypatch):
    studio.presampled()
    gate = threading.Event()

    @contextmanager
    def shut(name):
        assert gate.wait(timeout=30)
        raise DeviceBusy("The gate was shut.")
        yield

    monkeypatch.setattr(studio.runner, "lend", shut)
    at = show("playground")
    press(at, "Ask")
    first = at.session_state["playground_exchange"]
    press(at, "Ask")
    assert "still being answered" in said(at)
    assert at.session_state["playground_exchange"] is first and not first.is_done
    gate.set()
    until(lambda: first.is_done, "the end of the first")
    press(at, "Ask")
    assert at.session_state["playground_exchange"] is not first


def test_sizes_are_read_by_people():
    assert [widgets.size(n) for n in (0, 999, 1000, 1_500_000, 2 * 10**15)] == [
        "0 B",
        "999 B",
        "1.0 kB",
        "1.5 MB",
        "2000.0 TB",
    ]


def test_a_database_that_cannot_be_opened_is_said_where_a_narrow_window_shows_it(
    tmp_path, monkeypatch
):
    path = tmp_path / "studio.duckdb"
    path.write_bytes(b"no database")
    monkeypatch.setattr("sys.argv", ["main.py", "--db", str(path)])
    at = show("home")
    assert "could not be opened" in at.main.error[0].value and not at.sidebar.error
