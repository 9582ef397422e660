"""The families of reward models, each on a tiny model of its architecture and file layout, against
a plain unbatched computation.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from engine.errors import RewardModelError
from engine.method.steps import split_steps
from engine.rewards import batched
from engine.rewards.batched import BatchedReward, Row

pytest.importorskip("torch")
pytest.importorskip("transformers")

from engine.rewards.outcome import OutcomeReward
from engine.rewards.qwen_prm import QwenPrm
from engine.rewards.skywork_prm import SkyworkPrm
from engine.rewards.token_classification import TokenClassificationReward
from tests.rewards import tiny_models
from tests.rewards.plain_scores import (
    ITEMS,
    LONG,
    QUESTION,
    Plain,
    PlainOutcome,
    PlainQwenPrm,
    PlainSkyworkPrm,
)

FAMILIES = {
    "qwen_prm": (tiny_models.qwen_prm, QwenPrm, PlainQwenPrm),
    "skywork_prm": (tiny_models.skywork_prm, SkyworkPrm, PlainSkyworkPrm),
    "outcome": (tiny_models.sequence_classifier, OutcomeReward, PlainOutcome),
    "outcome of an encoder": (tiny_models.bert_classifier, OutcomeReward, PlainOutcome),
}


@dataclass
class Family:
    path: Path
    scorer: BatchedReward
    plain: Plain
    """The model's scores of one item, by another road."""


@pytest.fixture(scope="module", params=FAMILIES)
def family(request, tmp_path_factory):
    build, scorer, plain = FAMILIES[request.param]
    path = build(tmp_path_factory.mktemp(request.param.replace(" ", "_")))
    yield Family(path, opened := scorer(str(path), device="cpu"), plain(path))
    opened.close()


def n_scores(family: Family, response: str) -> int:
    return 1 if isinstance(family.scorer, OutcomeReward) else len(split_steps(response))


def test_scores_are_those_of_a_plain_unbatched_computation(family):
    for (question, response), found in zip(ITEMS, family.scorer.score(ITEMS), strict=True):
        assert found.scores == pytest.approx(family.plain(question, response), abs=1e-4)
        assert len(found.scores) == n_scores(family, response)
        assert found.status == ("outcome" if isinstance(family.scorer, OutcomeReward) else "ok")


def test_the_scores_of_different_texts_differ(family):
    found = [score for scores in family.scorer.score(ITEMS) for score in scores.scores]
    assert max(found) - min(found) > 0.01 and len(set(found)) == len(found)


def test_order_and_batch_change_nothing(family):
    together = family.scorer.score(ITEMS)
    assert [s.scores for s in family.scorer.score(ITEMS[::-1])[::-1]] == [
        pytest.approx(s.scores, abs=1e-4) for s in together
    ]
    assert [family.scorer.score([item])[0].scores for item in ITEMS] == [
        pytest.approx(s.scores, abs=1e-4) for s in together
    ]
    assert family.scorer.score([]) == []


@pytest.mark.parametrize("family", ["qwen_prm", "skywork_prm", "outcome"], indirect=True)
def test_a_text_has_the_same_scores_to_the_last_bit_in_any_company(family, monkeypatch):
    monkeypatch.setattr(batched, "SCORE_DECIMALS", 17)
    rng = Random(0)
    texts = [(QUESTION, " a" * n + ".\n\nOne step") for n in range(60)] + ITEMS
    alone = {item: family.scorer.score([item])[0] for item in texts}
    assert any(scores.scores[-1] != round(scores.scores[-1], 8) for scores in alone.values()), (
        "nothing is rounded here"
    )
    for _ in range(12):
        company = rng.sample(texts, rng.randrange(2, len(texts)))
        assert family.scorer.score(company) == [alone[item] for item in company]


def test_equal_items_are_read_once(family, monkeypatch):
    read, original = [], family.scorer._forward
    monkeypatch.setattr(
        family.scorer, "_forward", lambda batch: (read.extend(batch), original(batch))[1]
    )
    first, other, second = family.scorer.score([ITEMS[0], ITEMS[1], ITEMS[0]])
    assert first == second != other and len(read) == 2


def test_windows_newlines_and_blank_ends_change_nothing(family):
    question, response = ITEMS[0]
    assert family.scorer.score([(question, response.replace("\n", "\r\n"))]) == family.scorer.score(
        [ITEMS[0]]
    )
    if not isinstance(family.scorer, OutcomeReward):
        assert family.scorer.score([(question, f"\n\n{response}\n\n \n")]) == family.scorer.score(
            [ITEMS[0]]
        )


@pytest.mark.parametrize("response", ["", " \n\n\t"])
def test_a_response_without_steps_has_no_score_and_reward_zero(family, response):
    (found,) = family.scorer.score([(QUESTION, response)])
    assert found.scores == () and found.reward == 0.0


