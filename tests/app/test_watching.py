"""Where a run is watched is chosen on its page."""

from engine import store
from engine.tracking.following import trackers_of
from tests.app.shown import press, read, show


def test_the_page_chooses_trackers_and_names_a_library_that_is_missing(studio, monkeypatch):
    monkeypatch.setattr("engine.tracking.find_spec", lambda name: None)
    studio.presampled()
    at = show("run")
    at.get("button_group")[0].set_value(["trackio"]).run()
    assert not at.exception
    assert store.tracking.chosen(studio.db, studio.run_id) == ("trackio",)
    assert "trackio is not installed here: `pip install trackio`" in read(at)
    press(at, "Send what is stored")
    assert "The library trackio is not installed" in read(at)
    at.get("button_group")[0].set_value([]).run()
    assert trackers_of(studio.it) == ()
