"""The Pairs page: how many, and of which problems."""

from engine import store
from engine.study.handle import Iteration
from tests.app.shown import metrics, show


def test_pairs_show_their_number_and_the_problems_behind_them(studio):
    studio.resampled()
    shown = metrics(show("pairs"))
    pairs = store.pairs.texts(Iteration(studio.db, studio.run_id, 0))
    assert shown["Pairs"] == f"{len(pairs):,}" and len(pairs) > 0
