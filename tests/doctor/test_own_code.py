"""A model that brings code of its own: whoever looks at it runs nothing of that code, whatever
trust_remote_code says, and reads that only a job will.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.config import RunConfig
from engine.doctor.configuration import examine, is_runnable
from engine.doctor.finding import Finding
from engine.errors import EngineError
from engine.models.about import about_model
from engine.rewards.preview import EXAMPLE, preview
from tests.models.tiny_policies import FAMILIES, make
from tests.small_runs import small

pytest.importorskip("torch")
CODE = """from pathlib import Path
Path({marker!r}).touch()
from transformers import LlamaConfig, PreTrainedTokenizerFast
class Config(LlamaConfig):
    model_type = "of_its_own"
class Tokens(PreTrainedTokenizerFast):
    pass
"""
SAID = "brings code of its own"


def brings(folder: Path, file: str, own: dict) -> None:
    """Have a model's file name classes of its own."""
    said = json.loads((folder / file).read_text())
    (folder / file).write_text(json.dumps(said | own))


@pytest.fixture
def folder(tmp_path):
    """A model beside whose files lies code that leaves a mark when it runs."""
    folder, marker = Path(make(FAMILIES[1], tmp_path / "model")), tmp_path / "it_ran"
    (folder / "own.py").write_text(CODE.format(marker=str(marker)))
    yield folder
    assert not marker.exists(), "the model's own code ran"


@pytest.fixture
def own_tokenizer(folder):
    own = {"auto_map": {"AutoTokenizer": [None, "own.Tokens"]}}
    brings(folder, "tokenizer_config.json", own)
    return folder


@pytest.fixture
def own_configuration(folder):
    own = {"auto_map": {"AutoConfig": "own.Config"}, "model_type": "of_its_own"}
    brings(folder, "config.json", own)
    return folder


def as_policy(path: str) -> RunConfig:
    return small(policy={"path": path, "trust_remote_code": True})


def as_reference(path: str) -> RunConfig:
    reward = {"family": "implicit", "path": path, "trust_remote_code": True}
    return small(reward=reward, implicit={"reference": path})


def as_served(path: str) -> RunConfig:
    served = {"backend": "servers", "base_urls": ["http://h:8000"], "family": "outcome"}
    return small(reward={"path": path, "trust_remote_code": True, **served})


def asks(findings: list[Finding]) -> list[Finding]:
    return [f for f in findings if f.status == "ask" and SAID in f.text]


@pytest.mark.parametrize(
    ("config", "about"),
    [
        (as_policy, "policy"),
        (as_reference, "implicit.reference"),
        (as_served, "reward.backend"),
    ],
)
def test_doctor_asks_a_person_to_look_at_the_code_and_does_not_hold_the_run_up(
    own_tokenizer, config: Callable[[str], RunConfig], about
):
    findings = examine(config(str(own_tokenizer)))
    assert [f.about for f in asks(findings)] == [about]
    assert is_runnable(asks(findings))


def test_what_a_page_says_of_a_model_is_not_said_by_the_models_own_code(own_tokenizer):
    with pytest.raises(EngineError, match=SAID):
        about_model(own_tokenizer, trust_remote_code=True)
    reward = {"family": "outcome", "path": str(own_tokenizer), "trust_remote_code": True}
    with pytest.raises(EngineError, match=SAID):
        preview(small(reward=reward), str(own_tokenizer), *EXAMPLE)


@pytest.mark.parametrize("config", [as_reference, as_served])
def test_a_configuration_of_its_own_does_not_run_either(own_configuration, config):
    """What transformers can read without it is read; a policy's end tokens it cannot."""
    assert not asks(examine(config(str(own_configuration))))
    assert [f.about for f in asks(examine(as_policy(str(own_configuration))))] == ["policy"]
    assert about_model(own_configuration, trust_remote_code=True).has_template


def test_a_model_that_only_names_weights_of_its_own_is_looked_at_as_ever(tmp_path):
    folder = Path(make(FAMILIES[1], tmp_path / "model"))
    brings(folder, "config.json", {"auto_map": {"AutoModelForCausalLM": "own.Model"}})
    assert not asks(examine(as_policy(str(folder))))
    assert about_model(folder, trust_remote_code=True).has_template


def test_a_chat_template_without_end_is_refused_before_it_is_rendered(tmp_path):
    folder = Path(make(FAMILIES[1], tmp_path / "model"))
    endless = "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}"
    (folder / "chat_template.jinja").write_text(endless)
    findings = examine(small(policy={"path": str(folder), "chat": True}))
    assert [f.status for f in findings if "does not come to an end" in f.text] == ["change"]
