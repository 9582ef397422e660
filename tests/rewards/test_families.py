"""The families of reward models, each on a tiny model of its architecture and file layout, against
a plain unbatched computation.
"""

import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from random import Random

import pytest

from engine.errors import RewardModelError
from engine.method.steps import split_steps
from engine.models import vllm
from engine.placement import Backend, Workers, open_backend
from engine.rewards import batched
from engine.rewards.batched import BatchedReward, Row

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from safetensors.torch import load_file

from engine.rewards.outcome import OutcomeReward
from engine.rewards.qwen_prm import QwenPrm
from engine.rewards.skywork_prm import SkyworkPrm
from engine.rewards.token_classification import TokenClassificationReward
from tests.rewards import tiny_models

WITHOUT_VLLM = "vLLM is not installed: make test-vllm"
QUESTION = "How many eggs are there in the end?"
ITEMS = [
    (
        QUESTION,
        (
            "Wednesday: 5 + 2 = 7.\n\nThursday: 7 - 3 = 4.\nSo 4 are left.\n\nThe answer is"
            " \\boxed{4}."
        ),
    ),
    (QUESTION, "One step"),
    ("What is 7 × 3? 多少？", "Sieben mal drei ist 21 — à peu près 🎉.\n\n答案是 \\boxed{21}。"),
    ("Add 2 and 5.", "2 + 5 = 7\n\nanother step\n\nSo \\boxed{7}.\n\nThe answer is 7."),
]
LONG = "\n\n".join(["Thursday: 7 - 3 = 4."] * 60)


@dataclass
class Family:
    path: Path
    scorer: BatchedReward
    plain: "Plain"
    """The model's scores of one item, by another road."""


class Plain:
    """One item at a time, its texts tokenised whole, the tensors read by name: nothing of the
    scorers' code.
    """

    def __init__(self, path: Path):
        self.path = path
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(path)
        self.tensors = {
            name: tensor
            for file in path.glob("*.safetensors")
            for name, tensor in load_file(file).items()
        }

    @torch.inference_mode()
    def hidden(self, ids: list[int]):
        config = transformers.Qwen2Config.from_pretrained(self.path)
        backbone = transformers.Qwen2Model(config).eval()
        weights = {
            name.removeprefix("model."): w
            for name, w in self.tensors.items()
            if name.startswith("model.")
        }
        backbone.load_state_dict(weights)
        return backbone(input_ids=torch.tensor([ids])).last_hidden_state[0]

    def chat(self, *turns: tuple[str, str]) -> list[int]:
        text = self.tokenizer.apply_chat_template(
            [{"role": r, "content": c} for r, c in turns], tokenize=False
        )
        return self.tokenizer(text, add_special_tokens=False).input_ids


class PlainQwenPrm(Plain):
    def __call__(self, question: str, response: str) -> list[float]:
        system = "Please reason step by step, and put your final answer within \\boxed{}."
        marked = "".join(f"{step}<extra_0>" for step in split_steps(response))
        ids = self.chat(("system", system), ("user", question), ("assistant", marked))
        at = [
            index
            for index, id in enumerate(ids)
            if id == self.tokenizer.convert_tokens_to_ids("<extra_0>")
        ]
        t = self.tensors
        inner = (self.hidden(ids)[at] @ t["score.0.weight"].T + t["score.0.bias"]).clamp(min=0)
        return (inner @ t["score.2.weight"].T + t["score.2.bias"]).softmax(-1)[:, 1].tolist()


class PlainSkyworkPrm(Plain):
    """The public wrapper's layout, called as the HS-STaR reference calls it."""

    def __call__(self, question: str, response: str) -> list[float]:
        encode = self.tokenizer.encode
        ids, at = encode(self.tokenizer.bos_token + question + "\n"), []
        for step in split_steps(response):
            ids = [*ids, *encode(step), encode("\n\n")[-1]]
            at.append(len(ids) - 1)
        values = (
            self.hidden(ids)[at] @ self.tensors["v_head.summary.weight"].T
            + self.tensors["v_head.summary.bias"]
        )
        return values[:, 0].sigmoid().tolist()


class PlainOutcome(Plain):
    @torch.inference_mode()
    def __call__(self, question: str, response: str) -> list[float]:
        model = transformers.AutoModelForSequenceClassification.from_pretrained(self.path).eval()
        if self.tokenizer.chat_template:
            ids = self.chat(("user", question), ("assistant", response))
        else:
            ids = self.tokenizer(question + "\n" + response).input_ids
        logits = model(input_ids=torch.tensor([ids])).logits[0]
        return [(logits[0].sigmoid() if len(logits) == 1 else logits.softmax(-1)[1]).item()]


FAMILIES = {
    "qwen_prm": (tiny_models.qwen_prm, QwenPrm, PlainQwenPrm),
    "skywork_prm": (tiny_models.skywork_prm, SkyworkPrm, PlainSkyworkPrm),
    "outcome": (tiny_models.sequence_classifier, OutcomeReward, PlainOutcome),
    "outcome of an encoder": (tiny_models.bert_classifier, OutcomeReward, PlainOutcome),
}


@pytest.fixture(scope="module", params=FAMILIES)
def family(request, tmp_path_factory):
    build, scorer, plain = FAMILIES[request.param]
    path = build(tmp_path_factory.mktemp(request.param.replace(" ", "_")))
    yield Family(path, opened := scorer(str(path), device="cpu"), plain(path))
    opened.close()


@pytest.fixture(scope="module")
def qwen(tmp_path_factory) -> Path:
    return tiny_models.qwen_prm(tmp_path_factory.mktemp("qwen"))


