"""The Responses page: filters, and a person's word against a verdict."""

from urllib.parse import parse_qs

from engine import store
from engine.method.conditions import parse
from engine.store.response_columns import COLUMNS
from engine.store.responses import Filter
from engine.study import calibration
from engine.study.handle import Iteration
from engine.study.sample_sets import evaluation_sets
from tests.app.shown import press, said, show, unfold


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


def open_override(studio, at, problem_id=None, row=0):
    """Of the open response."""
    wanted = Filter(problem_ids=[problem_id] if problem_id else None)
    one = store.responses.page(Iteration(studio.db, studio.run_id, 0), wanted, limit=row + 1)[row]
    unfold(at, f"override_opened_{one.set_id}_{one.problem_id}_{one.idx}")


def test_a_person_overrides_a_verdict_on_the_card_and_takes_it_back(studio):
    studio.presampled()
    problem_id = list(store.problems.of_run(studio.db, studio.run_id, "train", 0))[3]
    at = show("responses", problem=problem_id)
    assert set(at.dataframe[0].value["Verdict"]) == {"Correct"} and "overridden" not in said(at)
    open_override(studio, at, problem_id)
    next(field for field in at.text_input if field.label == "Note").set_value("=<b>guess</b>")
    press(at, "Mark as wrong")
    assert at.dataframe[0].value["Verdict"].tolist() == ["Wrong", "Correct", "Correct"]
    assert "overridden by this tab" in said(at) and "guess" in said(at) and "<b>" not in said(at)
    assert next(field for field in at.text_input if field.label == "Note").value == ""
    press(at, "Undo")
    assert set(at.dataframe[0].value["Verdict"]) == {"Correct"} and "overridden" not in said(at)
    assert "Undo" not in [button.label for button in at.button]


def test_a_note_that_is_typed_for_one_response_is_not_that_of_another(studio):
    studio.presampled()
    at = show("responses", row="1", run=studio.run_id, iteration="0")
    open_override(studio, at)
    note = lambda: next(field for field in at.text_input if field.label == "Note")
    note().set_value("a guess").run()
    assert note().value == "a guess"
    at.button(key="walk_j").click().run()
    open_override(studio, at, row=1)
    assert note().value == ""


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


def listed(at):
    return at.dataframe[0].value


def test_filters_stand_in_the_address_and_come_back_with_it(studio):
    studio.resampled()
    address = {"verdict": "wrong", "phase": "resample", "tokens": "5-20", "text": "BOXED{5}"}
    at = show("responses", run=studio.run_id, iteration="0", **address)
    assert at.button_group(key="look_verdict").value == ["wrong"]
    assert set(listed(at)["Verdict"]) == {"Wrong"} and set(listed(at)["Phase"]) == {"Resample"}
    at.selectbox(key="look_phase").set_value("").run()
    assert "phase" not in at.query_params and len(set(listed(at)["Phase"])) == 2
    at.query_params["phase"] = "presample"
    del at.query_params["verdict"]
    at.run()
    assert set(listed(at)["Phase"]) == {"Pre-sample"}
    assert at.button_group(key="look_verdict").value == []


def test_a_text_is_looked_for_in_capitals_or_not_and_lengths_have_two_ends(studio):
    studio.presampled()
    at = show("responses")
    everything = len(listed(at))
    at.text_input(key="look_text").set_value("BY TUESDAY IT IS 2 + 2 = 5").run()
    assert set(listed(at)["Verdict"]) == {"Wrong"} and len(listed(at)) < everything
    at.text_input(key="look_text").set_value("").run()
    assert len(listed(at)) == everything
    unfold(at, "more_filters").number_input(key="look_tokens_low").set_value(10).run()
    assert "No response fits these filters" in said(at)
    press(at, "Clear the filters")
    assert len(listed(at)) == everything


def test_levels_of_the_problems_are_a_filter(studio):
    studio.presampled()
    at = unfold(show("responses"), "more_filters")
    levels = listed(at)["Level"]
    at.multiselect(key="look_level").set_value([levels[0]]).run()
    assert len(listed(at)) == (levels == levels[0]).sum() < len(levels)


