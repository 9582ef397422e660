"""Hostile answers through the grader as the engine makes it: how long, how much memory, and is the
caller's process held up?
"""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.rows import Row, against, alone, table
from engine.grading import Grader
from engine.types import Verdict
from tests.grading.hostile import CASES, Case

N_WORKERS = 2
_TICK_S = 0.005


class Watch:
    """A thread that ticks beside the work: how late a tick came at most, and the children's peak
    memory.

    `longest_s` counts whatever kept the thread waiting, other programs on the machine too;
    `longest_own_s` only as much of each wait as this process spent computing.
    """

    def __init__(self, grader: Grader | None = None) -> None:
        self.longest_s, self.longest_own_s, self.peak_mib = 0.0, 0.0, 0.0
        self._grader, self._over = grader, threading.Event()
        self._thread = threading.Thread(target=self._tick)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def _tick(self) -> None:
        while not self._over.is_set():
            started, worked = time.perf_counter(), time.process_time()
            time.sleep(_TICK_S)
            late = time.perf_counter() - started - _TICK_S
            self.longest_s = max(self.longest_s, late)
            self.longest_own_s = max(self.longest_own_s, min(late, time.process_time() - worked))
            for pid in self._grader.child_pids if self._grader else ():
                self.peak_mib = max(self.peak_mib, _peak_mib(pid))


def _peak_mib(pid: int) -> float:
    """The most memory the process had resident; 0 when it is gone, or where there is no /proc."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return max(
        (int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), default=0.0
    )


def hostile() -> list[Row]:
    """Every hostile case by itself, two at a time, through one grader as the engine makes it."""

    def answered(case: Case) -> tuple[float, Verdict]:
        started = time.perf_counter()
        (verdict,) = grader.grade_many([(case.gold, case.response)])
        return time.perf_counter() - started, verdict

    with Watch() as idle:
        time.sleep(20)
    with (
        Grader(N_WORKERS) as grader,
        Watch(grader) as watch,
        ThreadPoolExecutor(N_WORKERS) as callers,
    ):
        outcomes = list(callers.map(answered, CASES))
    seconds = [s for s, _ in outcomes]
    statuses = Counter(verdict.status for _, verdict in outcomes)
    table("Hostile cases by status", statuses.most_common())
    slowest = sorted(zip(seconds, CASES, outcomes), key=lambda one: -one[0])[:5]
    table(
        "The slowest",
        [(f"{s:.2f} s", case.name, verdict.reason) for s, case, (_, verdict) in slowest],
    )
    table(
        "Correct, which none may be",
        [(c.name, v.reason) for c, (_, v) in zip(CASES, outcomes) if v.correct],
    )
    return [
        alone(f"grading: {len(CASES)} hostile cases, slowest answer", [max(seconds)], "s"),
        alone("grading: hostile cases called correct", [float(statuses["correct"])], "cases"),
        alone("grading: hostile, peak memory of a child", [watch.peak_mib], "MiB"),
        against(
            "grading: hostile, longest stall beside (idle)",
            [watch.longest_s],
            [max(idle.longest_s, 1e-6)],
            "s",
        ),
        alone("grading: hostile, longest stall by own work", [watch.longest_own_s], "s"),
    ]
