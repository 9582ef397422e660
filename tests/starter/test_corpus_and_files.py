"""The starter's generator, tokenizer and shipped problem files. No models here."""

from itertools import product
from pathlib import Path
from random import Random

import pytest

from engine.method.steps import split_steps, step_spans
from engine.problems import problem_id
from engine.starter.build import (
    HELD_OUT_SEED,
    N_HELD_OUT,
    N_TRAIN,
    TRAIN_SEED,
    problem_lines,
    starter_problems,
)
from engine.starter.corpus import (
    boxed_answer,
    label_steps,
    make_problem,
    make_problems,
    operate,
    reference_solution,
    student_solution,
    write_solution,
)
from engine.starter.kinds import EASY, HARD, MID, STEP_WORDINGS

SHIPPED = Path(__file__).parents[2] / "data" / "starter"


@pytest.fixture(scope="module")
def problems():
    return make_problems(500, seed=9)


@pytest.fixture(scope="module")
def shipped():
    """(train, held-out) as the generator makes them."""
    return starter_problems()


def test_a_seed_gives_the_same_problems_and_another_seed_others(problems):
    assert make_problems(500, seed=9) == problems
    assert make_problems(500, seed=10) != problems


def test_the_shipped_files_are_what_the_generator_makes(shipped):
    train, held_out = shipped
    assert (SHIPPED / "train.jsonl").read_text(encoding="utf-8") == problem_lines(train, TRAIN_SEED)
    assert (SHIPPED / "held_out.jsonl").read_text(encoding="utf-8") == problem_lines(
        held_out, HELD_OUT_SEED
    )


def test_no_two_shipped_problems_share_an_id(shipped):
    train, held_out = shipped
    assert (
        len({problem_id(problem.question) for problem in train + held_out}) == N_TRAIN + N_HELD_OUT
    )


def test_every_five_problems_hold_every_level(problems):
    for start in range(0, 500, 5):
        assert [problem.level for problem in problems[start : start + 5]] == [1, 2, 3, 4, 5]


def test_about_a_third_of_the_problems_is_easy_a_third_mid_a_third_hard(shipped):
    train, _ = shipped
    for band in ("easy", "mid", "hard"):
        assert 0.30 < sum(problem.band == band for problem in train) / N_TRAIN < 0.37


def test_slip_rates_leave_hard_kinds_no_latent_ability_and_mid_kinds_some():
    assert all(0.02 <= kind.slip_rate <= 0.05 for kind in EASY) and len(EASY) >= 5
    assert all(0.30 <= kind.slip_rate <= 0.70 for kind in MID) and len(MID) >= 20
    assert all(kind.slip_rate == 1.0 for kind in HARD)


def test_only_the_all_right_path_ends_at_the_answer_and_every_path_stays_in_range(problems):
    for problem in problems:
        for right in product((True, False), repeat=len(problem.events)):
            values = problem.follow(list(right))
            assert all(1 <= value <= 99 for value in values)
            assert (str(values[-1]) == problem.answer) == all(right)


def test_a_solution_has_one_step_per_event_and_a_boxed_answer(problems):
    rng = Random(0)
    for problem in problems:
        solution = reference_solution(problem, rng)
        assert len(split_steps(solution)) == len(problem.events) + 1
        assert boxed_answer(solution) == problem.answer


def test_every_wording_of_a_right_solution_is_right(problems):
    rng = Random(0)
    assert len(STEP_WORDINGS) >= 3
    for problem in problems:
        assert all(label_steps(problem, reference_solution(problem, rng)))


def test_a_students_answer_is_right_exactly_if_all_its_steps_are(problems):
    rng, n_right = Random(0), 0
    for problem in problems:
        text = student_solution(problem, rng)
        labels = label_steps(problem, text)
        assert (boxed_answer(text) == problem.answer) == all(labels)
        assert labels == sorted(labels, reverse=True), "a step after a slip was called right"
        n_right += all(labels)
    assert 150 < n_right < 350


