"""Reward models on pooling servers: the scores of the family itself, whatever servers do."""

from itertools import count
from pathlib import Path

import pytest

from engine.config.backends import BACKENDS, reward_opening
from engine.errors import ConfigError, RewardModelError
from engine.models.weights import content_id
from engine.placement import Backend, open_backend
from tests.rewards.pooling import pooling
from tests.samplers.scripted_servers import scripted
from tests.small_runs import small

pytest.importorskip("torch")

from engine.rewards.outcome import OutcomeReward
from engine.rewards.pooling_servers import ServedReward
from engine.rewards.qwen_prm import QwenPrm
from engine.rewards.tagged_lm import TaggedLm
from engine.rewards.token_classification import TokenClassificationReward
from engine.types import StepScores
from tests.rewards import tiny_models
from tests.rewards.plain_scores import ITEMS, LONG, QUESTION

pytestmark = pytest.mark.usefixtures("short_pauses")

FAMILIES = {
    "token_classification": (None, TokenClassificationReward, {}),
    "qwen_prm": (tiny_models.qwen_prm, QwenPrm, {}),
    "tagged_lm": (
        lambda folder: tiny_models.tagged_lm(folder, "rlhflow"),
        TaggedLm,
        {"preset": "rlhflow"},
    ),
    "outcome": (tiny_models.sequence_classifier, OutcomeReward, {}),
}


@pytest.fixture
def short_pauses(monkeypatch):
    monkeypatch.setattr("engine.servers.pool.FIRST_PAUSE_S", 0.001)


class Family:
    """A family on a tiny model, here and as servers hold it."""

    def __init__(self, name: str, folder: Path):
        build, opens, self.options = FAMILIES[name]
        self.name = name
        self.path = str(build(folder) if build else Path("data/starter/prm").resolve())
        self.here = opens(self.path, device="cpu", **self.options)
        self.id = content_id(Path(self.path))

    def served(self, *urls: str) -> ServedReward:
        return ServedReward(
            self.path, family=self.name, options=self.options, base_urls=urls, model_id=self.id
        )

    @property
    def answer(self):
        name = self.served("http://h").wanted.content_id
        return pooling(self.here, name, whole=self.name == "outcome")


