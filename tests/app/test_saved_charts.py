"""Charts are saved in the format that was chosen on Settings."""

import json

from tests.app.shown import show


def formats(at):
    configs = [json.loads(chart.proto.config) for chart in at.get("plotly_chart")]
    return {config["toImageButtonOptions"]["format"] for config in configs}


def test_every_chart_of_a_tab_is_saved_as_what_was_chosen(studio):
    studio.trained()
    at = show("training")
    assert formats(at) == {"png"}
    at.switch_page("../pages/settings.py").run()
    at.button_group(key="saved_as").set_value("svg").run()
    at.switch_page("../pages/training.py").run()
    assert formats(at) == {"svg"} and not at.exception
