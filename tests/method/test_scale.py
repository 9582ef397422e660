"""The range that rewards are shown and cut in."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.method.scale import STEPS, UNIT, scale_of

REWARDS = st.lists(st.floats(-1e6, 1e6).map(lambda x: round(x, 5)), min_size=1, max_size=20)


@given(REWARDS)
def test_a_scale_holds_its_values_between_round_ends(values):
    scale = scale_of(values, is_bounded=False)
    assert scale.low <= min(values) and max(values) <= scale.high
    edges = scale.edges()
    assert len(edges) == STEPS + 1 and (np.diff(edges) > 0).all()
    assert (edges[0], edges[-1]) == (scale.low, scale.high)


@given(REWARDS, st.floats(-1e6, 1e6))
def test_a_threshold_stands_on_a_step_and_its_text_gives_it_back(values, wanted):
    scale = scale_of(values, is_bounded=False)
    on_step = scale.within(wanted)
    assert on_step in scale.edges() and scale.within(on_step) == on_step
    assert float(scale.text(on_step)) == on_step


def test_probabilities_have_the_thousandths_of_the_unit():
    assert scale_of([-5.0, 7.0], is_bounded=True) is UNIT
    assert (UNIT.edges() == np.arange(1001) / 1000).all()
    assert all(UNIT.within(k / 1000) == k / 1000 for k in range(1001))
    assert scale_of([float("nan")], is_bounded=False).low == -1.0