@pytest.fixture(scope="module", params=FAMILIES)
def family(request, tmp_path_factory):
    return Family(request.param, tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def qwen_served(tmp_path_factory):
    return Family("qwen_prm", tmp_path_factory.mktemp("model"))


def alike(these: list[StepScores], those: list[StepScores]) -> bool:
    assert [one.status for one in these] == [one.status for one in those]
    return all(a.scores == pytest.approx(b.scores, abs=2e-5) for a, b in zip(these, those))


def test_every_family_that_is_said_to_be_served_is_tried_here():
    assert {e.name for e in BACKENDS.values() if e.is_served} == FAMILIES.keys()


def test_servers_give_the_scores_of_the_family_itself(family):
    items = [*ITEMS, (QUESTION, ""), (QUESTION, LONG), ITEMS[0]]
    with scripted(family.answer) as one, scripted(family.answer) as other:
        assert alike(family.served(one, other).score(items), family.here.score(items))


def test_a_server_that_was_told_the_step_tag_answers_per_step(qwen_served):
    answer, tag = qwen_served.answer, qwen_served.served("http://h").layout.serve
    tag_id = int(tag.rpartition(": ")[2].rstrip("}'"))

    def per_step(path, body, headers):
        status, told = answer(path, body, headers)
        if path == "/pooling":
            rows = zip(body["input"], told["data"][0]["data"])
            told["data"][0]["data"] = [pair for id, pair in rows if id == tag_id]
        return status, told

    with scripted(per_step) as url:
        assert alike(qwen_served.served(url).score(ITEMS), qwen_served.here.score(ITEMS))


def test_a_server_that_dies_loses_no_score(qwen_served):
    answer, n_asked = qwen_served.answer, count()

    def dying(path, body, headers):
        return answer(path, body, headers) if next(n_asked) < 4 else None

    items = [(QUESTION, f"{n} + 2\n\nso {n}") for n in range(12)]
    with scripted(dying) as bad, scripted(answer) as good:
        assert alike(qwen_served.served(bad, good).score(items), qwen_served.here.score(items))
    assert next(n_asked) > 4


def test_another_model_is_asked_for_nothing(qwen_served):
    def another(path, body, headers):
        assert path == "/v1/models"
        return 200, {"data": [{"id": "m", "root": "/other/model", "owned_by": "vllm"}]}

    with (
        scripted(another) as url,
        pytest.raises(RewardModelError, match=f"{url} serves /other/model, .* reward model") as e,
    ):
        qwen_served.served(url).score(ITEMS)
    assert f"vllm serve {qwen_served.path} --runner pooling --pooler-config" in str(e.value)


def test_a_model_of_two_tokens_is_asked_only_where_its_name_says_which(tmp_path):
    family = Family("tagged_lm", tmp_path)
    with (
        scripted(pooling(family.here, "prm")) as url,
        pytest.raises(RewardModelError, match="only the name says which tokens") as raised,
    ):
        family.served(url).score(ITEMS)
    tokens = family.here.reader.tokens
    name = f"{family.id}-{tokens.positive}-against-{tokens.negative}"
    assert f"--served-model-name {name}, and resume" in str(raised.value)


@pytest.mark.parametrize(
    ("told", "what"),
    [
        ({"data": [{"data": [[0.5, 0.5]] * 9}]}, "gave 9 rows of numbers for a text of"),
        ({"data": []}, "not one of a pooling server"),
        ({"greeting": "Welcome"}, "not one of a pooling server"),
        ({"data": [{"data": "Welcome"}]}, "gave 7 rows|not one of a pooling server"),
    ],
)
def test_an_answer_of_another_kind_is_a_sentence_and_no_score(qwen_served, told, what):
    listed = qwen_served.answer

    def answer(path, body, headers):
        return listed(path, body, headers) if path.endswith("/models") else (200, told)

    with scripted(answer) as url, pytest.raises(RewardModelError, match=what):
        qwen_served.served(url).score(ITEMS[:1])


def test_a_server_with_fewer_positions_than_the_model_is_an_error_not_a_status(qwen_served):
    listed = qwen_served.answer

    def short(path, body, headers):
        if path.endswith("/models"):
            return listed(path, body, headers)
        return 400, {"error": {"message": "longer than the maximum model length of 16"}}

    with scripted(short) as url, pytest.raises(RewardModelError, match="larger --max-model-len"):
        qwen_served.served(url).score(ITEMS[:1])


def test_a_configuration_opens_the_family_on_its_servers(qwen_served):
    with scripted(qwen_served.answer) as url:
        reward = {"path": qwen_served.path, "family": "qwen_prm"}
        config = small(reward={**reward, "backend": "servers", "base_urls": [url]})
        name, options = reward_opening(config, qwen_served.id)
        opened = open_backend(Backend(name, qwen_served.path, options))
        assert alike(opened.score(ITEMS), qwen_served.here.score(ITEMS))
    assert not config.loads_reward


@pytest.mark.parametrize(
    ("table", "what"),
    [
        ({"backend": "servers"}, r"reward\.base_urls is \[\]: it must be given with"),
        ({"base_urls": ["http://h"]}, r"reward\.base_urls is .*: it must be given with"),
        ({"backend": "ray"}, r"reward\.n_engines is left out: it must be given with"),
        ({"n_engines": 2}, r"reward\.n_engines is 2: it must be given with"),
        ({"ray_address": "h:1"}, r"reward\.ray_address is h:1: it must be left out"),
        (
            {"backend": "servers", "family": "skywork_prm", "base_urls": ["http://h"]},
            r"reward\.backend is servers: it must be another one unless reward\.family is one of",
        ),
        ({"backend": "servers", "base_urls": ["http://me:pw@h"]}, "a name, a password or a query"),
        ({"backend": "ray", "family": "generative"}, r"reward\.backend is ray: .* loads no model"),
    ],
)
def test_where_it_is_read_is_said_completely_and_once(table, what):
    with pytest.raises(ConfigError, match=what):
        small(reward=table)
