"""A reward model without the head that its family needs is refused before anything is sampled, by
the names of its tensors alone.
"""

import json

import pytest

from engine import store
from engine.config import RewardConfig
from engine.doctor.configuration import examine_config
from engine.errors import ConfigError
from engine.paths import STARTER
from engine.rewards.heads import require_head
from engine.study.runs import create_run
from tests.small_runs import small, toml

pytest.importorskip("torch")

from tests.rewards import tiny_models

BUILD = {
    "qwen_prm": tiny_models.qwen_prm,
    "skywork_prm": tiny_models.skywork_prm,
    "outcome": tiny_models.sequence_classifier,
    "outcome of an encoder": tiny_models.bert_classifier,
}
FAMILIES = ("token_classification", "qwen_prm", "skywork_prm", "outcome")


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Folders by family; the starter's process reward model is a token classifier."""
    made = {name: build(tmp_path_factory.mktemp("model")) for name, build in BUILD.items()}
    return {**made, "token_classification": STARTER / "prm"}


def reward(family: str, path) -> RewardConfig:
    return RewardConfig(path=str(path), family=family)


@pytest.mark.parametrize("name", [*BUILD, "token_classification"])
def test_a_model_of_the_family_has_its_head(name, models):
    assert require_head(reward(name.partition(" ")[0], models[name]), models[name]) is None


@pytest.mark.parametrize(
    ("family", "other"),
    [
        ("qwen_prm", "skywork_prm"),
        ("qwen_prm", "outcome"),
        ("skywork_prm", "qwen_prm"),
        ("token_classification", "qwen_prm"),
        ("outcome", "skywork_prm"),
    ],
)
def test_a_model_of_another_family_is_refused(family, other, models):
    with pytest.raises(ConfigError, match=f'reward.family = "{family}" has its head'):
        require_head(reward(family, models[other]), models[other])


@pytest.mark.parametrize("family", FAMILIES)
def test_a_language_model_is_no_reward_model_of_any_family(family):
    with pytest.raises(ConfigError, match="^reward.path is .*: its files hold no weights named"):
        require_head(reward(family, STARTER / "policy"), STARTER / "policy")


def test_a_run_with_it_is_not_created_and_doctor_says_why(db, tmp_path):
    told = {"path": str(STARTER / "policy")}
    with pytest.raises(ConfigError, match="hold no weights named"):
        create_run(db, small(reward=told))
    assert store.runs.listed(db) == []
    (tmp_path / "run.toml").write_text(toml(reward=told))
    (found,) = [f for f in examine_config(tmp_path / "run.toml") if f.about == "reward.path"]
    assert found.status == "change" and "hold no weights named score.weight*" in found.text


def test_what_headers_do_not_tell_is_not_judged(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    assert require_head(reward("outcome", tmp_path), tmp_path) is None
    (tmp_path / "model.safetensors").write_bytes(b"damaged")
    assert require_head(reward("outcome", tmp_path), tmp_path) is None


def test_a_classifier_with_code_of_its_own_may_name_its_head_as_it_likes(models, tmp_path):
    folder = models["skywork_prm"]
    for file in folder.glob("*.safetensors"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    own = {"auto_map": {"AutoModelForSequenceClassification": "own.Own"}}
    (tmp_path / "config.json").write_text(json.dumps(own))
    require_head(RewardConfig(str(tmp_path), "outcome", trust_remote_code=True), tmp_path)
    with pytest.raises(ConfigError):
        assert require_head(reward("outcome", tmp_path), tmp_path) is None


@pytest.mark.parametrize("trust", [False, True])
@pytest.mark.parametrize("family", ["qwen_prm", "token_classification"])
def test_actprm_is_refused_by_name_with_its_reason(family, trust, tmp_path):
    folder = tiny_models.tagged_lm(tmp_path / "ActPRM-7B", "versa_prm")
    described = json.loads((folder / "config.json").read_text())
    described["auto_map"] = {"AutoModelForTokenClassification": "its.own"}
    (folder / "config.json").write_text(json.dumps(described))
    model = RewardConfig(str(folder), family, trust_remote_code=trust)
    with pytest.raises(ConfigError, match="ActPRM is laid out like qwen_prm .* ensemble head"):
        require_head(model, folder)
