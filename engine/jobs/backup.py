"""Backups: written here where nobody owns the database, else by its owner, who is asked with a
file.

FILE.backup-request-ID.json says where to. The owner looks for such files twice a second, takes them
away, writes every backup in a thread of its own and answers in FILE.backup-answer-ID.json.
"""

import glob
import json
import threading
import time
import uuid
from contextlib import suppress
from pathlib import Path

from engine.errors import EngineError, StoreError, StoreLocked, in_one_line
from engine.paths import write_text
from engine.store import Database
from engine.store.backup import write_backup

LOOK_S = 0.5
"""Between two looks for a request, or for its answer."""
TAKEN_S = 20.0
"""How long a request waits for its owner to take it."""
THERE_S = 5.0
"""Between two looks whether the owner is there still."""


def back_up(path: Path, target: Path) -> int:
    """Write a copy of a database, whoever owns it. Blocks.

    Returns: bytes written. Raises: StoreError; StoreLocked where the owner takes no request.
    """
    while True:
        try:
            db = Database(path)
        except StoreLocked as locked:
            n_bytes = _asked_for(path, target, locked)
            if n_bytes is not None:
                return n_bytes
            continue
        try:
            return write_backup(db, target)
        finally:
            db.close()


class BackupRequests:
    """Answers requests for backups of an open database, from a thread of its own."""

    def __init__(self, db: Database):
        self._db = db
        self._over = threading.Event()
        self._writing: list[threading.Thread] = []
        self._thread = threading.Thread(target=self._look, name="backups", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop to look; backups that are being written are finished."""
        self._over.set()
        self._thread.join()
        for thread in self._writing:
            thread.join()

    def _look(self) -> None:
        while not self._over.wait(LOOK_S):
            self._writing = [thread for thread in self._writing if thread.is_alive()]
            for request in self._requests():
                asked = _read(request)
                with suppress(OSError):  # one that cannot be taken away is not written again
                    request.unlink(missing_ok=True)
                    self._begin(request, asked)

    def _requests(self) -> list[Path]:
        """None where the folder cannot be read at the moment: the next look is soon."""
        try:
            name = glob.escape(f"{self._db.path.name}.backup-request-")
            return sorted(self._db.path.parent.glob(f"{name}*.json"))
        except OSError:
            return []

    def _begin(self, request: Path, asked: dict) -> None:
        answer = _beside(self._db.path, "answer", request.stem.rpartition("-")[2])
        given = (asked.get("to"), answer)
        thread = threading.Thread(target=self._answer, args=given, name="backup", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # no memory for another one
            self._answer(*given)
        else:
            self._writing.append(thread)

    def _answer(self, to: object, answer: Path) -> None:
        """Whatever goes wrong is said to the one who asks, who waits for it."""
        said: dict[str, str | int]
        try:
            if not isinstance(to, str):
                raise StoreError("The request for a backup does not say where to write it.")
            said = {"n_bytes": write_backup(self._db, Path(to))}
        except EngineError as error:
            said = {"error": str(error)}
        except Exception as error:
            said = {
                "error": f"The backup {to} could not be written by the program that has the"
                f" database open ({in_one_line(error)}). Try again, or stop that program and write"
                " it without."
            }
        with suppress(OSError):  # a full disk: the one who asks waits in vain, and says so
            write_text(answer, json.dumps(said))


def _asked_for(path: Path, target: Path, locked: StoreLocked) -> int | None:
    """Bytes that the owner wrote; None where it ended without an answer."""
    id = uuid.uuid4().hex
    request, answer = _beside(path, "request", id), _beside(path, "answer", id)
    write_text(request, json.dumps({"to": str(target)}))
    waited_since = looked_at = time.monotonic()
    while not (said := _read(answer)):
        now = time.monotonic()
        if now - looked_at > THERE_S:
            looked_at = now
            if _is_free(path) and not answer.exists():
                request.unlink(missing_ok=True)
                return None
        if request.exists() and now - waited_since > TAKEN_S:
            request.unlink(missing_ok=True)
            raise StoreLocked(
                f"{locked} It was asked to write the backup and did not take the request: it may"
                " be an older version, or be busy with a command that takes none."
            )
        time.sleep(LOOK_S)
    answer.unlink(missing_ok=True)
    if "error" in said:
        raise StoreError(said["error"])
    return said["n_bytes"]


def _is_free(path: Path) -> bool:
    """Whether nobody has the database open, so that nobody will answer."""
    try:
        Database(path).close()
    except StoreLocked:
        return False
    return True


def _beside(path: Path, what: str, id: str) -> Path:
    return path.with_name(f"{path.name}.backup-{what}-{id}.json")


def _read(path: Path) -> dict:
    """Nothing where there is no such file, or another content."""
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}
