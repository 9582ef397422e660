"""What a suggestion buys is what the cards say of the same choice, and none on the grid buys more
than the one that is suggested for it.
"""

from itertools import product

import numpy as np
import pytest

from engine import store
from engine.figures.offers import GRID, most_pairs, offer, offers
from engine.study.handle import Iteration
from engine.types import Choice
from tests.small_runs import judge


@pytest.fixture
def it(db, run_id):
    judge(
        db,
        run_id,
        correct=lambda problem, index: index < problem % 4,
        reward=lambda problem, index: (problem + 1) / 13,
    )
    return Iteration(db, run_id, 0)


def test_one_offer_is_the_same_as_in_the_list_of_all(it):
    for listed in offers(it, tau_l=0.3, tau_h=0.6, mode="both")[:-2]:
        assert offer(it, Choice(0.3, 0.6, "both", listed.strategy)) == listed


def test_no_thresholds_of_the_grid_are_expected_to_give_more_pairs(it):
    best, found = most_pairs(it, Choice(0.0, 1.0))
    e = store.samples.estimates(it)
    strips = e.phi_r[e.n_correct == 0], e.phi_r[e.n_correct == e.n]
    taus = [np.quantile(strip, GRID).round(3).tolist() for strip in strips]
    tried = [
        offer(it, Choice(low, high)).expected_pairs for low, high in product(*taus) if low <= high
    ]
    assert found.expected_pairs >= max(tried) - 0.05
    assert offer(it, best).expected_pairs == found.expected_pairs


def test_what_is_taken_first_leaves_fewer_pairs(it):
    choice = Choice(0.3, 0.6)
    assert offer(it, choice, side=24).expected_pairs < offer(it, choice).expected_pairs
