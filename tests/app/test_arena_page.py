"""The Arena page: recordings and rules are chosen, played and compared; nothing is stored."""

from app.arena import asking
from app.arena.results import verdict
from engine.headless.arena import ArenaRow
from engine.method.intervals import Interval
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


def row(rule: str, distinct: float, ahead: tuple[float, float, float] | None) -> ArenaRow:
    nothing = Interval(0.0, 0.0, 0.0)
    own = Interval(distinct, distinct - 9, distinct + 9)
    difference = ahead and Interval(*ahead)
    figures = (own, own, nothing, nothing, nothing, nothing, 0.0, difference, ())
    return ArenaRow("r", rule, 5.0, 40, 200.0, *figures)


def test_a_rule_that_has_more_than_the_one_surely_ahead_is_named():
    base, sure = row("boundary", 100, None), row("b", 120, (20, 5, 35))
    assert "**b** has the most distinct pairs: 20.0" in verdict([base, sure])
    said = verdict([base, sure, row("a", 150, (50, -1, 101))])
    assert "**b** has the most distinct pairs of those surely ahead of boundary" in said
    assert "a has more, 50.0 [-1.0 to 101.0], and may be behind it" in said


def test_numbers_are_read_once_and_in_order():
    assert asking._numbers("8; 5, 8,") == (5.0, 8.0)
    assert asking._numbers("5, -1") == asking._numbers("nan") == asking._numbers("") == ()
