"""A disk that is full, or a file that may not grow: a sentence, and what was stored is kept."""

import os
import subprocess
import sys

import pytest

from engine.events import Sampled
from engine.store import Database, record
from tests.small_runs import ROOT
from tests.store.small_rows import n_rows, response

FILL = """
import os, resource, signal, sys
from engine.errors import StoreError
from engine.events import Sampled
from engine.store import Database, record
from engine.types import Response

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
db = Database(sys.argv[1])
if len(sys.argv) > 2:
    limit = int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
for number in range(200):
    text = os.urandom(20_000).hex()
    try:
        record(db, "j", 1, Sampled("s", [Response("p", number * 10 + i, 1, text, "stop", 1) for i \
in range(10)]))
    except StoreError as error:
        print(f"SENTENCE {error}")
        break
    print(f"STORED {number * 10 + 10}", flush=True)
try:
    db.close()
except StoreError as error:
    print("closing:", error)
"""


def filled(path, *limit) -> tuple[int, str]:
    """(rows that were reported as stored, the error's sentence) of a process that writes until it
    no longer can.
    """
    done = subprocess.run(
        [sys.executable, "-c", FILL, path, *limit],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    lines = done.stdout.splitlines()
    stored = [int(line.split()[1]) for line in lines if line.startswith("STORED")]
    sentences = [line for line in lines if line.startswith("SENTENCE")]
    assert stored and sentences, done.stdout
    return stored[-1], sentences[0]


def assert_what_was_stored_is_kept(path, n_stored: int, sentence: str) -> None:
    assert "could not be written" in sentence and "What was stored before is kept" in sentence
    db = Database(path)
    assert n_rows(db, "responses") == n_stored
    record(db, "j", 1, Sampled("s", [response(0)]))
    assert n_rows(db, "responses") == n_stored + 1
    db.close()


def test_a_file_that_may_not_grow_is_a_sentence_and_keeps_what_was_stored(tmp_path):
    path = tmp_path / "studio.duckdb"
    assert_what_was_stored_is_kept(path, *filled(path, str(6 * 2**20)))


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_full_disk_is_a_sentence_and_keeps_what_was_stored(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", disk], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")
    try:
        n_stored, sentence = filled(disk / "studio.duckdb")
        subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
        assert_what_was_stored_is_kept(disk / "studio.duckdb", n_stored, sentence)
    finally:
        subprocess.run(["umount", disk], check=True)
