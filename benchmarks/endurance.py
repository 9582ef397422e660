"""Studies that are killed again and again, with files damaged between the attempts: each ends with
the rows and the weights of one that nothing happened to.

    python -m benchmarks endurance --kills 300

Children of a killed process end by themselves. An attempt that refuses to go on over damaged files
has to say so in a sentence; then the files are put back as they were and it goes on.
"""

import itertools
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from benchmarks import damage, migrations
from benchmarks.attempts import CHILD, HOWS, Ended, Stop, attempt, random_stop
from benchmarks.halting import CHECKPOINT, EVENT, PAIRS, PLAN, TRANSACTION
from benchmarks.rows import Row, alone, table
from engine import store
from engine.errors import EngineError
from engine.store import Database
from engine.store.wal import log_of, noted_in
from tests.same_study import differences
from tests.small_runs import cli, toml

Found = TypeVar("Found")
N_KILLS = 300
MOMENTS = (EVENT, EVENT, TRANSACTION, TRANSACTION, CHECKPOINT, PLAN, PAIRS)
MAX_ATTEMPTS = 80
DAMAGED_SHARE = 0.6
"""Of the attempts of a study before which a file is damaged."""


@dataclass
class Tally:
    """What was done to the studies, and what came of it."""

    stops: Counter[str] = field(default_factory=Counter)
    damages: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    """Of the attempts after a damage, by its file and what followed."""
    n_studies: int = 0
    n_attempts: int = 0
    wrong: list[str] = field(default_factory=list)
    """Differences, tracebacks, hangs and children left over: there may be none."""

    def add_wrong(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)
        self.wrong.append(line)


def measure(n_kills: int = N_KILLS, *, seed: int = 0) -> list[Row]:
    """Blocks for about ten seconds per kill."""
    with tempfile.TemporaryDirectory(prefix="endurance-") as folder:
        tally = endured(Path(folder), n_kills, random.Random(seed))
    return report(tally)


def endured(folder: Path, n_kills: int, rng: random.Random) -> Tally:
    """Studies until so many kills are done, a fifth of them while a database is migrated."""
    tally = Tally()
    with suppress(KeyboardInterrupt):  # what was done until then is reported
        _endure(folder, n_kills, rng, tally)
    return tally


def _endure(folder: Path, n_kills: int, rng: random.Random, tally: Tally) -> None:
    unbroken = unbroken_study(folder)
    while tally.stops.total() < n_kills // 5:
        stops = migrations.random_stops(rng)
        done = migrations.endure(folder / "old", stops, rng, tally.add_wrong)
        tally.stops.update(map(str, done))
    while tally.stops.total() < n_kills:
        placement = rng.choice(("worker", "inline"))
        study = Study(folder / "study", placement, tally)
        stops = (random_stop(rng, MOMENTS, HOWS) for _ in itertools.count())
        if study.endure(stops, rng, damaged_share=DAMAGED_SHARE):
            study.compare(unbroken)
        progress(tally, n_kills)