def test_a_step_is_judged_by_its_quantities_not_by_its_operation():
    rng = Random(0)
    problem = next(
        p
        for p in iter(lambda: make_problem(3, rng), None)
        if [e.kind.name for e in p.events] == ["twice"]
    )
    text = reference_solution(problem).replace("* 2", f"+ {problem.start}")
    assert label_steps(problem, text) == [True, True]


def test_missing_extra_and_empty_steps_are_not_right(problems):
    problem = next(problem for problem in problems if len(problem.events) == 2)
    first, second, box = split_steps(reference_solution(problem))
    assert label_steps(problem, "\n\n".join([first, box])) == [True, False]
    assert label_steps(problem, "\n\n".join([first, second, box, box])) == [True, True, True, False]
    assert label_steps(problem, "") == []


def test_a_spoilt_solution_is_never_right(problems):
    from engine.starter.prm import spoil

    rng = Random(0)
    assert not any(all(label_steps(problem, spoil(problem, rng))) for problem in problems)


@pytest.mark.parametrize(
    ("rule", "value", "number", "expected"),
    [
        ("+m", 90, 10, None),
        ("-m", 5, 5, None),
        ("/4", 10, 0, None),
        ("*m", 33, 3, ("*", 3, 99)),
        ("+v/2", 10, 0, ("+", 5, 15)),
        ("+0", 7, 9, ("+", 0, 7)),
    ],
)
def test_a_rule_that_leaves_the_range_or_does_not_divide_gives_nothing(
    rule, value, number, expected
):
    assert operate(rule, value, number) == expected


@pytest.fixture(scope="module")
def tokenizer():
    transformers = pytest.importorskip("transformers")
    return transformers.AutoTokenizer.from_pretrained(SHIPPED / "policy")


def test_the_tokenizer_gives_every_text_back_and_joins_prompt_and_response(problems, tokenizer):
    rng = Random(0)
    for problem in problems:
        prompt, response = problem.question + "\n", student_solution(problem, rng)
        ids = tokenizer(prompt + response).input_ids
        assert tokenizer.unk_token_id not in ids
        assert tokenizer.decode(ids) == prompt + response
        assert tokenizer(prompt).input_ids + tokenizer(response).input_ids == ids


def test_token_offsets_are_those_of_the_text(problems, tokenizer):
    from engine.rewards.step_ends import step_end_tokens

    for problem in problems[:100]:
        text = (
            problem.question
            + "\n"
            + write_solution(problem, [False] * len(problem.events), Random(0))
        )
        encoding = tokenizer(text, return_offsets_mapping=True)
        pieces = [text[start:end] for start, end in encoding.offset_mapping]
        assert pieces == tokenizer.convert_ids_to_tokens(encoding.input_ids)
        spans = step_spans(text)
        assert [pieces[index] for index in step_end_tokens(encoding.offset_mapping, spans)] == [
            ".\n\n"
        ] * (len(spans) - 1) + ["}."]


def test_an_unknown_word_is_one_unknown_token(tokenizer):
    ids = tokenizer("On Monday Tom has 5 zebras.").input_ids
    assert ids.count(tokenizer.unk_token_id) == 1


@pytest.mark.parametrize("role", ["policy", "prm"])
def test_the_shipped_folders_read_text_as_the_built_tokenizer_does(role, problems):
    from transformers import AutoTokenizer

    from engine.starter.tokenizer import build_tokenizer

    # With a model's config.json beside it AutoTokenizer may take another class than the one saved:
    # ids are what counts.
    built, loaded = build_tokenizer(), AutoTokenizer.from_pretrained(SHIPPED / role)
    texts = [
        problem.question + "\n" + reference_solution(problem, Random(0))
        for problem in problems[:100]
    ]
    assert loaded(texts).input_ids == built(texts).input_ids
    assert (loaded.eos_token_id, loaded.pad_token_id) == (built.eos_token_id, built.pad_token_id)
