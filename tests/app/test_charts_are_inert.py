"""What is stored reaches a chart as text: Plotly reads tags in names and categories."""

import numpy as np

from app import charts

MARKUP = '<a href="https://evil.example">a level</a>'


def test_the_levels_of_problems_are_no_links():
    figure = charts.by_level([MARKUP], ["M0"], np.array([[0.5]]))
    assert "<a" not in figure.to_json().replace("\\u003c", "<")
    assert "&lt;a href" in figure.to_json()
