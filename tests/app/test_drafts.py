"""A study in the making: a strategy's options go with it, and what is hidden holds nothing up."""

from app.new_study.draft import OPTIONS, STRATEGY, Draft
from app.strategy_options import OptionFields
from tests.small_runs import small

BAND = {"low": 0.2, "high": 0.8}


def banded(**changes):
    """A draft on a base with the strategy band and an option of it."""
    base = small(difficulty={"strategy": "band", "options": BAND, "tau_l": 0.02, "tau_h": 0.99})
    return Draft(base, "a test", **changes)


def test_options_of_another_strategy_go_with_it_and_are_said():
    draft = Draft(small(), "a test")
    draft.set(STRATEGY, "band")
    draft.set(OPTIONS, {"low": 0.2})
    draft.mistakes["difficulty.options.high"] = "Too high."
    draft.set(STRATEGY, "posterior")
    assert draft.config().difficulty.options == {} and not draft.mistakes
    assert draft.left_out == {"low": 0.2}
    draft.set(OPTIONS, {"n_rounds": 3})
    assert draft.config().difficulty.options == {"n_rounds": 3} and not draft.left_out


def test_options_of_the_base_go_with_its_strategy_and_come_back_with_it():
    draft = banded()
    draft.set(STRATEGY, "boundary")
    assert draft.config().difficulty.options == {} and draft.left_out == BAND
    draft.set(STRATEGY, "band")
    assert draft.config().difficulty.options == BAND and not draft.changes


def test_a_method_with_another_strategy_takes_no_options_over():
    draft = Draft(small(), "a test")
    draft.set(STRATEGY, "band")
    draft.take("hs_star")
    draft.set(OPTIONS, {"low": 0.2})
    draft.take("rest_em")
    assert (draft.value(STRATEGY), draft.config().difficulty.options) == ("band", {"low": 0.2})
    draft.set(STRATEGY, draft.before(STRATEGY))
    draft.take("hs_star")
    assert draft.config().difficulty.options == {}
    draft = banded()
    draft.set(STRATEGY, "posterior")
    draft.set(OPTIONS, {"n_rounds": 2})
    draft.take("hs_star")
    draft.take(None)
    assert draft.config().difficulty.options == {"n_rounds": 2}


def test_of_a_sweep_methods_with_another_strategy_go_without_the_options():
    draft = Draft(small(), "a test", method="posterior")
    draft.set(OPTIONS, {"n_rounds": 2})
    assert draft.config(method="posterior").difficulty.options == {"n_rounds": 2}
    assert draft.config(method="hs_star").difficulty.options == {}


def test_a_mistake_goes_with_its_field():
    draft = Draft(small(), "a test")
    draft.mistakes |= {"sampling.stop": "No.", "training.loss_weights": "No."}
    draft.drawn |= {"sampling.stop"}
    draft.forget_hidden()
    assert draft.mistakes == {"sampling.stop": "No."}
    draft.forget_hidden()
    assert not draft.mistakes


def test_options_are_fields_by_the_name_of_the_setting():
    fields = OptionFields("band", {}, "key", {}, lambda given: None)
    assert "difficulty.options.low" in fields.names()
    assert not OptionFields("nobody's", {}, "key", {}, lambda given: None).names()
