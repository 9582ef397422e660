"""A dashboard that others can reach: a real browser logs in, and a bare client that forges what it
says about itself stays outside.
"""

import base64
import http.client
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from benchmarks.serving import free_port, serve
from engine.login import Role, set_password
from engine.paths import ROOT
from engine.store import Database
from engine.study.runs import create_run
from tests.browser.studio import settled
from tests.small_runs import small

pytestmark = pytest.mark.browser
FULL, LOOK = "correct horse battery", "only to look at it"
EVERYWHERE = ("--server.address", "0.0.0.0")


@pytest.fixture(scope="module")
def exposed(tmp_path_factory) -> Iterator[str]:
    """The address of a dashboard that is bound to every interface, over one run."""
    folder = tmp_path_factory.mktemp("exposed")
    path = folder / "studio.duckdb"
    db = Database(path)
    create_run(db, small())
    db.close()
    set_password(path, Role.FULL, FULL)
    set_password(path, Role.READ_ONLY, LOOK)
    arguments = ("--db", str(path))
    main = ROOT / "app" / "main.py"
    with serve(main, *arguments, settings=EVERYWHERE, log=folder / "log.txt", cwd=folder) as url:
        yield url


def log_in(tab, password: str) -> None:
    tab.get_by_label("Password").fill(password)
    tab.get_by_role("button", name="Log in").click()


def test_a_browser_comes_to_the_page_it_wanted_and_a_wrong_password_to_none(exposed, chromium):
    tab = chromium.new_page()
    tab.goto(f"{exposed}/settings?iteration=0")
    log_in(tab, "not the password")
    tab.get_by_text("That is not the password.").wait_for()
    log_in(tab, FULL)
    tab.get_by_role("heading", name="Settings", level=1).wait_for()
    assert "iteration=0" in tab.url
    settled(tab)
    sync_api.expect(tab.get_by_role("button", name="Write backup")).to_be_enabled()
    tab.get_by_label("Backup of the database").fill("/tmp/outside.duckdb")
    tab.get_by_label("Backup of the database").press("Enter")
    settled(tab)
    tab.get_by_role("button", name="Write backup").click()
    tab.get_by_text("outside of the folders").wait_for()
    tab.reload()
    tab.get_by_role("heading", name="Settings", level=1).wait_for()
    tab.goto(f"{exposed}/logout")
    tab.get_by_label("Password").wait_for()
    tab.close()


def test_who_may_only_look_can_press_no_button_that_does_something(exposed, chromium):
    tab = chromium.new_context().new_page()
    tab.goto(exposed)
    log_in(tab, LOOK)
    tab.get_by_role("heading", name="Studies", level=1).wait_for()
    sync_api.expect(tab.get_by_role("button", name="Try it on the starter models")).to_be_disabled()
    tab.close()


def knock(url: str, path: str, **headers: str) -> int:
    """The status that a bare client gets."""
    host, _, port = url.removeprefix("http://").partition(":")
    client = http.client.HTTPConnection(host, int(port), timeout=30)
    client.request("GET", path, headers={n.replace("_", "-"): v for n, v in headers.items()})
    status = client.getresponse().status
    client.close()
    return status


def upgrade(url: str, **headers: str) -> int:
    """The status of a WebSocket's handshake; 101 where it is open."""
    key = base64.b64encode(os.urandom(16)).decode()
    wanted = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    return knock(url, "/_stcore/stream", **wanted, **{"Sec-WebSocket-Key": key}, **headers)


@pytest.mark.parametrize(
    "forged",
    [
        {},
        {"Host": "localhost"},
        {"Host": "127.0.0.1:8501"},
        {"X_Forwarded_For": "127.0.0.1"},
        {"X_Forwarded_Host": "localhost", "Forwarded": "for=127.0.0.1"},
        {"Cookie": "hs_star_session_0=forged; _streamlit_user=forged"},
        {"Host": "evil.example.org"},
        {"Origin": "http://evil.example.org"},
    ],
)
def test_a_bare_client_is_let_in_by_nothing_that_it_says(exposed, forged):
    assert upgrade(exposed, **forged) == 403
    for path in ("/", "/media/a.csv", "/_stcore/upload_file/a/b", "/_stcore/metrics"):
        if "Origin" not in forged or path == "/":
            assert knock(exposed, path, **forged) in (401, 403, 421)


def test_the_bare_command_does_not_start_without_a_login(tmp_path):
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app" / "main.py")]
    options = [*EVERYWHERE, "--server.port", str(free_port()), "--", "--db", str(tmp_path / "a.db")]
    done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=90)
    assert done.returncode == 1
    assert "does not start: it would listen on 0.0.0.0" in done.stderr
    assert "hs-star password --db" in done.stderr and "Traceback" not in done.stderr
