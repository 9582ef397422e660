"""A dashboard that others can reach, and an identity provider (OpenID Connect) that says who they
are: Streamlit's own login, from the first page to the last, in a real browser.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
if find_spec("oidc_provider_mock") is None:
    pytest.skip("oidc-provider-mock is not installed", allow_module_level=True)

from benchmarks.serving import answers, free_port, start
from engine.login import login_path
from engine.paths import ROOT
from engine.store import Database
from engine.study.runs import create_run
from tests.small_runs import small

pytestmark = pytest.mark.browser
MAY_COME_IN = """[oidc]
full = ["ada@example.org"]
read_only = ["*@example.org"]
"""
SECRETS = """[auth]
redirect_uri = "http://127.0.0.1:{port}/oauth2callback"
cookie_secret = "a secret of thirty-two characters"
client_id = "studio"
client_secret = "known to both"
server_metadata_url = "http://localhost:{provider}/.well-known/openid-configuration"
"""
PEOPLE = {
    "ada": {"email": "ada@example.org", "email_verified": True},
    "bob": {"email": "bob@example.org", "email_verified": True},
    "mallory": {"email": "ada@example.org", "email_verified": False},
    "carl": {"email": "carl@elsewhere.net", "email_verified": True},
    "nobody": {},
}


@dataclass(frozen=True)
class Exposed:
    """A dashboard without a password behind an identity provider."""

    url: str
    database: Path


@contextmanager
def provider() -> Iterator[int]:
    """The identity provider's port. In a process of its own: Flask, once it is imported, answers
    for attributes that PyTorch asks every module for.
    """
    port = free_port()
    people = [json.dumps({"sub": sub, **claims}) for sub, claims in PEOPLE.items()]
    told = [word for person in people for word in ("--user-claims", person)]
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), *told]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        discovery = f"http://localhost:{port}/.well-known/openid-configuration"
        assert answers(process, discovery, limit_s=60)
        yield port
        process.terminate()


@pytest.fixture(scope="module")
def exposed(tmp_path_factory) -> Iterator[Exposed]:
    folder, port = tmp_path_factory.mktemp("exposed"), free_port()
    path = folder / "studio.duckdb"
    db = Database(path)
    create_run(db, small())
    db.close()
    login_path(path).write_text(MAY_COME_IN)
    with provider() as provider_port:
        secrets = folder / ".streamlit" / "secrets.toml"
        secrets.parent.mkdir()
        secrets.write_text(SECRETS.format(port=port, provider=provider_port))
        main, log = ROOT / "app" / "main.py", folder / "log.txt"
        everywhere = ("--server.address", "0.0.0.0")
        with start(main, port, "--db", str(path), settings=everywhere, log=log, cwd=folder) as ours:
            yield Exposed(f"http://127.0.0.1:{port}", path)
            ours.terminate()


@pytest.fixture
def tab(chromium):
    context = chromium.new_context()
    context.route("https://cdn.jsdelivr.net/**", lambda route: route.abort())  # the provider's look
    yield context.new_page()
    context.close()


def come_as(tab, exposed: Exposed, who: str) -> None:
    tab.goto(exposed.url)
    tab.get_by_role("link", name="Log in with your organisation").click()
    tab.get_by_role("button", name=who, exact=True).click()


def test_a_verified_address_that_is_listed_may_do_everything_until_it_logs_out(exposed, tab):
    come_as(tab, exposed, "ada")
    start_it = tab.get_by_role("button", name="Try it on the starter models")
    sync_api.expect(start_it).to_be_enabled()
    tab.goto(f"{exposed.url}/logout")
    tab.get_by_role("button", name="End session").click()
    tab.goto(exposed.url)
    tab.get_by_role("link", name="Log in with your organisation").wait_for()


def test_an_address_that_may_look_presses_nothing_and_one_that_is_taken_out_is_out(exposed, tab):
    come_as(tab, exposed, "bob")
    tab.get_by_role("heading", name="Studies", level=1).wait_for()
    sync_api.expect(tab.get_by_role("button", name="Try it on the starter models")).to_be_disabled()
    login_path(exposed.database).write_text(MAY_COME_IN.replace("*@", "eve@"))
    try:
        tab.goto(exposed.url)
        tab.get_by_text("bob@example.org is not among the addresses that may come in").wait_for()
    finally:
        login_path(exposed.database).write_text(MAY_COME_IN)


@pytest.mark.parametrize(
    ("who", "said"),
    [
        ("mallory", "Your organisation has not verified the address ada@example.org"),
        ("carl", "carl@elsewhere.net is not among the addresses that may come in"),
        ("nobody", "Your organisation has not verified the address (none)"),
    ],
)
def test_who_is_known_to_the_provider_and_not_to_us_stays_outside_and_reads_why(
    exposed, tab, who, said
):
    come_as(tab, exposed, who)
    tab.get_by_text(said).wait_for()
    assert tab.get_by_role("heading", name="Studies").count() == 0


def test_who_denies_at_the_provider_is_asked_again(exposed, tab):
    tab.goto(exposed.url)
    tab.get_by_role("link", name="Log in with your organisation").click()
    tab.get_by_role("button", name="Deny").click()
    tab.get_by_role("link", name="Log in with your organisation").wait_for()
