"""Lists to choose from: the browser answers with a label, so no two options may have the same."""

import shutil
from urllib.parse import parse_qs

from app.new_study import cards, models
from app.new_study.draft import Draft
from engine import store
from engine.paths import STARTER
from engine.problems.stored import store_problems
from engine.study.sample_sets import evaluation_sets
from engine.types import Problem
from tests.app.shown import all_labels_differ, show, unfold
from tests.small_runs import small


def copied(folder):
    shutil.copytree(STARTER / "policy", folder)
    return str(folder)


def test_policies_of_one_iteration_are_chosen_by_their_own_names(studio, tmp_path):
    first, second = (copied(tmp_path / name) for name in ("first", "second"))
    studio.trained_again(path=second)
    store.runs.add_policy(studio.db, "f" * 16, first, None)
    names = models.at_hand(Draft(small(), "a test"))["policy.path"]
    assert (names[first], names[second]) == ("M1 · Starter study", "M1b · Starter study")
    at = show("new_study")
    at.session_state[cards.DRAFT] = Draft(small(), "a test")
    at.run()
    at.selectbox(key="new_0_policy.path").set_value(first).run()
    assert at.session_state[cards.DRAFT].value("policy.path") == first


def test_held_out_responses_are_those_of_the_sibling_that_is_chosen(studio):
    studio.trained_again()
    at = show("responses", run=studio.run_id, iteration="0", phase="greedy")
    policy = at.selectbox(key="look_policy")
    assert policy.options == ["M0", "M1", "M1b, with which the run goes on"]
    assert policy.value == "1b"
    of = {"1": "f" * 16, "1b": "e" * 16}
    sets = {name: evaluation_sets(studio.it.config, id, 1)[0].id for name, id in of.items()}
    with studio.db.transaction() as write:
        write.execute("UPDATE responses SET text = 'of the first' WHERE set_id = ?", [sets["1"]])
    for name, n in (("1b", 0), ("1", 6)):
        at.selectbox(key="look_policy").set_value(name)
        at.text_input(key="look_text").set_value("of the first").run()
        tables = [frame.value for frame in at.dataframe if "Verdict" in frame.value]
        assert sum(map(len, tables)) == n, name
    at = show("compare")
    cell = at.selectbox(key="flows_cell")
    cell.select(cell.options[0]).run()
    links = [parse_qs(link.proto.query_string) for link in at.get("page_link")]
    assert ["1b"] in [link.get("policy") for link in links]


def test_sets_and_jobs_with_equal_names_are_told_apart(studio):
    for answer in ("1", "2"):
        problems = [Problem("p", "What is it?", answer, "math", "")]
        store_problems(studio.db.artifacts, problems, name="mine.jsonl")
    for _ in range(2):
        studio.job("train", "done")
    names = list(models.at_hand(Draft(small(), "a test"))["problems.train"].values())
    assert names.count("mine.jsonl · 1 problems") == 2
    at = show("new_study")
    at.session_state[cards.DRAFT] = Draft(small(), "a test")
    all_labels_differ(at.run())
    all_labels_differ(show("data"))
    all_labels_differ(unfold(show("run"), "job_log"))
