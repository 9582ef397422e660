"""How high a pass rate can be that was never seen."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.method.reach import highest_rate, rate_in_words, unreached


@given(st.integers(1, 5000))
def test_at_the_highest_rate_so_many_wrong_ones_have_a_chance_of_five_percent(n):
    rate = float(highest_rate(n))
    assert abs((1 - rate) ** n - 0.05) < 1e-9 and 0 < rate < 1


def test_more_wrong_ones_lower_it_and_none_say_nothing():
    rates = highest_rate(np.arange(40))
    assert rates[0] == 1 and (np.diff(rates) < 0).all()
    assert not unreached([0], [0]).any()


def test_a_cell_says_a_share_a_limit_or_nothing():
    assert [rate_in_words(k, 8) for k in (0, 4, 8)] == ["at most 31%", "50%", "100%"]
