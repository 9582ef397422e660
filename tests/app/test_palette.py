"""One palette: what Streamlit's theme, the difficulty plot and the icon write again is what it
says, and its line colours can be told apart.
"""

import ast
import re
import tomllib
from itertools import combinations

import numpy as np
import pytest

from app import palette
from app.components import difficulty_plot
from engine.paths import ROOT

THEME = tomllib.loads((ROOT / "app/.streamlit/config.toml").read_text(encoding="utf-8"))["theme"]
STYLE = difficulty_plot._source("difficulty_plot.css")
SIGHT = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
}
"""Linear light as it is seen: Machado, Oliveira and Fernandes 2009, severity 1."""


def lab(colour: str, sight: str) -> np.ndarray:
    """A colour in CIELAB under D65, as somebody with this sight sees it."""
    share = np.array(palette.channels(colour)) / 255
    light = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(SIGHT[sight]) @ light, 0, 1)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = np.array(to_xyz) @ seen / [0.9505, 1, 1.089]
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def test_streamlits_theme_has_the_palettes_colours():
    for mode, colours in palette.THEME.items():
        assert THEME[mode] == colours


@pytest.mark.parametrize(
    ("variable", "colour"),
    [
        ("blue-color", "blueColor"),
        ("orange-color", "orangeColor"),
        ("text-color", "textColor"),
        ("primary-color", "primaryColor"),
    ],
)
def test_without_a_theme_the_plot_has_the_colours_of_the_light_one(variable, colour):
    written = re.findall(rf"var\(--st-{variable}, ([^)]+)\)", STYLE)
    assert set(written) == {palette.THEME["light"][colour]}


def test_the_plots_classes_are_blue_orange_and_a_grey_that_is_nearly_the_figures():
    assert re.findall(r"--(inlier|outlier): var\(--st-(\w+)-color", STYLE) == [
        ("inlier", "blue"),
        ("outlier", "orange"),
    ]
    (share,) = re.findall(
        r"--boundary: color-mix\(in srgb, var\(--st-text-color, [^)]+\) (\d+)%", STYLE
    )
    text = np.array(palette.channels(palette.THEME["light"]["textColor"]))
    mixed = 255 - (255 - text) * int(share) / 100
    assert np.abs(mixed - palette.channels(palette.CLASSES["boundary"])).max() < 16


def test_the_icon_has_the_palettes_blue_and_orange():
    icon = (ROOT / "app" / "icon.svg").read_text(encoding="utf-8")
    assert set(re.findall(r"#\w{6}", icon)) == {palette.BLUE, palette.ORANGE}


def test_any_two_line_colours_can_be_told_apart_without_seeing_red_or_green():
    for sight in SIGHT:
        seen = [lab(colour, sight) for colour in palette.LINES]
        assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) > 6, sight


def test_a_faded_colour_is_the_same_colour():
    assert palette.faded(palette.BLUE, 0.35) == "rgba(59,130,196,0.35)"


def test_only_the_palette_writes_colours_and_it_imports_nothing():
    written = {
        path.relative_to(ROOT).as_posix()
        for folder in ("app", "pages")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(", path.read_text(encoding="utf-8"))
    }
    assert written == {"app/palette.py"}
    tree = ast.parse((ROOT / "app/palette.py").read_text(encoding="utf-8"))
    assert not any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(tree))
