"""The shipped policy and process reward model, and the token-classification scorer that reads the
latter.
"""

import shutil
from pathlib import Path
from random import Random

import pytest

from engine.errors import RewardModelError
from engine.rewards.step_ends import step_end_tokens
from engine.starter.corpus import boxed_answer, make_problems, reference_solution, write_solution

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from engine.rewards import batched
from engine.rewards.token_classification import TokenClassificationReward

POLICY, PRM = (Path(__file__).parents[2] / "data" / "starter" / name for name in ("policy", "prm"))


@pytest.fixture(scope="module")
def scorer():
    scorer = TokenClassificationReward(str(PRM), device="cpu")
    yield scorer
    scorer.close()


@pytest.fixture(scope="module")
def items():
    """60 right solutions, then 60 with a habit in them, as (prompt, response)."""
    rng, problems = Random(4), make_problems(60, seed=77)
    right = [(problem.question + "\n", reference_solution(problem, rng)) for problem in problems]
    habits = [[rng.random() < 0.5 for _ in problem.events[1:]] + [False] for problem in problems]
    return right + [
        (problem.question + "\n", write_solution(problem, habit, rng))
        for problem, habit in zip(problems, habits)
    ]


@pytest.fixture(scope="module")
def two_labels(tmp_path_factory):
    """A scorer folder with two labels and untrained weights."""
    folder = tmp_path_factory.mktemp("two_labels")
    torch.manual_seed(0)
    config = transformers.AutoConfig.from_pretrained(PRM, num_labels=2)
    transformers.AutoModelForTokenClassification.from_config(config).save_pretrained(folder)
    transformers.AutoTokenizer.from_pretrained(PRM).save_pretrained(folder)
    return folder


def test_the_policy_loads_as_any_causal_model_and_solves_easy_problems():
    tokenizer = transformers.AutoTokenizer.from_pretrained(POLICY)
    policy = transformers.AutoModelForCausalLM.from_pretrained(POLICY).eval()
    assert policy.config.max_position_embeddings == 512
    problems = [problem for problem in make_problems(100, seed=78) if problem.level == 1]
    batch = tokenizer(
        [problem.question + "\n" for problem in problems], return_tensors="pt", padding=True
    )
    drawn = policy.generate(**batch, do_sample=False, max_new_tokens=96)[
        :, batch.input_ids.shape[1] :
    ]
    answers = [
        boxed_answer(text) for text in tokenizer.batch_decode(drawn, skip_special_tokens=True)
    ]
    n_right = sum(answer == problem.answer for answer, problem in zip(answers, problems))
    assert n_right >= 0.8 * len(problems)


def test_the_shipped_weights_are_small_safetensors():
    files = [*POLICY.iterdir(), *PRM.iterdir()]
    assert sum(file.stat().st_size for file in files) < 20e6
    assert {file.name for file in files if file.stat().st_size > 1e6} == {"model.safetensors"}


def test_the_reward_model_ranks_right_responses_above_wrong_ones(scorer, items):
    rewards = [scores.reward for scores in scorer.score(items)]
    wins = [
        (right > wrong) + 0.5 * (right == wrong) for right in rewards[:60] for wrong in rewards[60:]
    ]
    assert sum(wins) / len(wins) > 0.8


def test_scores_do_not_depend_on_the_batch_or_on_the_order_to_the_last_bit(
    scorer, items, monkeypatch
):
    monkeypatch.setattr(batched, "SCORE_DECIMALS", 17)
    together = scorer.score(items)
    assert any(score != round(score, 8) for score in together[0].scores), "nothing is rounded here"
    assert scorer.score(items[::-1])[::-1] == together
    assert [scorer.score([item])[0] for item in items] == together


