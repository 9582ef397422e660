"""The page of verdicts: counts, a judge's opinions, and a person's decisions on them."""

import pytest

from engine import store
from engine.figures.rewards import scorer_reports
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
        at.text_input(key=f"judge_server_{studio.run_id}").set_value(url).run()
        at.text_input(key=f"judge_model_{studio.run_id}").set_value("m").run()
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


def test_the_reward_model_is_compared_with_the_verdicts(studio):
    studio.presampled()
    it = Iteration(studio.db, studio.run_id, 0)
    report = scorer_reports(it)[0]
    right, wrong = (
        [
            row["reward"]
            for row in studio.db.rows(
                "SELECT s.reward FROM step_scores s JOIN judged v USING (set_id, problem_id, idx)"
                " WHERE v.correct = ?",
                [correct],
            )
        ]
        for correct in (True, False)
    )
    pairs = [(r > w) + (r == w) / 2 for r in right for w in wrong]
    assert report.quality.auc.value == pytest.approx(sum(pairs) / len(pairs))
    assert (report.quality.n, report.quality.n_correct) == (len(right) + len(wrong), len(right))
    (table,) = [t for t in show("verdicts").dataframe if "Area" in t.value]
    assert table.value["Area"][0].startswith(f"{report.quality.auc.value:.3f} [")


def test_another_reward_model_on_the_same_responses_has_a_row_of_its_own(studio):
    studio.presampled()
    with studio.db.transaction() as cursor:
        cursor.execute(
            "INSERT INTO step_scores (set_id, problem_id, idx, prm_id, scores, status, reward)"
            " SELECT set_id, problem_id, idx, 'other', [0.9], 'ok',"
            " 1 - reward FROM step_scores"
        )
    own, other = scorer_reports(Iteration(studio.db, studio.run_id, 0))
    assert other.scorer.prm_id == "other" and other.one_step == 1.0
    assert other.quality.auc.value == pytest.approx(1 - own.quality.auc.value)
    at = show("verdicts")
    (table,) = [t for t in at.dataframe if "Area" in t.value]
    assert len(table.value) == 2 and not at.exception
