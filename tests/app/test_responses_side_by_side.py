"""One problem with all its responses side by side: rewards that filter, answers counted, pairs by
hand.
"""

from base64 import b64decode

import numpy as np

from app.responses.group import bins_range
from engine import store
from engine.study import overrides
from tests.app.shown import drawn, press, read, said, show
from tests.small_runs import judge

VIEW = {"view": "problem"}


def mixed_problem(studio):
    """One with right and wrong pre-samples."""
    return list(store.problems.of_run(studio.db, studio.run_id, "train", 0))[2]


def shown(studio, **query):
    address = {"problem": mixed_problem(studio), "run": studio.run_id, "iteration": "0"}
    return show("responses", **VIEW, **(address | query))


def heights(at):
    """Of the histogram's bars, right and wrong responses together."""
    counts = [bars["y"] for bars in drawn(at)[0][1]["data"]]
    return sum(np.frombuffer(b64decode(y["bdata"]), dtype=y["dtype"]) for y in counts)


def labels(at):
    return [button.label for button in at.button]


def test_rewards_are_a_histogram_and_a_range_of_it_leaves_its_cards(studio):
    studio.presampled()
    at = shown(studio)
    [(title, figure)] = drawn(at)
    assert title == "Rewards of its responses" and len(figure["data"]) == 2
    assert "3 responses." in said(at) and said(at).count("Answer: ") == 3
    at = shown(studio, reward="0.75-0.85")
    assert "1 response." in said(at) and said(at).count("Answer: ") == 1
    assert {b["opacity"][0] for bars in drawn(at)[0][1]["data"] for b in [bars["marker"]]} == {0.3}


def test_a_bar_leaves_the_responses_that_it_counts(studio):
    at_edges = (0.1, 0.15, 1.0)
    judge(studio.db, studio.run_id, reward=lambda problem, index: at_edges[index])
    for place in (2, 3, 19):
        at = shown(studio, reward=bins_range([place]))
        assert "1 response." in said(at) and said(at).count("Answer: ") == 1
        assert heights(at)[place] == 1
    at = shown(studio, reward=bins_range([2, 3]))
    assert "2 responses." in said(at)


def test_distinct_answers_are_counted_with_their_verdicts(studio):
    studio.presampled()
    at = shown(studio)
    assert at.dataframe[0].value.to_dict("records") == [
        {"Answer": "5", "Responses": 2, "Verdict": "Wrong"},
        {"Answer": "4", "Responses": 1, "Verdict": "Correct"},
    ]
    assert "2 distinct answers" in said(at)
    strips = [html.proto.body for html in at.get("html") if "step scores" in html.proto.body]
    assert len(strips) == 3 and 'aria-label="step scores 0.60, 0.10"' in strips[0]


def test_two_responses_are_paired_with_one_click_and_taken_back(studio):
    studio.resampled()
    before = store.pairs.find_set(studio.it).n_pairs
    at = shown(studio)
    press(at, "Choose this one")
    press(at, next(label for label in labels(at) if label.startswith("Reject for")))
    assert "Paired by hand. The pairs were built again" in read(at)
    [made] = store.hand_pairs.holding(studio.it)
    assert made.problem_id == mixed_problem(studio) and made.made_by.startswith("tab ")
    assert "paired by this tab" in read(at)
    pairs = show("pairs")
    assert "1 of them was made by hand" in said(pairs)
    by_hand = pairs.dataframe[0].value["By hand"]
    assert by_hand.isin(["this tab", "another tab"]).sum() == 1
    press(at, "Take back")
    assert store.hand_pairs.holding(studio.it) == []
    assert store.pairs.find_set(studio.it).n_pairs == before


def test_nothing_is_paired_after_a_training_or_of_held_out_responses(studio):
    studio.trained()
    at = shown(studio)
    assert "its pairs stay as they are" in said(at) and not any("Reject" in x for x in labels(at))
    held_out = next(iter(store.problems.of_run(studio.db, studio.run_id, "held_out")))
    at = shown(studio, problem=held_out, phase="evaluate")
    assert "8 responses." in said(at) and "stay as they are" not in said(at)
    assert "None of these responses is scored" in said(at)


def test_a_problem_without_a_correct_response_says_that_nothing_can_be_paired(studio):
    studio.presampled()
    for index in (0, 1, 2):
        place = studio.row.presample_set, mixed_problem(studio), index
        overrides.override(studio.db, *place, correct=False, made_by="tab 1")
    assert "Nothing can be paired by hand" in said(shown(studio))
