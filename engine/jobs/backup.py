"""Backups: written here where nobody owns the database, else by its owner, who is asked with a
file.

FILE.backup-request.json says where to and under which id. The owner looks for it twice a second,
takes it away, writes the backup and answers in FILE.backup-answer.json under the same id.
"""

import json
import threading
import time
import uuid
from contextlib import suppress
from pathlib import Path

from engine.errors import EngineError, StoreError, StoreLocked
from engine.paths import write_text
from engine.store import Database
from engine.store.backup import write_backup

LOOK_S = 0.5
"""Between two looks for a request, or for its answer."""
TAKEN_S = 20.0
"""How long a request waits for its owner to take it."""


def back_up(path: Path, target: Path) -> int:
    """Write a copy of a database, whoever owns it. Blocks.

    Returns: bytes written. Raises: StoreError; StoreLocked where the owner does not answer.
    """
    try:
        db = Database(path)
    except StoreLocked as locked:
        return _asked_for(path, target, locked)
    try:
        return write_backup(db, target)
    finally:
        db.close()


class BackupRequests:
    """Answers requests for backups of an open database, from a thread of its own."""

    def __init__(self, db: Database):
        self._db = db
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="backups", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop to look; a backup that is being written is finished."""
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(LOOK_S):
            with suppress(OSError):  # a full disk: the one who asks waits in vain, and says so
                self._answer()

    def _answer(self) -> None:
        request = _beside(self._db.path, "request")
        if not request.exists():
            return
        asked = _read(request)
        request.unlink(missing_ok=True)
        if "id" not in asked or "to" not in asked:
            return
        try:
            said = {"n_bytes": write_backup(self._db, Path(asked["to"]))}
        except EngineError as error:
            said = {"error": str(error)}
        answer = {"id": asked["id"], **said}
        write_text(_beside(self._db.path, "answer"), json.dumps(answer))


def _asked_for(path: Path, target: Path, locked: StoreLocked) -> int:
    request, answer, id = _beside(path, "request"), _beside(path, "answer"), uuid.uuid4().hex
    write_text(request, json.dumps({"id": id, "to": str(target)}))
    waited_since = time.monotonic()
    while _read(answer).get("id") != id:
        if request.exists() and time.monotonic() - waited_since > TAKEN_S:
            request.unlink(missing_ok=True)
            raise StoreLocked(
                f"{locked} It was asked to write the backup and did not take the request: it may"
                " be an older version, or be busy with a command that takes none."
            )
        time.sleep(LOOK_S)
    said = _read(answer)
    answer.unlink(missing_ok=True)
    if "error" in said:
        raise StoreError(said["error"])
    return said["n_bytes"]


def _beside(path: Path, what: str) -> Path:
    return path.with_name(f"{path.name}.backup-{what}.json")


def _read(path: Path) -> dict:
    """Nothing where there is no such file, or another content."""
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}
