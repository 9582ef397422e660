"""Panels that are worked out while they are open."""

import app.difficulty.strategy_cards
from app.difficulty.panels import PANELS
from tests.app.shown import metrics, n_to_resample, press, show


def opened(at, panel):
    at.session_state[panel] = True
    at.run()
    assert not at.exception, at.exception[0].value
    return at


def test_a_moved_threshold_works_out_no_offer_while_the_cards_are_closed(studio, monkeypatch):
    asked = []
    monkeypatch.setattr(
        app.difficulty.strategy_cards, "_offers", lambda *question: asked.append(question) or []
    )
    studio.presampled()
    at = show("difficulty", tau_h="0.700")
    assert not asked and "Expected pairs" not in metrics(at) and n_to_resample(at)


def covered(at):
    table = next(frame.value for frame in at.dataframe if "Pairs foregone" in frame.value)
    return int(table.set_index("Strategy")["Problems that may give pairs"]["Boundary"])


def test_open_cards_follow_the_thresholds_and_one_can_be_chosen(studio):
    studio.presampled()
    for tau_l, tau_h in (("0.000", "1.000"), ("0.450", "0.650")):
        at = opened(show("difficulty", tau_l=tau_l, tau_h=tau_h), "cards")
        assert covered(at) == n_to_resample(at)
    press(at, "Choose")
    assert at.selectbox(key="strategy_choice").value == "uniform"


def test_the_table_behind_a_chart_comes_when_it_is_opened(studio):
    studio.resampled()
    at = show("pairs")
    assert len(at.dataframe) == 1
    at = opened(at, "margins_open")
    assert list(at.dataframe[0].value.columns) == ["From", "To", "Pairs"] and len(at.dataframe) == 2


def test_the_panels_stand_below_the_plot_once_open_or_closed_and_before_there_is_a_plot(studio):
    both = [title for title, _ in PANELS.values()]
    assert [panel.label for panel in opened(show("difficulty"), "cards").main.expander] == both
    studio.presampled()
    at = show("difficulty")
    assert [panel.label for panel in at.main.expander] == both
    assert [panel.label for panel in opened(at, "calibration").main.expander] == both
