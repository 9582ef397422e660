"""The Responses page: filters, and a person's word against a verdict."""

from engine import store
from engine.study.handle import Iteration
from tests.app.shown import press, said, show


def test_responses_can_be_filtered_by_verdict_and_class(studio):
    studio.resampled()
    at = show("responses")
    everything = len(at.dataframe[0].value)
    at.button_group[1].set_value(["wrong"]).run()
    only_wrong = at.dataframe[0].value
    assert set(only_wrong["Verdict"]) == {"Wrong"} and 0 < len(only_wrong) < everything
    at.button_group[0].set_value(["OUTLIER"]).run()
    outliers = {
        row.problem_id
        for row in store.commits.allocation(Iteration(studio.db, studio.run_id, 0))
        if row.difficulty == 2
    }
    assert set(at.dataframe[0].value["Problem"]) == outliers


def test_a_problem_in_the_url_is_the_one_that_is_listed(studio):
    studio.presampled()
    wanted = list(store.problems.of_run(studio.db, studio.run_id, "train", 0))[3]
    at = show("home", problem=wanted, run=studio.run_id, iteration="0")
    at.switch_page("../pages/responses.py").run()
    assert set(at.dataframe[0].value["Problem"]) == {wanted}


def test_a_person_overrides_a_verdict_on_the_card_and_takes_it_back(studio):
    studio.presampled()
    at = show(
        "responses", problem=list(store.problems.of_run(studio.db, studio.run_id, "train", 0))[3]
    )
    assert set(at.dataframe[0].value["Verdict"]) == {"Correct"} and "overridden" not in said(at)
    next(field for field in at.text_input if field.label == "Note").set_value("=<b>guess</b>")
    press(at, "Mark as wrong")
    assert at.dataframe[0].value["Verdict"].tolist() == ["Wrong", "Correct", "Correct"]
    assert "overridden by tab" in said(at) and "guess" in said(at) and "<b>" not in said(at)
    assert next(field for field in at.text_input if field.label == "Note").value == ""
    press(at, "Undo")
    assert set(at.dataframe[0].value["Verdict"]) == {"Correct"} and "overridden" not in said(at)
    assert "Undo" not in [button.label for button in at.button]


def test_a_response_without_a_verdict_has_nothing_to_override(studio):
    studio.presampled()
    studio.db.cursor().execute("DELETE FROM verdicts")
    at = show("responses")
    assert "not graded yet" in said(at) and "Mark as wrong" not in [
        button.label for button in at.button
    ]


def test_outcome_scores_are_called_so_and_never_a_process_reward(studio):
    studio.resampled()
    with studio.db.transaction() as write:
        write.execute(
            "UPDATE runs SET config = replace(config::VARCHAR, '\"token_classification\"',"
            " '\"outcome\"')"
        )
        write.execute("UPDATE step_scores SET status = 'outcome', scores = [reward]")
    assert "one outcome score per response, no minimum over steps" in said(show("difficulty"))
    for page in ("responses", "pairs"):
        assert "outcome score 0." in said(show(page)) and "process reward 0." not in said(
            show(page)
        )
