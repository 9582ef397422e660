"""Pushing and pulling, against a stand-in of the hub's protocol on this machine."""

import json
import os
import subprocess
import sys
from functools import partial

import pytest
import yaml

from engine import store
from engine.config import parse_config, plain_config
from engine.errors import ConfigError, PolicyDamaged
from engine.hub import HubError
from engine.hub.card import card_files, public
from engine.hub.pull import Wanted, outlook, pull
from engine.hub.push import push
from engine.models.weights import content_id
from engine.paths import ROOT, STARTER
from engine.store import Database
from engine.study.handle import Iteration
from tests.hub.stand_in import COMMIT, Hub
from tests.small_runs import small
from tests.stored_studies import study

WEIGHTS = os.urandom(50_000)


@pytest.fixture
def hub():
    started = Hub()
    yield started
    started.close()


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache of this test's own, no login, and large files the plain way."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setenv("HF_TOKEN", "a-token-of-a-test")
    return tmp_path / "cache"


def trained(db: Database) -> str:
    """A finished study whose policy is a folder with weights, a tokenizer and a template."""
    run_id = study(db, name="A study | <b>")
    folder = db.artifacts / "policies" / "draft"
    folder.mkdir(parents=True)
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        (folder / name).write_bytes((STARTER / "policy" / name).read_bytes())
    (folder / "model.safetensors").write_bytes((STARTER / "policy/model.safetensors").read_bytes())
    (folder / "chat_template.jinja").write_text("{{ messages }}")
    policy_id = content_id(folder)
    folder.rename(folder.with_name(policy_id))
    store.runs.add_policy(db, policy_id, str(folder.with_name(policy_id)), None)
    job_id = store.jobs.add(Iteration(db, run_id, 0), "train", {"beta": 0.3})
    with db.transaction() as cursor:
        cursor.execute("UPDATE jobs SET policy_id = ? WHERE id = ?", [policy_id, job_id])
    store.jobs.set_state(db, job_id, "done")
    return policy_id


def test_a_policy_arrives_whole_with_a_card_from_the_study(db, hub, tmp_path):
    policy_id = trained(db)
    pushed = push(db, "me/policy", endpoint=hub.url)
    there, folder = hub.repos["me/policy"], db.artifacts / "policies" / policy_id
    assert pushed.policy_id == policy_id and pushed.commit == COMMIT and hub.private["me/policy"]
    for file in folder.iterdir():
        assert there[file.name] == file.read_bytes(), file.name
    card = there["README.md"].decode()
    head = yaml.safe_load(card.split("---")[1])
    assert head["library_name"] == "transformers" and "hs-star" in head["tags"]
    for part in ("## Recipe", "## Data", "## Figures", "## Limits", "## Configuration", "95 %"):
        assert part in card, part
    assert "A study \\| \\<b\\>" in card and str(tmp_path) not in card
    got = pull(Wanted("me/policy", endpoint=hub.url))
    assert content_id(got) == policy_id, "what is pulled is what was pushed"


def test_a_policy_that_is_damaged_missing_or_refused_is_a_sentence(db, hub):
    with pytest.raises(ConfigError):
        push(db, "me/policy", endpoint=hub.url)
    policy_id = trained(db)
    hub.refuses = 403
    with pytest.raises(HubError, match="refused The repository me/policy|log in"):
        push(db, "me/policy", endpoint=hub.url)
    with pytest.raises(HubError, match="OWNER/NAME"):
        push(db, "a/b/c", endpoint=hub.url)
    (db.artifacts / "policies" / policy_id / "config.json").write_text("{}")
    with pytest.raises(PolicyDamaged):
        push(db, "me/policy", endpoint=hub.url)
    assert not hub.repos


def test_a_card_tells_no_path_and_no_address_of_this_machine(db):
    plain = plain_config(small())
    plain["problems"]["train"] = "/home/jane-doe/secret/train.jsonl"
    plain["sampling"] |= {
        "sampler": "openai_api",
        "base_urls": ["http://10.0.0.5:8000/v1"],
        "model": "m",
        "dtype": "auto",
    }
    plain["judge"] |= {"base_url": "http://judge.internal/v1", "model": "j"}
    told = str(public(parse_config(plain)))
    assert "jane-doe" not in told and "10.0.0.5" not in told and "judge.internal" not in told
    assert "train.jsonl" in told
    assert "accuracy.svg" in card_files(db, study(db))


