"""The Arena page: recordings and rules are chosen, played and compared; nothing is stored."""

from app.arena import asking
from tests.app.shown import press, read, show


def test_rules_are_played_on_the_shipped_recording_without_a_run(database):
    at = show("arena")
    assert not at.dataframe and "ships with the program" in at.multiselect[0].options[0]
    at.multiselect[1].set_value(["vigor", "uniform"])
    at.text_input[0].set_value("5, 8")
    at.number_input[3].set_value(2)
    press(at, "Play")
    assert not at.exception
    table = at.dataframe[0].value
    assert set(table["Rule"]) == {"boundary, accuracy", "vigor, accuracy", "uniform, accuracy"}
    assert set(table["Per problem"]) == {5.0, 8.0} and len(at.get("plotly_chart")) == 2
    assert "responses per problem" in read(at)


def test_budgets_that_cannot_be_read_or_played_are_a_sentence(database):
    at = show("arena")
    at.text_input[0].set_value("five")
    press(at, "Play")
    assert "give budgets such as 5, 8" in read(at)
    at.text_input[0].set_value("2")
    press(at, "Play")
    assert "less than the 960 pre-samples" in read(at) and not at.exception


def test_numbers_are_read_once_and_in_order():
    assert asking._numbers("8; 5, 8,") == (5.0, 8.0)
    assert asking._numbers("5, -1") == asking._numbers("nan") == asking._numbers("") == ()
