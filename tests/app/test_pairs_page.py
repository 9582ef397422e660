"""The Pairs page: how many, and of which problems."""

from engine import store
from engine.study.handle import Iteration
from tests.app.shown import metrics, press, read, show


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


def test_pairs_that_fit_are_listed_left_out_and_taken_back(studio):
    studio.resampled()
    pairs = store.pairs.listed(studio.it, limit=999)
    problem = pairs[0].problem_id
    n = sum(pair.problem_id == problem for pair in pairs)
    at = show("pairs", pairs_where=f"problem_id == '{problem}'")
    assert f"{n} of {len(pairs)} pairs fit." in read(at)
    assert set(next(f.value for f in at.dataframe if "Margin" in f.value)["Problem"]) == {problem}
    at.button(key="leave_pairs_out").click().run()
    assert "No pair fits that condition." in read(at) and f"{n} left out by hand" in read(at)
    assert store.pairs.find_set(studio.it).n_pairs == len(pairs) - n
    press(at, "Take back all")
    assert store.pairs.listed(studio.it, limit=999) == pairs
    at.text_input(key="look_pairs_where").set_value("pass > 1").run()
    assert "no column pass" in read(at) and metrics(at)["Pairs"] == f"{len(pairs):,}"


def test_pairs_are_not_left_out_once_a_training_is_begun(studio):
    studio.trained()
    at = show("pairs", pairs_where="margin > -2")
    assert "its pairs stay as they are" in read(at)
    assert not [b for b in at.button if b.key == "leave_pairs_out"]
