"""The Pairs page: how many, and of which problems."""

from engine import store
from engine.study.handle import Iteration
from tests.app.shown import metrics, read, show


def test_pairs_show_their_number_and_the_problems_behind_them(studio):
    studio.resampled()
    shown = metrics(show("pairs"))
    pairs = store.pairs.texts(Iteration(studio.db, studio.run_id, 0))
    assert shown["Pairs"] == f"{len(pairs):,}" and len(pairs) > 0


def test_the_open_pair_is_in_the_address_and_comes_back(studio):
    studio.resampled()
    pairs = store.pairs.texts(studio.it)
    at = show("pairs", run=studio.run_id, iteration="0", pair="2")
    assert pairs[1].rejected.split("\n")[0][:20].replace(" ", "") in read(at).replace(" ", "")
    assert at.query_params["pair"] == "2"
    link = next(x.proto for x in at.get("page_link") if x.label == "Pairs")
    assert "pair=2" in link.query_string
    for beyond in ("0", "x", str(len(pairs) + 9)):
        show("pairs", run=studio.run_id, iteration="0", pair=beyond)
