"""The page of verdicts: counts, a judge's opinions, and a person's decisions on them."""

from engine import store
from engine.study.handle import Iteration
from tests.app.shown import metrics, said, show
from tests.judging.test_judge import saying
from tests.samplers.scripted_servers import scripted


def test_a_judge_is_asked_from_the_page_and_a_person_decides(studio):
    studio.presampled()
    it = Iteration(studio.db, studio.run_id, 0)
    at = show("verdicts")
    assert metrics(at)["Wrong"] and "Nobody is asked yet" in said(at)
    with scripted(saying("SAME")) as url:
        at.text_input(key="judge_server").set_value(url).run()
        at.text_input(key="judge_model").set_value("m").run()
        (ask,) = [button for button in at.button if button.label.startswith("Ask about")]
        ask.click().run()
    assert not at.exception and metrics(at)["Judge right, %"] == "–"
    before = int(store.samples.estimates(it).n_correct.sum())
    next(button for button in at.button if button.label == "It is correct").click().run()
    assert int(store.samples.estimates(it).n_correct.sum()) == before + 1
    assert metrics(at)["Judge right, %"].startswith("100.0 [")
    assert metrics(at)["Rules right, %"].startswith("0.0 [")


def test_before_the_first_verdict_the_page_says_so(studio):
    assert "No response is graded yet" in said(show("verdicts"))


def test_verdicts_by_an_earlier_versions_rules_are_counted(studio):
    studio.presampled()
    assert "earlier version" not in said(show("verdicts"))
    with studio.db.transaction() as cursor:
        cursor.execute("UPDATE verdicts SET rules = 1 WHERE idx = 0")
    n = studio.db.value("SELECT count(*) FROM verdicts WHERE rules = 1")
    assert f"{n:,} of these verdicts were given by an earlier version's rules" in said(
        show("verdicts")
    )
