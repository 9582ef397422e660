"""What decides a class is what the difficulty page draws, lists and lets a person move."""

import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.difficulty.columns import heights
from engine import store
from engine.method.difficulty import PRESETS, class_counts, classify
from engine.method.posterior import FEW
from engine.paths import ROOT
from engine.store.samples import Estimates
from engine.study.handle import Iteration
from tests.app.shown import n_to_resample


def shown(mode):
    at = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60)
    at.query_params["mode"] = mode
    at.run()
    at.switch_page("../pages/difficulty.py").run()
    assert not at.exception
    return at


def told(at):
    """What the plot is told, without its points."""
    plot = next(
        one.proto
        for one in at.get("bidi_component")
        if one.proto.component_name.endswith("difficulty_plot")
    )
    return json.loads(plot.mixed.json)


def test_below_few_problems_the_posterior_leaves_the_lines_to_both_signals_and_says_so(studio):
    studio.presampled()
    at = shown("posterior")
    assert told(at)["mode"] == "both"
    assert not at.slider(key="tau_h_slider").disabled
    assert any(preset.prm in button.label for preset in PRESETS for button in at.button)
    assert f"Below {FEW} problems no posterior is fitted: both signals decide." in [
        caption.value for caption in at.caption
    ]


def test_where_the_posterior_decides_the_plot_gets_its_classes_and_the_sliders_rest(
    studio, monkeypatch
):
    studio.presampled()
    for module in ("difficulty", "prior"):
        monkeypatch.setattr(f"engine.method.{module}.FEW", 3)
    at = shown("posterior")
    message = told(at)
    assert message["mode"] == "posterior" and message["classes_version"]
    assert at.slider(key="tau_h_slider").disabled
    e = store.samples.estimates(Iteration(studio.db, studio.run_id, 0))
    counts = class_counts(classify(e.n_correct, e.n, e.phi_r, tau_l=0, tau_h=1, mode="posterior"))
    assert n_to_resample(at) == counts["boundary"]
    at.selectbox(key="strategy_choice").set_value("inlier+boundary").run()
    assert n_to_resample(at) == counts["inlier"] + counts["boundary"]


def test_accuracy_alone_has_no_lines(studio):
    studio.presampled()
    at = shown("accuracy")
    assert told(at)["mode"] == "accuracy" and "classes_version" not in told(at)
    assert at.slider(key="tau_l_slider").disabled


def test_points_without_a_score_are_spread_over_the_height_of_their_accuracy():
    ids = np.array(["a", "b", "c", "d", "e"])
    n_correct, n = np.array([0, 0, 0, 2, 0]), np.full(5, 2)
    phi_r = np.array([np.nan, np.nan, np.nan, np.nan, 0.7])
    spread = heights(Estimates(ids, n_correct, n, phi_r, 0, []))
    assert spread.tolist() == pytest.approx([1 / 6, 3 / 6, 5 / 6, 0.5, 0.7])