def test_a_model_is_looked_at_pulled_with_progress_and_not_pulled_twice(hub):
    hub.repos["org/model"] = {
        "config.json": b"{}",
        "model.safetensors": WEIGHTS,
        "pytorch_model.bin": WEIGHTS,
    }
    wanted, told = Wanted("org/model", endpoint=hub.url), []
    ahead = outlook(wanted)
    assert (ahead.n_files, ahead.n_missing, ahead.n_left_out) == (2, len(WEIGHTS) + 2, 1)
    assert ahead.fits and ("GET", "/org/model/resolve/main/model.safetensors") not in hub.asked
    folder = pull(wanted, lambda done, total: told.append((done, total)))
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS
    assert not (folder / "pytorch_model.bin").exists()
    assert told[-1] == (len(WEIGHTS) + 2,) * 2 and told == sorted(told)
    assert outlook(wanted).n_missing == 0


def test_a_data_set_is_pulled_by_its_id(hub):
    hub.repos["org/data"] = {"train.jsonl": b'{"question": "1 + 1?", "answer": "2"}\n'}
    folder = pull(Wanted("org/data", "dataset", endpoint=hub.url))
    assert (folder / "train.jsonl").read_bytes().startswith(b'{"question"')
    assert any(path.startswith("/api/datasets/org/data") for _, path in hub.asked)


def test_what_does_not_fit_on_the_disk_is_refused_before_anything_is_pulled(hub, monkeypatch):
    from types import SimpleNamespace

    hub.repos["org/model"] = {"config.json": b"{}", "model.safetensors": WEIGHTS}
    monkeypatch.setattr("engine.hub.pull.disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(HubError, match="needs 50,002 bytes, and 1,000 are free"):
        pull(Wanted("org/model", endpoint=hub.url))
    assert not any(c == "GET" and "/resolve/" in path for c, path in hub.asked)


def test_what_is_not_there_is_a_sentence(hub):
    with pytest.raises(HubError, match="The model org/none is not there, or not yours to see"):
        outlook(Wanted("org/none", endpoint=hub.url))
    with pytest.raises(HubError, match="no id of a hub"):
        outlook(Wanted("a/b/c", endpoint=hub.url))
    with pytest.raises(HubError, match="could not be reached"):
        outlook(Wanted("org/none", endpoint="http://127.0.0.1:9"))


def test_the_page_looks_pulls_and_says_what_is_wrong(hub, monkeypatch):
    """The forms by themselves: what the pages put around them needs no hub."""
    from streamlit import config
    from streamlit.testing.v1 import AppTest

    config.set_option("server.address", "127.0.0.1")  # as the program's own configuration has it
    hub.repos["org/model"] = {"config.json": b"{}", "model.safetensors": WEIGHTS}
    monkeypatch.setattr("app.hub.Wanted", partial(Wanted, endpoint=hub.url))
    at = AppTest.from_string("from app.hub import pull_form; pull_form()").run()
    at.session_state["pull_open"] = True
    at.run()
    at.text_input[0].set_value("org/model")
    at.button[0].click().run()
    assert "2 files, 50.0 kB; 50.0 kB are not here yet" in at.info[0].value
    at.button[1].click().run()
    assert "a study finds it by its id" in at.success[0].value
    at.text_input[0].set_value("org/none")
    at.button[0].click().run()
    assert "is not there, or not yours to see" in at.error[0].value and not at.exception


def test_the_commands_push_and_pull(db, hub, tmp_path):
    policy_id = trained(db)
    db.close()
    env = {
        **os.environ,
        "HF_ENDPOINT": hub.url,
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_CACHE": str(tmp_path / "cache"),
    }

    def hs_star(*arguments: str) -> dict:
        done = subprocess.run(
            [sys.executable, "-m", "engine", "hub", *arguments, "--json"],
            cwd=ROOT,
            env=env,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    assert hs_star("push", "me/policy", "--db", str(db.path))["policy_id"] == policy_id
    assert content_id(type(db.path)(hs_star("pull", "me/policy")["path"])) == policy_id