def test_held_out_responses_are_listed_by_policy_with_what_is_newly_solved_or_broken(studio):
    studio.trained()
    after = evaluation_sets(studio.it.config, "f" * 16, 1)[0].id
    ids = list(store.problems.of_run(studio.db, studio.run_id, "held_out"))
    solved, broken = ids[0], ids[3]  # of these two M0 has the second one right
    with studio.db.transaction() as write:
        for id, right, status in ((solved, True, "correct"), (broken, False, "wrong")):
            write.execute(
                "UPDATE verdicts SET correct = ?, status = ? WHERE problem_id = ? AND set_id = ?",
                [right, status, id, after],
            )
    query = {"phase": "greedy", "class": "INLIER"}
    at = show("responses", run=studio.run_id, iteration="0", **query)
    assert len(listed(at)) == 6 and at.selectbox(key="look_policy").value == "1"
    assert unfold(at, "more_filters").slider(key="look_reward").disabled
    assert "Held-out problems have no class" in said(at)
    for change, problem in (("solved", solved), ("broken", broken)):
        at.selectbox(key="look_change").set_value(change).run()
        assert set(listed(at)["Problem"]) == {problem}
    at.selectbox(key="look_policy").set_value("0").run()
    assert len(listed(at)) == 6 and at.selectbox(key="look_change").disabled


def test_calibration_responses_are_listed_by_themselves(studio):
    studio.presampled()
    ordered = calibration.order(studio.it, 3)
    studio.answer(ordered.set_id, "train", lambda id: range(12), scored=False)
    at = show("responses")
    assert len(listed(at)) == 36
    at.selectbox(key="look_phase").set_value("calibrate").run()
    assert len(listed(at)) == 36 and set(listed(at)["Problem"]) == set(ordered.problem_ids)


def test_j_and_k_open_the_next_and_the_previous_response_across_pages(studio, monkeypatch):
    monkeypatch.setattr("app.responses.table.PAGE_ROWS", 10)
    studio.presampled()
    at = show("responses", row="10", run=studio.run_id, iteration="0")
    assert at.number_input(key="responses_page").value == 1
    last = listed(at).iloc[9]
    at.button(key="walk_j").click().run()
    assert at.number_input(key="responses_page").value == 2 and at.query_params["row"] == "11"
    assert f"problem {listed(at).iloc[0]['Problem']}" in said(at)
    at.button(key="walk_k").click().run()
    assert f"problem {last['Problem']}" in said(at) and f"Pre-sample {last['Index']}" in said(at)
    assert show("responses", row="1").button(key="walk_k").disabled


def test_all_responses_of_a_problem_are_a_link_without_the_filters(studio):
    studio.resampled()
    at = show("responses", verdict="wrong", run=studio.run_id, iteration="0")
    link = next(link for link in at.get("page_link") if link.proto.label == "All its responses")
    query = parse_qs(link.proto.query_string)
    assert query["problem"] == [listed(at)["Problem"][0]] and "verdict" not in query


def test_what_is_looked_for_is_in_the_links_of_other_pages_and_gone_for_good_with_the_address(
    studio,
):
    studio.resampled()
    at = show("responses", verdict="wrong", run=studio.run_id, iteration="0")

    def linked():
        at.switch_page("../pages/pairs.py").run()
        links = [link.proto for link in at.get("page_link")]
        [query] = [link.query_string for link in links if link.label == "Responses"]
        return parse_qs(query)

    assert linked()["verdict"] == ["wrong"]
    at.switch_page("../pages/responses.py")
    del at.query_params["verdict"]
    at.run()
    assert set(listed(at)["Verdict"]) > {"Wrong"} and "verdict" not in linked()


def test_a_condition_chooses_responses_and_one_that_cannot_be_read_is_said(studio):
    studio.presampled()
    at = show("responses")
    n_all = store.responses.count(Iteration(studio.db, studio.run_id, 0), Filter())
    wanted = "correct and n_tokens > 0 and 0 <= pass_rate <= 1 and phase == 'presample'"
    at.text_input(key="look_where").set_value(wanted).run()
    assert not at.exception and "cannot be read" not in said(at)
    chosen = Filter(where=parse(wanted, COLUMNS))
    n_chosen = store.responses.count(Iteration(studio.db, studio.run_id, 0), chosen)
    assert 0 < n_chosen == len(listed(at)) < n_all
    at.text_input(key="look_where").set_value("tokens > 3").run()
    assert "there is no column tokens" in said(at) and not at.exception


def test_every_column_of_a_condition_is_one_of_the_database(studio):
    studio.resampled()
    it = Iteration(studio.db, studio.run_id, 0)
    n_all = store.responses.count(it, Filter())
    for name in COLUMNS:
        either = parse(f"{name} != none or {name} == none", COLUMNS)
        assert store.responses.count(it, Filter(where=either)) == n_all
    boundary = parse("class == 'boundary' and in_pool", COLUMNS)
    assert 0 < store.responses.count(it, Filter(where=boundary)) < n_all
