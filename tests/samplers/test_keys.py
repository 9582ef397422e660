"""A key for servers leaves this process in their requests alone: no byte on the disk holds it,
while a job runs, when it fails over a server that repeats it, and after it is done.
"""

import json
from pathlib import Path
from urllib.parse import quote

import pytest

from app.compare.report import as_html
from engine import store
from engine.export.run import config_text, export_all
from engine.figures.comparison import compare
from engine.figures.measure import measure
from engine.jobs.runner import JobRunner
from engine.paths import STARTER
from engine.servers.words import KEY_NAMES, sentence
from engine.store import Database
from engine.study.handle import Iteration
from engine.study.runs import create_run
from tests.samplers.scripted_servers import completed, scripted
from tests.small_runs import small

pytestmark = pytest.mark.usefixtures("short_pauses")
KEY = 'Zq7-"secret"/9f3c+0b1e5d8a7c6b2f4e'
PARTS = [KEY[i : i + 10] for i in range(0, len(KEY) - 10, 4)]


def spelled(part: str) -> list[bytes]:
    """As it stands, and as JSON, addresses and HTML spell it."""
    html = part.replace('"', "&quot;")
    return [one.encode() for one in (part, json.dumps(part)[1:-1], quote(part, safe=""), html)]


def holding_the_key(folder: Path) -> list[str]:
    """Files with any ten characters of the key in a row."""
    wanted = [one for part in PARTS for one in spelled(part)]
    return [
        str(path)
        for path in folder.rglob("*")
        if path.is_file() and any(one in path.read_bytes() for one in wanted)
    ]


@pytest.mark.parametrize("n_before", [0, 250, 285, 299])
def test_a_servers_words_are_cut_only_after_the_key_is_taken_out(monkeypatch, n_before):
    monkeypatch.setenv(KEY_NAMES[0], KEY)
    said = sentence(("x" * n_before + f" {KEY} " + "y" * 200).encode())
    assert not any(part in said for part in PARTS)


def test_no_byte_on_the_disk_holds_the_key_of_a_job_that_runs_fails_and_is_done(
    tmp_path, monkeypatch
):
    monkeypatch.setenv(KEY_NAMES[0], KEY)
    is_well, n_with_key, seen_while_running = False, 0, []

    def answer(path, body, headers):
        nonlocal n_with_key
        n_with_key += headers["Authorization"] == f"Bearer {KEY}"
        if path.endswith("/models"):
            return 200, {"data": [{"id": "m", "root": str(STARTER / "policy")}]}
        if is_well:
            seen_while_running.extend(holding_the_key(tmp_path))
            return completed(body)
        return 401, {"error": {"message": f"{'x' * 280} no: {headers['Authorization']}"}}

    with scripted(answer) as url:
        db = Database(tmp_path / "studio.duckdb")
        config = small(
            sampling={"sampler": "openai_api", "base_urls": [url], "batch_size": 4},
            reward={"family": "none"},
            difficulty={"mode": "accuracy"},
        )
        run_id = create_run(db, config)
        runner = JobRunner(db)
        job_id = runner.submit(Iteration(db, run_id, 0), "presample")
        runner.run_next()
        assert "wants another key" in store.jobs.get(db, job_id).error
        assert holding_the_key(tmp_path) == []
        is_well = True
        runner.resume(job_id)
        runner.run_next()
        assert store.jobs.get(db, job_id).state == "done" and n_with_key > 36
        runner.close()
    export_all(db, tmp_path / "out", suffix=".jsonl", run_id=run_id)
    measured = [measure(db, run_id)]
    report = as_html(compare(measured), measured)
    (tmp_path / "report.html").write_text(report + "".join(config_text(db, run_id, ".toml")[0]))
    db.checkpoint()
    db.close()
    assert list(tmp_path.glob("studio.duckdb.files/logs/*.log")), "the sampler was a child"
    assert seen_while_running == [] and holding_the_key(tmp_path) == []
