"""What a group of runs is called on Compare."""

from types import SimpleNamespace

from engine.figures.group_names import group_names


def runs(*labels, strategy="boundary", training="dpo"):
    done = SimpleNamespace(strategy=strategy, training=training)
    return [SimpleNamespace(label=label, done=done) for label in labels]


def test_a_sweep_is_called_by_its_method_and_not_by_its_seeds():
    sft = runs("mine, ReST-EM, seed 1", "mine, ReST-EM, seed 2", training="sft")
    dpo = runs("mine, HS-STaR, seed 1", "mine, HS-STaR, seed 2")
    assert group_names({"1f": sft, "2e": dpo}) == {"1f": "mine, ReST-EM", "2e": "mine, HS-STaR"}


def test_a_number_behind_a_name_and_half_a_word_are_not_in_common():
    numbered, words = runs("Starter study", "Starter study 2"), runs("large one", "large other")
    assert group_names({"1": numbered, "2": words}) == {"1": "Starter study", "2": "large"}


def test_labels_with_nothing_in_common_leave_strategy_and_training():
    assert group_names({"1": runs("seed 0", "seed 1"), "2": runs("a", "b", training="sft")}) == {
        "1": "boundary, DPO",
        "2": "boundary, SFT",
    }


def test_where_that_agrees_too_the_first_run_is_named_and_an_id_only_at_last():
    one, other = runs("x.duckdb:cdf7", "x.duckdb:cde1"), runs("x.duckdb:2db7", "x.duckdb:9aa0")
    assert group_names({"1": one, "2": other}) == {
        "1": "x.duckdb:cdf7 and 1 more",
        "2": "x.duckdb:2db7 and 1 more",
    }
    assert group_names({"1": runs("a", "b"), "2": runs("a", "c")}) == {
        "1": "a and 1 more (1)",
        "2": "a and 1 more (2)",
    }


def test_a_run_alone_is_called_as_it_is():
    assert group_names({"1": runs("mine, seed 1"), "2": runs("mine, seed 2", "mine, seed 3")}) == {
        "1": "mine, seed 1",
        "2": "mine",
    }


def test_a_group_may_not_take_the_name_that_another_has_already():
    found = group_names({"1": runs("boundary, DPO"), "2": runs("a", "b")})
    assert found == {"1": "boundary, DPO", "2": "a and 1 more"}
