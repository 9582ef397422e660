"""DAST: levels compare whole numbers, budgets add up exactly, examples match in level and never
give the answer away.
"""

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import ConfigError
from engine.method.dast import (
    TARGETS,
    Level,
    WorkedExample,
    dast_levels,
    length_prompt,
    level_budgets,
    matched_examples,
    proportion_control,
)

counts = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=5), st.integers(0, 8), min_size=1, max_size=30
)
targets = st.fixed_dictionaries({level: st.sampled_from([0, 0.5, 1, 3]) for level in Level})


def level_by_definition(n_correct: int, n: int) -> Level:
    share = Fraction(n_correct, n)
    if share == 0:
        return Level.UNSOLVED
    if share < Fraction(4, 10):
        return Level.HARD
    return Level.EASY if share > Fraction(7, 10) else Level.MEDIUM


@given(n=st.integers(1, 1000), data=st.data())
def test_the_level_is_the_one_that_exact_shares_give(n, data):
    n_correct = data.draw(st.lists(st.integers(0, n), min_size=1, max_size=20))
    assert dast_levels(n_correct, n).tolist() == [level_by_definition(c, n) for c in n_correct]


def test_a_share_at_a_cut_off_is_medium():
    assert dast_levels([28, 29, 16, 15], 40).tolist() == [
        Level.MEDIUM,
        Level.EASY,
        Level.MEDIUM,
        Level.HARD,
    ]
    assert dast_levels([1, 2], 3, cutoffs=(0.3, 0.6)).tolist() == [Level.MEDIUM, Level.EASY]


@given(budget=st.integers(0, 5000), n_correct=counts, targets=targets, seed=st.integers(0, 99))
def test_the_budget_is_given_out_exactly_and_unsolved_gets_no_more_than_its_uniform_share(
    budget, n_correct, targets, seed
):
    given_out = proportion_control(budget, n_correct, 8, targets=targets, seed=seed)
    levels = {id: level_by_definition(c, 8) for id, c in n_correct.items()}
    unsolved = [id for id, level in levels.items() if level == Level.UNSOLVED]
    assert set(given_out) == set(n_correct) and min(given_out.values()) >= 0
    if any(targets[level] for level in levels.values() if level != Level.UNSOLVED):
        assert sum(given_out.values()) == budget
    assert sum(given_out[id] for id in unsolved) * len(n_correct) <= budget * len(unsolved)
    for level in Level:
        own = [given_out[id] for id in n_correct if levels[id] == level]
        assert not own or max(own) - min(own) <= 1
        assert targets[level] or not any(own)


@given(budget=st.integers(0, 500), n_correct=counts, seed=st.integers(0, 99), data=st.data())
def test_the_order_of_the_problems_changes_nothing(budget, n_correct, seed, data):
    shuffled = dict(data.draw(st.permutations(list(n_correct.items()))))
    assert proportion_control(budget, n_correct, 8, seed=seed) == proportion_control(
        budget, shuffled, 8, seed=seed
    )


@given(budget=st.integers(0, 60), n_correct=st.lists(st.integers(1, 8), min_size=1, max_size=6))
def test_between_levels_no_other_whole_numbers_lie_nearer_to_the_proportions(budget, n_correct):
    levels = dast_levels(n_correct, 8)
    given_out = level_budgets(budget, levels, n_correct, 8)
    weights = {}
    for level in (Level.EASY, Level.MEDIUM, Level.HARD):
        own = [c for c, each in zip(n_correct, levels) if each == level]
        weights[level] = (
            1 / max(Fraction(sum(own), 8 * len(own)), Fraction(1, 8)) if own else Fraction(0)
        )
    exact = [budget * weights[level] / sum(weights.values()) for level in weights]

    def distance(split):
        return sum((whole - share) ** 2 for whole, share in zip(split, exact))

    splits = [
        (e, m, budget - e - m) for e, m in product(range(budget + 1), repeat=2) if e + m <= budget
    ]
    assert distance([given_out[level] for level in weights]) == min(map(distance, splits))


def test_the_proportions_by_hand():
    levels, n_correct = [0, 1, 2, 3, 3], [8, 4, 1, 0, 0]
    assert list(level_budgets(110, levels, n_correct, 8).values()) == [10, 20, 80, 0]
    with_unsolved = level_budgets(100, levels, n_correct, 8, targets={**TARGETS, Level.UNSOLVED: 5})
    assert with_unsolved[Level.UNSOLVED] == 40 and sum(with_unsolved.values()) == 100
    assert level_budgets(7, [3, 3], [0, 0], 8, targets={Level.UNSOLVED: 1})[Level.UNSOLVED] == 7


def test_where_all_is_unsolved_and_nobody_wants_it_nothing_is_given():
    assert proportion_control(12, {"a": 0, "b": 0}, 8, seed=0) == {"a": 0, "b": 0}
    assert proportion_control(12, {}, 8, seed=0) == {}


POOL = [WorkedExample(f"q{i}", f"step {i}", Level(i % 4)) for i in range(40)]


@given(
    level=st.sampled_from(Level),
    k=st.integers(0, 12),
    seed=st.integers(0, 999),
    pool=st.permutations(POOL),
)
def test_examples_are_of_the_level_and_never_the_question_itself(level, k, seed, pool):
    question = POOL[level].question
    picked = matched_examples(level, pool, k, seed, question=question)
    assert len(picked) == min(k, 9) and len({example.question for example in picked}) == len(picked)
    assert all(example.level == level and example.question != question for example in picked)
    assert picked == matched_examples(level, POOL, k, seed, question=question)
    assert picked[:3] == matched_examples(level, POOL, min(k, 3), seed, question=question)


def test_another_seed_picks_other_examples():
    assert (
        len({tuple(e.question for e in matched_examples(1, POOL, 3, seed)) for seed in range(8)})
        > 4
    )


def test_the_prompt_ends_with_the_question_in_its_template_and_without_examples_is_that_alone():
    template, question = "Solve. Box it: \\boxed{}.\n\n{question}", "What is {question} + 1?"
    alone = length_prompt(template, question, [])
    assert alone == "Solve. Box it: \\boxed{}.\n\nWhat is {question} + 1?"
    prompt = length_prompt(template, question, POOL[:2])
    assert prompt.endswith(alone) and prompt.count("Solve.") == 3
    assert prompt.index("step 0") < prompt.index("q1") < prompt.index("step 1")


@pytest.mark.parametrize(
    "call",
    [
        lambda: dast_levels([1], 2, cutoffs=(0.7, 0.4)),
        lambda: dast_levels([1], 2, cutoffs=(0, 0.4)),
        lambda: dast_levels([3], 2),
        lambda: dast_levels([0.5], 2),
        lambda: level_budgets(-1, [0], [8], 8),
        lambda: level_budgets(1, [0], [8], 8, targets={Level.EASY: -1}),
        lambda: level_budgets(1, [0], [9], 8),
        lambda: matched_examples(0, POOL, -1, 0),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(call):
    with pytest.raises(ConfigError, match=r"\w{3,}.*\.$"):
        call()
