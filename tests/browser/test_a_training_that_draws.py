"""Planned GRPO through the pages: ordered there, its server killed in the middle, resumed there."""

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytest.importorskip("torch")

from benchmarks.serving import free_port, start
from engine.jobs.status import published
from engine.paths import ROOT
from tests.browser.studio import settled
from tests.jobs.drawing_jobs import ended, unbroken, waiting

pytestmark = pytest.mark.browser
JOB_LIMIT_MS = 240_000
AT_LEAST = 3
"""Steps that are done when the server is killed."""


@pytest.fixture
def server(tmp_path):
    """Starts a dashboard over a database at one address, again and again."""
    port, started = free_port(), []

    def begin(path):
        log = tmp_path / "log.txt"
        main = ROOT / "app" / "main.py"
        process = start(main, port, "--db", str(path), log=log, cwd=tmp_path, new_session=True)
        started.append(process)
        return process, f"http://127.0.0.1:{port}"

    yield begin
    for process in started:
        process.terminate()
        process.wait()


def test_a_killed_training_goes_on_in_the_browser_and_ends_like_an_unbroken_one(
    server, chromium, tmp_path
):
    path = waiting(tmp_path / "own", is_queued=False)
    process, url = server(path)
    tab = chromium.new_page(viewport={"width": 1440, "height": 1000})
    tab.set_default_timeout(JOB_LIMIT_MS)
    tab.goto(f"{url}/training")
    tab.get_by_role("button", name="Train with GRPO").click()
    while (published(path) or {}).get("n_done", 0) < AT_LEAST:
        tab.wait_for_timeout(50)
    process.kill()
    process.wait()
    process, url = server(path)
    tab.goto(f"{url}/training")
    settled(tab)
    tab.get_by_role("button", name="Resume", exact=True).click()
    tab.get_by_role("link", name="Compare before and after").wait_for()
    process.terminate()
    process.wait()
    tab.close()
    drawn, policy_id, attempt = ended(path)
    assert attempt == 2
    wanted = unbroken(tmp_path / "unbroken")
    assert drawn == wanted[0], "the same keys, rewards, discards and texts, each once"
    assert policy_id == wanted[1]
