"""A tokenizer with ids that the model has no embedding for is refused where a policy is loaded, and
by doctor.
"""

from dataclasses import replace

import pytest

from engine.doctor.configuration import examine_config, is_runnable
from engine.errors import SamplerError
from engine.models.tokens import load_tokenizer
from engine.samplers.hf_local import HfSampler
from tests.models.tiny_policies import FAMILIES, make
from tests.small_runs import toml
from tests.training.small_trainings import task, trained

pytest.importorskip("torch")

SENTENCE = r"has 2 tokens that the model has no embedding for: '<extra>' \(\d+\), '<other>'"


@pytest.fixture(scope="module")
def extended(tmp_path_factory) -> str:
    """A policy whose tokenizer was given two tokens, and whose model was not."""
    from transformers import AutoTokenizer

    path = make(FAMILIES[0], tmp_path_factory.mktemp("extended"))
    tokenizer = AutoTokenizer.from_pretrained(path)
    assert tokenizer.add_tokens(["<extra>", "<other>"]) == 2
    tokenizer.save_pretrained(path)
    return path


def test_a_tokenizer_of_the_models_own_size_is_read(tmp_path):
    tokenizer, _ = load_tokenizer(make(FAMILIES[0], tmp_path), trust_remote_code=False)
    assert tokenizer.encode("3 + 4")


def test_what_reads_prompts_refuses_it(extended):
    with pytest.raises(SamplerError, match=SENTENCE) as raised:
        load_tokenizer(extended, trust_remote_code=False)
    assert extended in str(raised.value) and "resize_token_embeddings" in str(raised.value)


def test_a_sampler_refuses_it(extended):
    with pytest.raises(SamplerError, match=SENTENCE):
        HfSampler(extended)


@pytest.mark.parametrize("method", ["dpo", "sft"])
def test_a_trainer_refuses_it(method, extended, tmp_path):
    with pytest.raises(SamplerError, match=SENTENCE):
        trained(replace(task(tmp_path, method), policy_path=extended))


def test_doctor_refuses_it(extended, tmp_path):
    policy = {"path": extended, "chat": True}
    (tmp_path / "run.toml").write_text(toml(policy=policy))
    found = examine_config(tmp_path / "run.toml")
    assert not is_runnable(found)
    assert any(f.status == "change" and "no embedding for: '<extra>'" in f.text for f in found)
