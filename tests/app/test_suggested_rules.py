"""Suggested strategies in the panel of suggestions: what they would buy is said, one click takes
them.
"""

import json

from engine.study import plans
from engine.study.handle import Iteration
from engine.types import Choice
from tests.app.shown import said, show


def suggesting(strategy):
    at = show("difficulty", strategy=strategy)
    at.session_state["calibration"] = True
    at.run()
    assert not at.exception, at.exception[0].value
    return at


def test_the_best_rule_of_the_arena_and_a_share_for_unreached_problems_are_one_click_away(studio):
    studio.presampled()
    at = suggesting("boundary")
    assert "most distinct pairs in the arena: **Lookahead**" in said(at)
    assert "Boundary keeps no share of the budget for the" in said(at)
    at.button(key="use_arena").click().run()
    assert at.selectbox(key="strategy_choice").value == "lookahead"
    assert at.button(key="use_arena").disabled
    at.number_input(key=f"unreached_percent_{studio.run_id}_0_lookahead").set_value(30).run()
    assert "Keep **30 %** of the budget" in said(at)
    at.button(key="use_unreached").click().run()
    assert not at.exception
    given = json.loads(at.query_params["options"])
    assert given == {"unreached_share": 0.3}
    it = Iteration(studio.db, studio.run_id, 0)
    plan = plans.plan(it, Choice(0.25, 0.65, strategy="lookahead", options=given))
    assert sum(plan.allocation.values()) + plan.n_later > 0
