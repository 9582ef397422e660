"""Groups out of a plan: whole steps, shares that follow the plan, an order that is the seed's."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ConfigError
from engine.method.groups import whole_groups

plans = st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.integers(0, 40), max_size=12)
sizes = st.integers(2, 9)
per_step = st.integers(1, 5)


@given(plans, sizes, per_step, st.integers(0, 9))
def test_groups_fill_whole_steps_and_the_next_step_would_be_too_much(plan, k, m, seed):
    groups = whole_groups(plan, k, m, seed=seed)
    assert len(groups) % m == 0
    assert len(groups) * k <= sum(plan.values()) < (len(groups) + m) * k


@given(plans, sizes, per_step)
def test_every_problem_has_its_share_rounded_up_or_down(plan, k, m):
    groups, total = whole_groups(plan, k, m, seed=0), sum(plan.values())
    counts = Counter(groups)
    for id, n in plan.items():
        share = n * len(groups) / total if total else 0
        assert abs(counts[id] - share) < 1
        assert n or not counts[id]


@given(plans, sizes, per_step)
def test_the_order_of_the_plan_does_not_matter(plan, k, m):
    turned = dict(reversed(plan.items()))
    assert whole_groups(plan, k, m, seed=1) == whole_groups(turned, k, m, seed=1)


def test_another_seed_draws_in_another_order():
    plan = {str(i): 8 for i in range(40)}
    one, other = (whole_groups(plan, 8, 4, seed=seed) for seed in (0, 1))
    assert one != other and sorted(one) == sorted(other)


@pytest.mark.parametrize(
    ("plan", "k", "m"), [({"a": -1}, 4, 1), ({"a": 9}, 1, 1), ({"a": 9}, 4, 0)]
)
def test_sizes_that_mean_nothing_are_refused(plan, k, m):
    with pytest.raises(ConfigError, match="a group has 2 responses or more"):
        whole_groups(plan, k, m, seed=0)
