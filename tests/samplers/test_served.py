"""Whether a server serves the policy that is wanted, from what its list of models says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config.addresses import checked_url
from engine.errors import ConfigError, SamplerError
from engine.samplers.completions import ASKING
from engine.servers.served import Wanted, find_served
from engine.servers.words import SAID_LIMIT, inert

ID = "0123456789abcdef"
FIRST = Wanted("/hub/models--Qwen--Q/snapshots/1", ID, known_as="Qwen/Q", model="prod")
TRAINED = Wanted(f"/runs/policies/{ID}", ID, model="prod")


def listing(**model) -> dict:
    return {"data": [{"id": "other", "root": "/other"}, model]}


ACCEPTED = [
    (FIRST, {"id": "Qwen/Q", "root": "Qwen/Q"}),
    (FIRST, {"id": "any", "root": "Qwen/Q"}),
    (FIRST, {"id": "any", "root": "/hub/models--Qwen--Q/snapshots/1/"}),
    (FIRST, {"id": "prod"}),
    (FIRST, {"id": "prod", "root": "prod"}),
    (TRAINED, {"id": f"/runs/policies/{ID}", "root": f"/runs/policies/{ID}"}),
    (TRAINED, {"id": "prod", "root": f"/on/another/machine/{ID}"}),
    (TRAINED, {"id": ID, "root": "/a/copy"}),
]
REFUSED = [
    (FIRST, {"id": "Qwen/Q2"}),
    (FIRST, {"id": "prod", "root": "/somewhere/else"}),
    (FIRST, {"id": "Qwen/Q", "root": "/runs/policies/fedcba9876543210"}),
    (TRAINED, {"id": "prod"}),
    (TRAINED, {"id": "prod", "root": "prod"}),
    (TRAINED, {"id": "Qwen/Q", "root": "Qwen/Q"}),
    (TRAINED, {"id": "prod", "root": "/runs/policies/fedcba9876543210"}),
]


@pytest.mark.parametrize(("wanted", "model"), ACCEPTED)
def test_a_model_that_is_the_policy_is_found_under_the_name_it_is_served_by(wanted, model):
    served = find_served(
        listing(**model, owned_by="vllm", max_model_len=512), wanted, "http://s/v1", ASKING
    )
    assert (served.name, served.n_positions) == (model["id"], 512)


@pytest.mark.parametrize(("wanted", "model"), REFUSED)
def test_other_weights_are_refused_with_the_folder_to_serve(wanted, model):
    with pytest.raises(SamplerError) as raised:
        find_served(listing(**model), wanted, "http://s/v1", ASKING)
    told = str(raised.value)
    assert told.startswith(
        f"http://s/v1 serves /other, {model.get('root', model['id'])}, and what is to be asked is"
        f" the policy {ID}."
    )
    assert f"vllm serve {wanted.folder}," in told and f"--served-model-name {ID}." in told


def test_a_link_to_the_folder_is_the_folder(tmp_path):
    (tmp_path / "policy").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "policy")
    wanted = Wanted(str(tmp_path / "policy"), ID)
    assert (
        find_served(listing(id="x", root=str(tmp_path / "link")), wanted, "u", ASKING).name == "x"
    )


@pytest.mark.parametrize("nonsense", [None, [], {}, {"data": None}, {"data": [3, {"id": 4}]}])
def test_an_answer_that_lists_nothing_serves_no_model(nonsense):
    with pytest.raises(SamplerError, match="serves no model"):
        find_served(nonsense, FIRST, "u", ASKING)


@given(st.text(max_size=1000))
def test_a_servers_words_are_one_short_printable_line(text):
    line = inert(text)
    assert line.isprintable() and len(line) <= SAID_LIMIT + 1


def test_keys_in_a_servers_words_are_blotted_out():
    assert (
        inert("Incorrect API key sk-abc123 given, Bearer xyz")
        == "Incorrect API key sk-… given, Bearer …"
    )


def test_an_address_is_used_as_openais_client_takes_it():
    assert (
        checked_url("http://h:8000")
        == checked_url("http://h:8000/")
        == checked_url("http://h:8000/v1/")
        == "http://h:8000/v1"
    )
    assert checked_url("https://h/openai/v2") == "https://h/openai/v2"


@pytest.mark.parametrize(
    "url", ["", "h:8000", "ftp://h", "http://", "http://h:x", "http://h:99999"]
)
def test_what_is_no_address_is_named(url):
    with pytest.raises(ConfigError, match="sampling.base_urls holds"):
        checked_url(url)


@pytest.mark.parametrize(
    "url",
    ["http://me:secret@h/v1", "http://secret@h", "http://h/v1?key=secret", "http://h/v1#secret"],
)
def test_a_key_in_an_address_is_refused_and_not_repeated(url):
    with pytest.raises(ConfigError, match="HS_STAR_API_KEY") as raised:
        checked_url(url)
    assert "secret" not in str(raised.value)
