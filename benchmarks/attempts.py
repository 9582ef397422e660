"""One attempt at a study, which is stopped on the way: what is killed, when, and how it ended."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace

import psutil

from benchmarks.halting import CHECKPOINT, EVENT, HALTED, MIGRATION, NEVER, PAIRS, PLAN, TRANSACTION
from engine.paths import ROOT

LIMIT_S = 600
PARENT, CHILD, BOTH, PAUSE = "parent", "child", "parent and children", "stopped and continued"
HOWS = (PARENT, CHILD, BOTH, PAUSE)
_LAST = {EVENT: 15, TRANSACTION: 25, CHECKPOINT: 2, PLAN: 1, PAIRS: 1, MIGRATION: 20}
"""Which one of those that come is at most the one; more come in a whole study."""


@dataclass(frozen=True)
class Stop:
    """Where an attempt is stopped, and how."""

    moment: str
    number: int
    """Which one of those that come."""
    at_last: int
    """The event at which it is stopped where the moment does not come before."""
    how: str
    after_s: float
    """How long it goes on behind the moment before it is killed; 0 for exactly there."""

    def __str__(self) -> str:
        when = "at" if not self.after_s else "shortly after"
        return f"{self.how}, {when} {self.moment}"


@dataclass
class Ended:
    """How an attempt ended."""

    status: int | None
    """Of the process; None where it was killed on purpose."""
    words: str
    """What it said on standard error."""
    stops: list[Stop] = field(default_factory=list)
    """Those that came to pass."""
    is_hung: bool = False
    n_left: int = 0
    """Children that outlived it."""


def random_stop(rng: random.Random, moments: tuple[str, ...], hows: tuple[str, ...]) -> Stop:
    moment = rng.choice(moments)
    after_s = 0.0 if rng.random() < 0.5 else rng.uniform(0, 0.5)
    number, at_last = rng.randint(1, _LAST[moment]), rng.randint(5, 25)
    return Stop(moment, number, at_last, rng.choice(hows), after_s)


def attempt(command: list[str], stops: Iterator[Stop], rng: random.Random) -> Ended:
    """Run the command line until a stop kills it or it ends by itself. Blocks."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.halting", *command],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    ended, hung = Ended(None, ""), threading.Event()
    watchdog = threading.Timer(LIMIT_S, lambda: (hung.set(), _kill_all(process)))
    watchdog.start()
    family = Family(process)
    was_killed = _follow(process, family, stops, ended, rng)
    status = process.wait()
    watchdog.cancel()
    ended.status, ended.is_hung = None if was_killed else status, hung.is_set()
    ended.n_left = family.n_left()
    return ended


def _follow(
    process: subprocess.Popen, family: "Family", stops: Iterator[Stop], ended: Ended, rng
) -> bool:
    """Read what it says, and stop it where it halts. Returns: whether it was killed."""
    stop, was_killed = next(stops), False
    _tell(process, stop)
    assert process.stderr is not None
    for line in process.stderr:
        if not line.startswith(HALTED):
            ended.words += line
            continue
        stop = replace(stop, moment=line.split()[-1])
        after, children = stop.after_s, family.look()
        stop = possible(stop, children)
        ended.stops.append(stop)
        following = next(stops) if stop.how in (CHILD, PAUSE) else None
        if after:
            _tell(process, following)
            time.sleep(after)
        was_killed = do(stop, process, children, rng)
        if not after:
            _tell(process, following)
        stop = following or stop
    return was_killed


def possible(stop: Stop, children: list[psutil.Process]) -> Stop:
    """The same stop; where a child is to be killed and there is none, one of the parent."""
    return stop if children or stop.how != CHILD else replace(stop, how=PARENT)


def do(
    stop: Stop, process: subprocess.Popen, children: list[psutil.Process], rng: random.Random
) -> bool:
    """Returns: whether the process itself was killed."""
    with suppress(psutil.NoSuchProcess, ProcessLookupError):
        match stop.how:
            case "parent":
                process.kill()
            case "parent and children":
                _kill_all(process)
            case "child":
                if children:
                    rng.choice(children).kill()
            case _:
                paused = rng.choice([psutil.Process(process.pid), *children])
                paused.suspend()
                time.sleep(rng.uniform(0.05, 0.5))
                paused.resume()
    return stop.how in (PARENT, BOTH)


def _tell(process: subprocess.Popen, stop: Stop | None) -> None:
    """Where to halt next; nowhere without a stop."""
    line = f"event {stop.at_last} {stop.moment} {stop.number}\n" if stop else f"{NEVER}\n"
    with suppress(BrokenPipeError, OSError):
        assert process.stdin is not None
        process.stdin.write(line)
        process.stdin.flush()


def _kill_all(process: subprocess.Popen) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


class Family:
    """The children of a process, of which none may outlive it."""

    def __init__(self, process: subprocess.Popen):
        self._process, self._seen = process, {}

    def look(self) -> list[psutil.Process]:
        """Those of now."""
        with suppress(psutil.NoSuchProcess):
            now = psutil.Process(self._process.pid).children(recursive=True)
            self._seen |= {child.pid: child for child in now}
            return now
        return []

    def n_left(self) -> int:
        _, alive = psutil.wait_procs(list(self._seen.values()), timeout=60)
        return sum(child.status() != psutil.STATUS_ZOMBIE for child in alive if child.is_running())