@pytest.fixture(scope="module")
def skywork(tmp_path_factory) -> Path:
    return tiny_models.skywork_prm(tmp_path_factory.mktemp("skywork"))


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
    with pytest.raises(RewardModelError, match="no number between 0 and 1"):
        family.scorer.score([ITEMS[0]])


def test_closing_twice_is_safe(qwen):
    scorer = QwenPrm(str(qwen), device="cpu")
    scorer.close(), scorer.close()
    assert scorer._model is None


def test_code_that_comes_with_a_model_is_not_run(qwen, tmp_path):
    for copied in qwen.iterdir():
        (tmp_path / copied.name).write_bytes(copied.read_bytes())
    for name in ("configuration_qwen2_rm.py", "modeling_qwen2_rm.py"):
        (tmp_path / name).write_text("raise SystemExit('code of the model was run')")
    assert QwenPrm(str(tmp_path), device="cpu").score(ITEMS) == QwenPrm(
        str(qwen), device="cpu"
    ).score(ITEMS)


@pytest.mark.parametrize(
    ("scorer", "other", "said"),
    [
        (QwenPrm, "skywork", "holds no weights for score.0"),
        (SkyworkPrm, "qwen", "holds no weights for v_head.summary"),
        (OutcomeReward, "skywork", "is no sequence classifier"),
        (QwenPrm, "nowhere", "could be loaded from"),
        (SkyworkPrm, "nowhere", "could be loaded from"),
        (OutcomeReward, "nowhere", "could be loaded from"),
    ],
)
def test_a_folder_of_another_family_is_a_sentence(scorer, other, said, request, tmp_path):
    path = tmp_path / "nowhere" if other == "nowhere" else request.getfixturevalue(other)
    with pytest.raises(RewardModelError, match=said):
        scorer(str(path), device="cpu")


def test_a_model_of_another_architecture_is_refused_because_its_own_code_is_not_run(tmp_path):
    with pytest.raises(RewardModelError, match="does not know <extra_0> as one token"):
        QwenPrm(str(Path(__file__).parents[2] / "data/starter/prm"), device="cpu")
    with pytest.raises(RewardModelError, match="model_type is bert.*a model's own code is not run"):
        SkyworkPrm(str(tiny_models.bert_classifier(tmp_path)), device="cpu")


def test_a_chat_template_is_needed_for_qwen_and_optional_for_outcomes(tmp_path):
    path = tiny_models.sequence_classifier(tmp_path, n_labels=2, chat=False)
    found, plain = OutcomeReward(str(path), device="cpu"), PlainOutcome(path)
    assert [s.scores for s in found.score(ITEMS)] == [
        pytest.approx(plain(*item), abs=1e-4) for item in ITEMS
    ]
    with pytest.raises(RewardModelError, match="has no chat template"):
        QwenPrm(str(path), device="cpu")


def test_a_classifier_that_names_no_padding_is_read_text_by_text(tmp_path):
    path = tiny_models.sequence_classifier(tmp_path, pad=False)
    found, plain = OutcomeReward(str(path), device="cpu").score(ITEMS), PlainOutcome(path)
    assert [s.scores for s in found] == [pytest.approx(plain(*item), abs=1e-4) for item in ITEMS]


def test_three_labels_are_no_outcome(tmp_path):
    with pytest.raises(RewardModelError, match="has 3 labels per text"):
        OutcomeReward(str(tiny_models.sequence_classifier(tmp_path, n_labels=3)), device="cpu")


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


def test_a_family_opens_by_its_name_and_transformers_is_what_a_machine_without_a_gpu_takes(
    qwen, skywork, monkeypatch
):
    monkeypatch.setattr("engine.rewards.qwen_prm.which", lambda name: None)
    options = {"trust_remote_code": False}
    assert isinstance(
        open_backend(Backend("qwen_prm", str(qwen), {**options, "backend": "auto"})), QwenPrm
    )
    assert isinstance(open_backend(Backend("skywork_prm", str(skywork), options)), SkyworkPrm)


def test_asking_for_vllm_where_it_is_not_installed_is_a_sentence(qwen, monkeypatch):
    monkeypatch.setattr("engine.rewards.qwen_prm.find_spec", lambda name: None)
    with pytest.raises(
        RewardModelError, match='reward.backend is "vllm", and vLLM is not installed'
    ):
        open_backend(Backend("qwen_prm", str(qwen), {"backend": "vllm"}))


def test_a_second_engine_in_one_process_is_refused(qwen, monkeypatch):
    if find_spec("vllm") is None:
        pytest.skip(WITHOUT_VLLM)
    monkeypatch.setattr(vllm, "_taken", True)
    with pytest.raises(RewardModelError, match="two engines in one process die together"):
        open_backend(Backend("qwen_prm", str(qwen), {"backend": "vllm"}))


@pytest.mark.vllm
@pytest.mark.skipif(find_spec("vllm") is None, reason=WITHOUT_VLLM)
def test_vllm_pools_the_scores_that_transformers_reads(qwen, tmp_path):
    spare = tiny_models.POSITIONS - len(QwenPrm(str(qwen), device="cpu")._read((QUESTION, "a")).ids)
    odd = [
        (QUESTION, ""),
        (QUESTION, LONG),
        ("<extra_0>?", "One<extra_0>\n\nstep"),
        (QUESTION, "a" + " a" * (spare // 2)),
    ]
    texts = [*ITEMS, *odd, ITEMS[0]]
    workers = Workers(tmp_path)
    try:
        found = workers.get(
            Backend("qwen_prm", str(qwen), {"trust_remote_code": False, "backend": "vllm"})
        ).score(texts)
    finally:
        workers.release()
    expected = QwenPrm(str(qwen), device="cpu").score(texts)
    assert [s.status for s in found] == [s.status for s in expected]
    assert [s.scores for s in found] == [pytest.approx(s.scores, abs=1e-4) for s in expected]
