"""What a sample set is called, and what its seeds follow from."""

from dataclasses import fields

import pytest

from engine.grading.extraction import Extraction
from engine.study.sample_sets import requests, sample_set, settings_key
from engine.types import Purpose, SamplingSettings


def test_a_set_without_later_settings_has_the_name_it_had_before_there_were_any():
    first = SamplingSettings(0.7, 0.95, 2048, "{question}", False)
    assert settings_key(first) == (
        '{"chat": false, "max_new_tokens": 2048, "prompt_template": "{question}",'
        ' "temperature": 0.7, "top_p": 0.95}'
    )


@pytest.mark.parametrize(
    "later",
    [
        {"n_examples": 2},
        {"system": "Be brief."},
        {"thinking": "off"},
        {"stop": ("\\n\\n",)},
        {"top_k": 20},
        {"min_p": 0.05},
        {"repetition_penalty": 1.1},
        {"thinking_tokens": 100},
        {"dtype": "bfloat16"},
    ],
    ids=lambda later: next(iter(later)),
)
def test_a_later_setting_makes_another_set(later):
    def id_of(settings: SamplingSettings) -> str:
        return sample_set(
            policy_id="p",
            purpose=Purpose.PRESAMPLE,
            iteration=0,
            seed=0,
            settings=settings,
            sampler="hf_local",
        ).id

    assert id_of(SamplingSettings(**later)) != id_of(SamplingSettings())


def test_every_setting_is_either_always_said_or_tried_above():
    tried = {"n_examples", "system", "thinking", "thinking_tokens", "stop"}
    tried |= {"top_k", "min_p", "repetition_penalty", "dtype"}
    first = {"temperature", "top_p", "max_new_tokens", "prompt_template", "chat"}
    assert {field.name for field in fields(SamplingSettings)} == tried | first


def test_other_rules_of_grading_make_another_set_with_the_same_seeds():
    def graded(rules: Extraction):
        return sample_set(
            policy_id="p",
            purpose=Purpose.PRESAMPLE,
            iteration=0,
            seed=0,
            settings=SamplingSettings(),
            sampler="hf_local",
            graded=rules.key(),
        )

    sets = [graded(Extraction(mode)) for mode in ("earlier", "stated", "strict", "lenient")]
    sets.append(graded(Extraction(pattern="(?P<answer>[0-9]+)")))
    sets.append(graded(Extraction(thinking=("thought",))))
    assert len({one.id for one in sets}) == len(sets)
    seeds = {requests(one, {"q": "?"}, [("q", 0)])[0].seed for one in sets}
    assert len(seeds) == 1
