"""What is stored reaches a chart as text: Plotly reads tags in names and categories."""

import numpy as np

from app import charts

MARKUP = '<a href="https://evil.example">a level</a>'


def test_the_levels_of_problems_are_no_links():
    figure = charts.by_level([MARKUP], ["M0"], np.array([[0.5]]))
    assert "<a" not in figure.to_json().replace("\\u003c", "<")
    assert "&lt;a href" in figure.to_json()


def test_the_name_of_a_metric_is_no_link_as_a_title():
    line = charts.Line("loss", np.array([1]), np.array([0.5]))
    figure = charts.curves([line], title=MARKUP, n_steps=1)
    assert figure.layout.title.text.startswith("&lt;a href")
