"""A database of an earlier version, killed while it is migrated: the next one to open it finishes
what was begun, with the rows of one that was migrated in peace.
"""

import gzip
import random
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from benchmarks.attempts import BOTH, PARENT, Stop, attempt, random_stop
from benchmarks.halting import MIGRATION
from engine.paths import ROOT
from tests.same_rows import differences

OLD = ROOT / "tests" / "data" / "studio_0_1.duckdb.gz"
MAX_ATTEMPTS = 30


def random_stops(rng: random.Random) -> Iterator[Stop]:
    while True:
        yield random_stop(rng, (MIGRATION,), (PARENT, BOTH))


def endure(
    folder: Path, stops: Iterator[Stop], rng: random.Random, wrong: Callable[[str], None]
) -> list[Stop]:
    """Open an old database again and again, killed within a migration, until it is open.

    Args:
        wrong: told what may not be.

    Returns: the kills.
    """
    unbroken, path = _unbroken(folder), folder / "broken" / "studio.duckdb"
    shutil.rmtree(path.parent, ignore_errors=True)
    _unpack(path)
    done: list[Stop] = []
    for _ in range(MAX_ATTEMPTS):
        ended = attempt(["status", "--db", str(path)], stops, rng)
        done += ended.stops
        if ended.status is not None:
            break
    if ended.status != 0 or "Traceback" in ended.words:
        wrong(f"a migration did not end: {ended.words[-1500:]}")
    for difference in differences(unbroken, path):
        wrong(f"after a migration: {difference}")
    return done


@cache
def _unbroken(folder: Path) -> Path:
    path = folder / "unbroken" / "studio.duckdb"
    _unpack(path)
    ended = attempt(
        ["status", "--db", str(path)], iter([Stop("never", 1, 10**9, PARENT, 0)]), random
    )
    if ended.status != 0:
        raise RuntimeError(ended.words)
    return path


def _unpack(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.decompress(OLD.read_bytes()))
