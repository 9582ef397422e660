"""Tags: put on a selection of the plot, shown wherever the problem is listed, a filter on
Responses, taken off again on Plan.
"""

from engine import store
from engine.study import tags
from tests.app.shown import press, read, said, show, unfold
from tests.app.test_decisions import difficulty, selected

TAG = "odd_one, [x](https://a.b)"


def test_a_selection_is_tagged_and_the_tag_taken_off(studio):
    studio.presampled()
    ids = sorted(store.problems.of_run(studio.db, studio.run_id, "train", 0))[:2]
    at = selected(difficulty(studio), ids)
    press(at, "Put it on")
    assert "The tag is empty" in read(at)
    at.text_input(key="tag_text").set_value(TAG).run()
    press(at, "Put it on")
    assert store.tags.by_problem(studio.db, studio.run_id) == {id: [TAG] for id in ids}
    picked = next(f.value for f in at.dataframe if "Class" in f.value)
    assert [list(t) for t in picked["Tags"]] == [[TAG], [TAG]]
    at.selectbox(key="tag_known").set_value(TAG).run()
    press(at, "Take it off")
    assert store.tags.by_problem(studio.db, studio.run_id) == {}


def test_a_tag_is_shown_on_every_page_inertly_and_filters_responses(studio):
    studio.trained()
    pair = store.pairs.listed(studio.it, limit=1)[0]
    tags.put(studio.it, [pair.problem_id], TAG, made_by="tab abc")
    for page in ("pairs", "responses", "plan"):
        at = show(page)
        table = next(f.value for f in at.dataframe if {"Tags", "Tag"} & set(f.value))
        column = "Tags" if "Tags" in table else "Tag"
        assert TAG in str(table[column].tolist()), page
    at = show("responses", tag="odd_one%2C%20%5Bx%5D%28https%3A//a.b%29")
    table = next(f.value for f in at.dataframe if "Phase" in f.value)
    assert set(table["Problem"]) == {pair.problem_id}
    assert ":green-badge[" in said(at) and "https://a.b" not in said(at)
    unfold(at, "more_filters").multiselect(key="look_tag").set_value([]).run()
    assert "tag" not in at.query_params
    at = show("plan")
    assert "1 tags" not in read(at) and "1 tag" in read(at)
    assert next(b for b in at.button if b.label == "Take off the selected").disabled
