"""Rules by which a response is cut into steps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config.splitter import Splitter, suggested_rule
from engine.errors import ConfigError, RewardModelError
from tests.small_runs import small

RULES = [Splitter(), Splitter("line"), Splitter("marker"), Splitter("pattern", r"(?=Step)|;")]
WRITTEN = st.lists(
    st.sampled_from(
        [
            "Step 1: add",
            "2. so",
            "## Next",
            "3.5 is",
            " \n",
            "\n",
            "\n\n",
            "then",
            "; ",
            "(4) x",
            " ",
        ]
    ),
    max_size=12,
).map("".join)


@given(WRITTEN, st.sampled_from(RULES))
def test_by_every_rule_steps_are_in_order_stripped_and_nothing_but_cuts_is_lost(text, splitter):
    spans = splitter.spans(text)
    ends = [0, *(place for span in spans for place in span)]
    assert ends == sorted(ends)
    steps = splitter.split(text)
    assert all(step and step == step.strip() for step in steps)
    kept = "".join(steps).replace(";", "")
    assert "".join(kept.split()) == "".join(text.replace(";", "").split())


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("Step 1: a\nb\n**Step 2** c", ["Step 1: a\nb", "**Step 2** c"]),
        ("Sure.\n1. a\n2) b\n(3) c", ["Sure.", "1. a", "2) b", "(3) c"]),
        ("## One\na\n### Two\nb", ["## One\na", "### Two\nb"]),
        ("It is\n3.5 and\n2024 was", ["It is\n3.5 and\n2024 was"]),
    ],
)
def test_markers_begin_steps_and_numbers_in_a_sentence_do_not(text, steps):
    assert Splitter("marker").split(text) == steps


def test_a_rule_is_suggested_where_the_papers_gives_single_steps():
    assert suggested_rule(["a\n\nb", "c\n\nd"]) == "blank_line"
    assert suggested_rule(["a\nb\nc", "d\ne"]) == "line"
    long = "Step 1: x\n" + "y\n" * 30 + "Step 2: z"
    assert suggested_rule([long, long]) == "marker"
    assert suggested_rule(["a", "b"]) is None and suggested_rule([]) is None


def test_a_pattern_that_never_ends_is_given_up_in_a_sentence():
    with pytest.raises(RewardModelError, match=r"reward\.step_pattern took longer than 1 s"):
        Splitter("pattern", r"(a+)+$").split("a" * 5000 + "b")


def test_a_pattern_is_checked_as_it_is_used():
    with pytest.raises(ConfigError, match=r"reward\.step_pattern is .*no regular expression"):
        small(reward={"steps": "pattern", "step_pattern": "[[a]"})
    assert Splitter("pattern", "^(?=B)").split("A\nB") == ["A", "B"]
