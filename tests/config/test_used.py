"""Which settings a training method uses: what the form hides is what their own sentences say."""

import re

import pytest

from engine.config.reference import settings
from engine.config.used import unused

OF = re.compile(r"^((?:dpo|sft|grpo|rloo)(?:, rloo)?)(?: only)?[:,]")


@pytest.mark.parametrize("method", ["dpo", "sft", "grpo", "rloo"])
def test_a_setting_is_unused_where_its_sentence_names_other_methods(method):
    said = {s.name: OF.match(s.help) for s in settings() if s.table == "training"}
    del said["method"]
    others = {name for name, of in said.items() if of and method not in of[1].split(", ")}
    assert {*unused(method)} == others


def test_a_trainer_of_ones_own_may_use_everything():
    assert unused("my_trainer") == ()


def test_what_a_method_refuses_is_shown_where_it_is_set():
    assert "keep_above" in unused("dpo") and "keep_above" not in unused("dpo", 0.5)