def test_every_step_gets_one_score_read_at_its_last_character(scorer, items):
    prompt, response = items[0]
    text = prompt + response
    tokenizer = transformers.AutoTokenizer.from_pretrained(PRM)
    model = transformers.AutoModelForTokenClassification.from_pretrained(PRM).eval()
    with torch.inference_mode():
        logits = model(**tokenizer(text, return_tensors="pt")).logits[0, :, 0]
    tokens = tokenizer.convert_ids_to_tokens(tokenizer(text).input_ids)
    n_prompt = len(tokenizer(prompt).input_ids)
    expected = [
        logits[i].sigmoid().item()
        for i, token in enumerate(tokens)
        if i >= n_prompt and token in (".\n\n", "}.")
    ]
    assert scorer.score([items[0]])[0].scores == pytest.approx(expected, abs=1e-4)


def test_windows_newlines_and_blank_ends_change_nothing_but_the_ends(scorer, items):
    prompt, response = items[0]
    assert scorer.score([(prompt, response.replace("\n", "\r\n"))]) == scorer.score(
        [(prompt, response)]
    )
    assert len(scorer.score([(prompt, response + "\n\n")])[0].scores) == len(
        scorer.score([(prompt, response)])[0].scores
    )


def test_equal_items_are_read_once(scorer, items, monkeypatch):
    read, original = [], scorer._forward
    monkeypatch.setattr(scorer, "_forward", lambda batch: (read.extend(batch), original(batch))[1])
    first, second = scorer.score([items[0]] * 2)
    assert first == second and len(read) == 1


def test_a_response_without_steps_has_no_scores_and_reward_zero(scorer):
    found = scorer.score([("How many eggs in the end?\n", " \n\n ")])[0]
    assert (found.scores, found.status, found.reward) == ((), "ok", 0.0)


def test_a_text_longer_than_the_positions_is_refused_not_cut(scorer, items):
    prompt, response = items[0]
    long, short = scorer.score([(prompt, "\n\n".join([response] * 40)), (prompt, response)])
    assert (long.scores, long.status, long.reward) == ((), "too_long", None)
    assert short.status == "ok"


def test_two_labels_are_read_as_the_probability_of_the_second(two_labels, items):
    found = TokenClassificationReward(str(two_labels), device="cpu").score([items[0]])[0].scores
    model = transformers.AutoModelForTokenClassification.from_pretrained(two_labels).eval()
    with torch.inference_mode():
        logits = model(
            **transformers.AutoTokenizer.from_pretrained(PRM)(
                "".join(items[0]), return_tensors="pt"
            )
        ).logits[0]
    assert found[-1] == pytest.approx(logits[-1].softmax(-1)[1].item(), abs=1e-4)


def test_an_unknown_path_is_a_sentence(tmp_path):
    with pytest.raises(
        RewardModelError, match="No process reward model could be loaded from .*nowhere"
    ):
        TokenClassificationReward(str(tmp_path / "nowhere"))


def test_a_policy_is_not_taken_for_a_reward_model():
    with pytest.raises(RewardModelError, match="not a token classifier"):
        TokenClassificationReward(str(POLICY))


def test_scores_that_are_no_numbers_stop_the_scorer(tmp_path, items):
    shutil.copytree(PRM, tmp_path / "prm")
    model = transformers.AutoModelForTokenClassification.from_pretrained(PRM)
    model.score.weight.data.fill_(float("nan"))
    model.save_pretrained(tmp_path / "prm")
    with pytest.raises(RewardModelError, match="not a number between 0 and 1"):
        TokenClassificationReward(str(tmp_path / "prm"), device="cpu").score([items[0]])


def test_a_step_ends_at_the_last_token_that_shares_its_last_character():
    assert step_end_tokens([(0, 1), (1, 2), (1, 2), (2, 4)], [(0, 2)]) == [2]


def test_a_dropped_last_character_is_read_at_the_token_before_it():
    assert step_end_tokens([(0, 1), (3, 4)], [(0, 3)]) == [0]


def test_offsets_of_another_text_are_refused():
    with pytest.raises(ValueError, match="another text"):
        step_end_tokens([(5, 6)], [(0, 2)])
