"""A replay's yield against every way to draw, one by one."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ConfigError
from engine.method.replay import replay_yield


@given(data=st.data())
def test_a_yield_is_the_mean_over_every_possible_draw(data):
    first = data.draw(st.lists(st.booleans(), min_size=1, max_size=4))
    rest = data.draw(st.lists(st.booleans(), max_size=6))
    n_more = data.draw(st.integers(0, len(rest)))
    found = replay_yield([sum(first)], [len(first)], [sum(rest)], [len(rest)], [n_more])
    pairs = []
    for drawn in combinations(rest, n_more):
        n_right = sum(first) + sum(drawn)
        pairs.append(min(n_right, len(first) + n_more - n_right))
    assert found.pairs[0] == pytest.approx(np.mean(pairs)) and found.covered[0] == pytest.approx(
        np.mean([p > 0 for p in pairs])
    )


def test_more_than_is_recorded_cannot_be_drawn():
    with pytest.raises(ConfigError, match="n_more is 3 in row 1, and 2 responses are left there"):
        replay_yield([0, 0], [1, 1], [1, 1], [5, 2], [5, 3])