def unbroken_study(folder: Path) -> Path:
    """The database of a study that nothing happens to."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "small.toml").write_text(toml())
    path = folder / "unbroken" / "studio.duckdb"
    path.parent.mkdir()
    done = cli("run", folder / "small.toml", "--db", path)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return path


class Study:
    """One study in a folder of its own, begun again as often as it is stopped."""

    _spared: tuple[str, ...] = ()
    """What is not damaged."""

    def __init__(self, folder: Path, placement: str, tally: Tally):
        for old in (folder, damage.copy_of(folder)):
            shutil.rmtree(old, ignore_errors=True)
        folder.mkdir(parents=True)
        self.db = folder / "studio.duckdb"
        self._folder, self._tally = folder, tally
        self._config = folder.with_name("study.toml")
        self._config.write_text(toml(placement=placement))
        self._history: list[str] = []
        self._is_begun = False
        tally.n_studies += 1

    def endure(self, stops: Iterator[Stop], rng: random.Random, *, damaged_share: float) -> bool:
        """Attempts until one comes to the study's end. Returns: whether one did."""
        done: damage.Damage | None = None
        for _ in range(MAX_ATTEMPTS):
            ended = self._attempt(stops, rng)
            if self._has_failed(ended):
                if not self._put_back(done, ended):
                    return False
                done = None
                continue
            if done:
                self._tally.outcomes[f"{done.target}: {_said(ended)}"] += 1
            if ended.status == 0:
                return True
            done = self._damage(rng) if self._is_begun and rng.random() < damaged_share else None
        self._wrong(f"it did not end in {MAX_ATTEMPTS} attempts")
        return False

    def compare(self, unbroken: Path) -> None:
        for difference in differences(self.db, unbroken):
            self._wrong(difference)

    def _attempt(self, stops: Iterator[Stop], rng: random.Random) -> Ended:
        ended = self._run(stops, rng)
        self._tally.n_attempts += 1
        self._tally.stops.update(map(str, ended.stops))
        self._history += map(str, ended.stops)
        self._is_begun = self._is_begun or _has_run(self.db)
        if "Traceback" in ended.words:
            self._wrong(f"a traceback: {ended.words[-1500:]}")
        if ended.is_hung:
            self._wrong(f"it hung: {ended.words[-500:]}")
        if ended.n_left:
            self._wrong(f"{ended.n_left} children outlived it")
        return ended

    def _run(self, stops: Iterator[Stop], rng: random.Random) -> Ended:
        verb = ["resume"] if self._is_begun else ["run", str(self._config)]
        return attempt([*verb, "--db", str(self.db)], stops, rng)

    def _has_failed(self, ended: Ended) -> bool:
        """It gave up, and nobody had killed anything."""
        return ended.status not in (0, None) and all(stop.how != CHILD for stop in ended.stops)

    def _put_back(self, done: damage.Damage | None, ended: Ended) -> bool:
        """The files as they were before the last damage, which it would not go on over."""
        target = done.target if done else "an earlier damage"
        if not damage.put_back(self._folder):
            self._wrong(f"it failed by itself: {ended.words[-1500:]}")
            return False
        self._tally.outcomes[f"{target}: refused in a sentence, put back"] += 1
        self._history.append("put back")
        return True

    def _damage(self, rng: random.Random) -> damage.Damage:
        damage.keep_copy(self._folder)
        done = damage.chosen(self.db, self._tally.damages, rng, spared=self._spared)
        done.do(rng)
        self._tally.damages[done.kind] += 1
        self._history.append(done.kind)
        return done

    def _wrong(self, what: str) -> None:
        self._tally.add_wrong(f"{what}\n  after: {'; '.join(self._history)}")


def _has_run(path: Path) -> bool:
    try:
        return bool(looked_up(path, store.runs.listed))
    except EngineError:
        return False


def looked_up(path: Path, look: Callable[[Database], Found]) -> Found:
    """What a look into a copy finds: opening the database itself would tidy its log away. Raises:
    EngineError where it does not open or is not read.
    """
    with tempfile.TemporaryDirectory() as folder:
        for file in (path, log_of(path), noted_in(path)):
            if file.is_file():
                shutil.copy(file, folder)
        db = Database(Path(folder, path.name))
        try:
            return look(db)
        finally:
            db.close()


def report(tally: Tally) -> list[Row]:
    """What was done and what came of it, on standard error; in short as rows."""
    table("Stopped", tally.stops.most_common())
    table("Damaged", tally.damages.most_common())
    table("After a damage", sorted(tally.outcomes.items()))
    table("Wrong, of which there may be none", [(line,) for line in tally.wrong])
    return [
        alone("endurance: kills and pauses", [tally.stops.total()], ""),
        alone("endurance: kinds of damage", [len(tally.damages)], ""),
        alone("endurance: damages", [tally.damages.total()], ""),
        alone("endurance: studies begun", [tally.n_studies], ""),
        alone("endurance: attempts", [tally.n_attempts], ""),
        alone("endurance: differences and other wrongs", [len(tally.wrong)], ""),
    ]


def _said(ended: Ended) -> str:
    return "went on, and said so" if "damaged" in ended.words else "went on"


def progress(tally: Tally, n_kills: int) -> None:
    print(
        f"{time.strftime('%H:%M:%S')}  {tally.stops.total()} of {n_kills} kills,"
        f" {len(tally.damages)} kinds of damage, {tally.n_studies} studies,"
        f" {len(tally.wrong)} wrong",
        file=sys.stderr,
        flush=True,
    )
