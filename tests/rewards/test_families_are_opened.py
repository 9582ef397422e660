"""Which folders the families of reward models open and which they refuse, by which library, and
that a model's own code is never run.
"""

from importlib.util import find_spec
from pathlib import Path

import pytest

from engine.errors import RewardModelError
from engine.models import devices, vllm
from engine.placement import Backend, Workers, open_backend

pytest.importorskip("torch")
pytest.importorskip("transformers")

from engine.rewards.outcome import OutcomeReward
from engine.rewards.qwen_prm import QwenPrm
from engine.rewards.skywork_prm import SkyworkPrm
from tests.rewards import tiny_models
from tests.rewards.plain_scores import ITEMS, LONG, QUESTION, PlainOutcome

WITHOUT_VLLM = "vLLM is not installed: make test-vllm"


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
        (OutcomeReward, "skywork", "is not a sequence classifier"),
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


def test_a_family_opens_by_its_name_and_transformers_is_what_a_machine_without_a_gpu_takes(
    qwen, skywork, monkeypatch
):
    monkeypatch.setattr(devices, "has_gpu", lambda: False)
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
