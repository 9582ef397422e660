"""Reward models on real pooling servers of vLLM: the scores of the family itself, and one server
killed on the way.
"""

import threading
from importlib.util import find_spec

import pytest

from benchmarks.model_servers import serve_policy

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.skipif(find_spec("vllm") is None, reason="vLLM is not installed: make test-vllm"),
]
if find_spec("torch") is None:
    pytest.skip("torch is not installed", allow_module_level=True)

from engine.rewards.pooling_servers import ServedReward
from tests.rewards.plain_scores import ITEMS, LONG, QUESTION
from tests.rewards.test_pooling_servers import FAMILIES, Family, alike

ODD = [(QUESTION, ""), (QUESTION, LONG), ("<extra_0>?", "One<extra_0>\n\nstep"), ITEMS[0]]


@pytest.mark.parametrize(
    "name",
    [n if n == "tagged_lm" else pytest.param(n, marks=pytest.mark.slow) for n in FAMILIES],
)
def test_a_server_started_as_it_is_said_gives_the_scores_of_the_family_itself(name, tmp_path):
    family = Family(name, tmp_path)
    options = family.served("http://h").wanted.options
    server = serve_policy(family.path, tmp_path / "log", options=options).wait()
    try:
        items = [*ITEMS, *ODD]
        assert alike(family.served(server.url).score(items), family.here.score(items))
    finally:
        server.kill()


def test_a_server_killed_while_it_scores_loses_no_score(tmp_path, monkeypatch):
    family = Family("qwen_prm", tmp_path)
    options = family.served("http://h").wanted.options
    servers = [
        serve_policy(family.path, tmp_path / f"log{n}", options=options).wait() for n in range(2)
    ]
    items = [(question, f"{n}. {text}") for n in range(20) for question, text in ITEMS]
    killed, scores = threading.Event(), ServedReward._scores

    def kill_at_the_first_answer(self, answer, row, url):
        if url == servers[0].url and not killed.is_set():
            killed.set()
            servers[0].kill()
        return scores(self, answer, row, url)

    monkeypatch.setattr(ServedReward, "_scores", kill_at_the_first_answer)
    try:
        found = family.served(*(server.url for server in servers)).score(items)
        assert killed.is_set() and alike(found, family.here.score(items))
    finally:
        for server in servers:
            server.kill()
