"""Pages over a run whose process rewards have no bounds: colours, filter and histogram follow its
own range.
"""

import json

import pytest

from app.score_colours import chip, full_at, strip
from engine import store
from engine.study.handle import Iteration
from tests.app.shown import drawn, read, show, unfold


@pytest.fixture
def unbounded(studio):
    """The studio's run as one of M_t against given policies: rewards from -2 to .7, about."""
    studio.presampled()
    text = json.loads(studio.db.value("SELECT config FROM runs"))
    text["reward"] |= {"family": "implicit", "path": "/a/policy"}
    text["implicit"]["reference"] = "/another/policy"
    text["difficulty"] |= {"tau_l": None, "tau_h": None, "thresholds": "quantile"}
    prm_id = "implicit-1-2-3"
    with studio.db.transaction() as cursor:
        cursor.execute("UPDATE runs SET prm_id = ?, config = ?", [prm_id, json.dumps(text)])
        cursor.execute(
            "UPDATE step_scores SET prm_id = ?, reward = 3 * reward - 1.7,"
            " scores = [3 * reward - 1.2, 3 * reward - 1.7]",
            [prm_id],
        )
    return studio


def it(studio) -> Iteration:
    return Iteration(studio.db, studio.run_id, 0)


def ground(html: str) -> float:
    """How full the colour of the first cell is."""
    return float(html.partition("rgba(")[2].partition(")")[0].split(",")[3])


def test_a_probability_turns_its_colour_at_one_half_and_another_score_at_zero():
    assert chip(0.4).count("#dd7330") == chip(0.6).count("#3b82c4") == 1
    assert chip(0.4, 2.0).count("#3b82c4") == chip(-0.1, 2.0).count("#dd7330") == 1
    assert ground(chip(3.0)) == ground(chip(1.0)), "beyond one end it looks as the end does"
    levels = [ground(chip(score, 2.0)) for score in (0.1, 1.0, 1.9, 2.0, 50.0)]
    assert levels == sorted(levels) and levels[0] < levels[1] < levels[2] <= levels[4]
    assert ground(strip([-40.0, 0.1], 40.0)) == ground(chip(0.0))


def test_colours_are_full_where_few_scores_of_the_pre_samples_are_larger(unbounded):
    at = it(unbounded)
    sizes = sorted(
        abs(score)
        for (scores,) in unbounded.db.tuples("SELECT scores FROM step_scores")
        for score in scores
    )
    assert sizes[int(0.9 * len(sizes))] <= full_at(at) <= sizes[-1]
    assert store.rewards.spread(at).low < 0 < store.rewards.spread(at).high
    show("responses", run=unbounded.run_id)


def test_the_filter_by_reward_takes_the_range_of_the_rewards_and_its_address(unbounded):
    at = unfold(show("responses", run=unbounded.run_id), "more_filters")
    slider = at.slider(key="look_reward")
    assert not slider.disabled and slider.min < -1 and 0 < slider.max <= 1
    n = unbounded.db.value("SELECT count(*) FROM step_scores WHERE reward BETWEEN -1.5 AND -0.2")
    at = show("responses", run=unbounded.run_id, reward="-1.5--0.2")
    assert f"{n:,} responses" in read(at), "also while its field is folded"
    unfold(at, "more_filters")
    assert at.slider(key="look_reward").value == (-1.5, -0.2)
    at.slider(key="look_reward").set_value((-1.4, 0.5)).run()
    assert at.query_params["reward"] == "-1.4000-0.5000" and not at.exception


def test_the_histogram_of_a_problem_has_the_same_range(unbounded):
    problem = list(store.problems.of_run(unbounded.db, unbounded.run_id, "train", 0))[2]
    at = show("responses", run=unbounded.run_id, iteration="0", problem=problem, view="problem")
    [(title, figure)] = drawn(at)
    low, high = figure["layout"]["xaxis"]["range"]
    assert title == "Rewards of its responses" and low < -1 and 0 < high <= 1


def test_the_worst_disagreements_can_be_read(unbounded):
    at = show("verdicts", run=unbounded.run_id)
    assert "Area" in [name for table in at.dataframe for name in table.value.columns]