def test_a_long_text_is_refused_and_its_neighbours_are_scored(family):
    long, short, question = family.scorer.score([(QUESTION, LONG), ITEMS[0], (LONG, "One step")])
    assert {(refused.scores, refused.status, refused.reward) for refused in (long, question)} == {
        ((), "too_long", None)
    }
    assert short == family.scorer.score([ITEMS[0]])[0]


def test_a_text_of_just_the_models_length_is_read_and_one_token_more_is_refused(family):
    spare = tiny_models.POSITIONS - len(family.scorer._read((QUESTION, "a")).ids)
    fits, refused = family.scorer.score(
        [(QUESTION, "a" + " a" * n) for n in (spare // 2, spare // 2 + 1)]
    )
    assert (len(fits.scores), refused.status) == (1, "too_long")
    assert len(family.scorer._read((QUESTION, "a" + " a" * (spare // 2))).ids) in (
        tiny_models.POSITIONS,
        tiny_models.POSITIONS - 1,
    )


@pytest.mark.parametrize("name", tiny_models.SPECIAL)
def test_the_name_of_a_special_token_in_a_text_is_only_letters(family, name):
    at = family.plain.tokenizer.convert_tokens_to_ids(name)
    response = f"{name} One step {name}{name}\n\nanother {name[:-1]} step {name}"
    written = family.scorer._read((f"How many {name}?", response)).ids
    assert written.count(at) == family.scorer._read(
        ("How many?", "One step\n\nanother step")
    ).ids.count(at)
    (found,) = family.scorer.score([(f"How many {name}?", response)])
    assert len(found.scores) == n_scores(family, response)


def test_a_step_tag_that_the_tokenizer_does_not_call_special_is_only_letters_too(qwen, tmp_path):
    file = qwen / "tokenizer.json"
    plain = json.loads(file.read_text())
    for token in plain["added_tokens"]:
        token["special"] = token["content"] != "<extra_0>" and token["special"]
    for copied in qwen.iterdir():
        (tmp_path / copied.name).write_bytes(copied.read_bytes())
    (tmp_path / "tokenizer.json").write_text(json.dumps(plain))
    (found,) = QwenPrm(str(tmp_path), device="cpu").score(
        [("<extra_0>?", "One<extra_0> step\n\nanother step<extra_0>")]
    )
    assert len(found.scores) == 2


def test_a_model_that_answers_with_no_rows_is_an_error(family, monkeypatch):
    monkeypatch.setattr(
        family.scorer, "_probabilities", lambda ids, mask, batch: [[] for _ in batch]
    )
    with pytest.raises(RewardModelError, match="gave 0 scores for the .* steps"):
        family.scorer.score([ITEMS[0]])


def test_a_score_that_is_no_number_is_an_error(family, monkeypatch):
    monkeypatch.setattr(
        family.scorer,
        "_probabilities",
        lambda ids, mask, batch: [[float("nan")] * len(row.ends) for row in batch],
    )
    with pytest.raises(RewardModelError, match="not a number between 0 and 1"):
        family.scorer.score([ITEMS[0]])


def test_all_families_share_one_way_of_batching():
    rows = [Row(("", str(n)), [0] * n, [0]) for n in (3, 9, 5, 1, 19)]
    scorer = TokenClassificationReward.__new__(TokenClassificationReward)
    scorer._batch_tokens, scorer._padded_to, scorer._longest = 16, 8, 19
    assert [[len(row.ids) for row in batch] for batch in scorer._batches(rows)] == [
        [19],
        [9],
        [3, 5],
        [1],
    ]
    assert scorer._padded(rows[-1]) == 19, (
        "a text of just the model's length gets no padding that the model has no position for"
    )


@pytest.mark.parametrize("family", ["qwen_prm", "skywork_prm"], indirect=True)
def test_steps_by_another_rule_are_the_papers_steps_of_a_text_cut_there(family):
    by_line = type(family.scorer)(str(family.path), device="cpu", steps="line")
    question, lines = ITEMS[3][0], [line for line in ITEMS[3][1].split("\n") if line]
    (single,), (apart,) = (
        by_line.score([(question, "\n".join(lines))]),
        family.scorer.score([(question, "\n\n".join(lines))]),
    )
    assert single.scores == apart.scores and len(single.scores) == len(lines)


@pytest.mark.parametrize("family", ["qwen_prm"], indirect=True)
def test_a_step_pattern_that_never_ends_is_a_sentence(family):
    scorer = type(family.scorer)(
        str(family.path), device="cpu", steps="pattern", step_pattern=r"(a+)+$"
    )
    with pytest.raises(RewardModelError, match="reward.step_pattern took longer than 1 s"):
        scorer.score([(QUESTION, "a" * 5000 + "b")])
