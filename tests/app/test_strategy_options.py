"""The options of the chosen strategy on the Difficulty page: in the offers, in the dialog, in the
address, and in the plan.
"""

from tests.app.shown import press, said, show


def posterior(studio, **query):
    studio.presampled()
    return show("difficulty", run=studio.run_id, iteration="0", strategy="posterior", **query)


def test_an_option_is_set_in_the_dialog_and_the_plan_in_it_follows(studio):
    at = posterior(studio)
    press(at, "Commit …")
    at.number_input(key="option_commit_posterior_n_rounds").set_value(2).run()
    press(at, "Commit …")
    assert "are handed out in later rounds" in said(at)
    assert at.query_params["options"] == '{"n_rounds": 2}'


def test_an_option_is_set_in_the_offers_and_stands_in_the_address(studio):
    at = posterior(studio)
    at.session_state["cards"] = True
    at.run()
    at.number_input(key="option_cards_posterior_cap").set_value(3.5).run()
    assert at.query_params["options"] == '{"cap": 3.5}'
    again = show("difficulty", **at.query_params)
    press(again, "Commit …")
    assert again.number_input(key="option_commit_posterior_cap").value == 3.5
    again.selectbox(key="strategy_choice").set_value("dast").run()
    assert "options" not in again.query_params


def test_a_value_that_the_strategy_cannot_use_is_refused_beside_its_field(studio):
    at = posterior(studio)
    at.session_state["cards"] = True
    at.run()
    at.number_input(key="option_cards_posterior_cap").set_value(0.5).run()
    assert "it must be 1 or more times the even share" in said(at)
    assert "options" not in at.query_params


def test_options_in_an_address_that_make_no_sense_are_ignored(studio):
    for text in ("[1]", "{", '{"cap": 0}', '{"other": 1}'):
        at = posterior(studio, options=text)
        press(at, "Commit …")
        assert at.number_input(key="option_commit_posterior_cap").value == 2.0
