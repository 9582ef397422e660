"""A job's log: its notes, and what its children printed while it ran, as plain text."""

import os
from datetime import UTC

from engine import store
from engine.events import Note
from engine.jobs import log
from engine.store import record
from engine.study.handle import Iteration


def test_the_tail_holds_notes_and_the_output_of_this_jobs_children_only(db, run_id):
    job_id = store.jobs.add(Iteration(db, run_id, 0), "train", {})
    logs = db.artifacts / "logs"
    logs.mkdir(parents=True)
    (logs / "earlier-1-a.log").write_text("of another job\n")
    os.utime(logs / "earlier-1-a.log", (1_000_000, 1_000_000))
    assert log.tail(db, store.jobs.get(db, job_id)) == ""
    store.jobs.set_state(db, job_id, "running")
    record(db, job_id, 1, Note("two pairs were left out"))
    (logs / "dpo-1-b.log").write_text("10%\r50%\r100%\n\x1b[31m<b>red</b>\x1b[0m\x07\n\n")
    said = log.tail(db, store.jobs.get(db, job_id)).splitlines()
    assert said[0].endswith("two pairs were left out")
    assert said[1:] == ["--- dpo-1-b.log", "100%", "<b>red</b>"]
    store.jobs.set_state(db, job_id, "done")
    late = store.jobs.get(db, job_id).finished_at.replace(tzinfo=UTC).timestamp() + 60
    os.utime(logs / "dpo-1-b.log", (late, late))
    assert "dpo-1-b" not in log.tail(db, store.jobs.get(db, job_id))


def test_only_the_end_of_a_long_file_is_read(tmp_path):
    path = tmp_path / "long.log"
    path.write_text("".join(f"line {i}\n" for i in range(100_000)))
    lines = log.last_lines(path, 5)
    assert lines == [f"line {i}" for i in range(99_995, 100_000)]
    assert log.last_lines(tmp_path / "missing.log", 5) == []
