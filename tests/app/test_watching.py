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


def test_a_tab_that_draws_again_leaves_what_another_tab_chose(studio):
    first, second = show("run"), show("run")
    first.get("button_group")[0].set_value(["tensorboard"]).run()
    second.run()
    assert second.get("button_group")[0].value == ["tensorboard"]
    second.get("button_group")[0].set_value(["tensorboard", "mlflow"]).run()
    first.run()
    assert trackers_of(studio.it) == ("tensorboard", "mlflow")
    assert first.get("button_group")[0].value == ["tensorboard", "mlflow"]
