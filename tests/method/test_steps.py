"""Steps are the parts between blank lines, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import split_steps
from engine.method.steps import normalise_newlines, step_spans


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("", []),
        ("  \n \n ", []),
        ("one", ["one"]),
        ("one\n\ntwo", ["one", "two"]),
        ("one\r\n\r\ntwo\r\n\r\n", ["one", "two"]),
        ("one\n \t \ntwo", ["one", "two"]),
        ("one\ntwo\n\n\n\nthree", ["one\ntwo", "three"]),
        ("\n\n one \n\n", ["one"]),
    ],
)
def test_a_text_is_split_at_its_blank_lines(text, steps):
    assert split_steps(text) == steps


@given(st.text(alphabet="ab \t\r\n", max_size=60))
def test_no_step_is_empty_or_has_a_blank_line_and_the_spans_point_at_them(text):
    steps = split_steps(text)
    normal = normalise_newlines(text)
    assert steps == [normal[start:end] for start, end in step_spans(normal)]
    for step in steps:
        assert step.strip() == step != ""
    assert "".join("".join(steps).split()) == "".join(text.split())
