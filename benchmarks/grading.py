"""Grading: is it right, is it fast, does it stand hostile input? Tables of what went wrong go to standard error.

The data sets are not part of the repository: without ../shared/datasets only the hostile part is measured. "Bare" is
Math-Verify's parse + verify on the extracted answers, pair by pair, nothing cached, one process, main thread.
"""

import json
import logging
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.rows import Row, against, alone
from engine.grading import Grader, extract_answer
from engine.grading.extraction import reference_answer
from engine.problems import read_problems
from engine.types import Verdict
from tests.grading.hostile import CASES, Case

DATASETS = Path(__file__).resolve().parents[2] / "shared" / "datasets"
PROBLEM_FILES = (
    "gsm8k_train", "gsm8k_test", "math500_test", "aime24_test", "amc23_test", "minerva_test", "olympiadbench_test",
    "college_math_test",
)  # fmt: skip
N_RUNS = 3
N_WORKERS = 2
_TICK_S = 0.005

Pair = tuple[str, str]


def measure() -> list[Row]:
    if not DATASETS.is_dir():
        print(f"No data sets at {DATASETS}: only the hostile cases are measured.", file=sys.stderr)
        return hostile()
    logging.disable(logging.WARNING)
    return [*self_checks(), *agreement(), *throughput(), *hostile()]


def _table(title: str, lines: Iterable[Sequence[object]]) -> None:
    print(f"\n{title}", file=sys.stderr)
    for line in lines:
        print("  " + " | ".join(" ".join(str(cell).split())[:110] for cell in line), file=sys.stderr)


def _as_math(gold: str) -> str:
    """A reference in dollars; one that has its own dollars as it stands."""
    return gold if "$" in gold else f"${gold}$"


def bare(gold: str, predicted: str) -> bool:
    """Math-Verify as its README has it."""
    from math_verify import parse, verify

    return verify(parse(gold), parse(predicted))


def self_checks() -> list[Row]:
    """Every reference against itself, dollars against a box, the shortcuts off; the baseline is bare Math-Verify."""
    rows, failures = [], []
    for name in PROBLEM_FILES:
        golds = [problem.answer for problem in read_problems(DATASETS / f"{name}.jsonl").problems]
        pairs = [(_as_math(gold), rf"\boxed{{{gold}}}") for gold in golds]
        with Grader(N_WORKERS, shortcuts=False) as grader:
            verdicts = grader.grade_many(pairs)
        failures += [(name, gold, v.status, v.reason) for gold, v in zip(golds, verdicts) if not v.correct]
        share = sum(v.correct for v in verdicts) / len(golds)
        plain = sum(bare(*pair) for pair in pairs) / len(golds)
        rows.append(against(f"grading: {name} equals itself", [share], [plain], "share"))
    _table(f"References that do not equal themselves: {len(failures)}", failures)
    return rows


def _lines(name: str) -> list[dict]:
    return [json.loads(line) for line in (DATASETS / name).read_text("utf-8").split("\n") if line.strip()]


def gsm8k_panel() -> tuple[list[Pair], list[bool]]:
    """The recorded solutions of four solvers, and the flags they came with."""
    rows = _lines("gsm8k_recorded_solutions.jsonl")
    solved = [(row["ground_truth"], one) for row in rows for one in row.values() if isinstance(one, dict)]
    return [(gold, one["solution"]) for gold, one in solved], [one["is_correct"] for _, one in solved]


def math_responses() -> tuple[list[Pair], list[bool]]:
    """The recorded responses to 100 MATH problems, eight each, and the flags they came with."""
    rows = _lines("math_recorded_responses_100x8.jsonl")
    pairs = [(row["gt"], response) for row in rows for response in row["code"]]
    return pairs, [flag for row in rows for flag in row["score"]]


def agreement() -> list[Row]:
    """Share of recorded responses whose verdict is the flag they came with."""
    rows = []
    for name, (pairs, flags) in (("GSM8K panel", gsm8k_panel()), ("MATH 100 × 8", math_responses())):
        with Grader(N_WORKERS) as grader:
            verdicts = grader.grade_many(pairs)
        others = [
            (gold, verdict.predicted, f"recorded {'correct' if flag else 'wrong'}", verdict.status, verdict.reason)
            for (gold, _), flag, verdict in zip(pairs, flags, verdicts)
            if verdict.correct != flag
        ]
        _table(f"{name}: {len(others)} verdicts are not the recorded flag", others)
        rows.append(alone(f"grading: {name}, verdict is the flag", [1 - len(others) / len(pairs)], "share"))
    return rows


def _ours(pairs: list[Pair]) -> tuple[float, list[Verdict]]:
    """Seconds and verdicts of a grader whose processes run but have seen nothing yet."""
    with Grader(N_WORKERS) as grader:
        grader.grade_many([("x+1", rf"\boxed{{x+{n}+1}}") for n in range(2 * N_WORKERS)])
        started = time.perf_counter()
        verdicts = grader.grade_many(pairs)
        return time.perf_counter() - started, verdicts


def _theirs(pairs: list[Pair]) -> tuple[list[float], list[bool]]:
    """Seconds per pair and verdicts of bare Math-Verify on the extracted answers; a response without one is not parsed."""
    seconds, verdicts = [], []
    for gold, response in pairs:
        wanted, answer = reference_answer(gold), extract_answer(response)
        started = time.perf_counter()
        verdicts.append(answer is not None and bare(rf"\boxed{{{wanted}}}", rf"\boxed{{{answer}}}"))
        seconds.append(time.perf_counter() - started)
    return seconds, verdicts


def _is_integer(gold: str) -> bool:
    return reference_answer(gold).replace(",", "").lstrip("-").isdigit()


def throughput() -> list[Row]:
    """All recorded responses, and those with another reference than an integer: responses per second, interleaved."""
    pairs = gsm8k_panel()[0] + math_responses()[0]
    harder = [pair for pair in pairs if not _is_integer(pair[0])]
    rates: dict[str, tuple[list[float], list[float]]] = {"all": ([], []), "harder": ([], [])}
    for _ in range(N_RUNS):
        ours_s, verdicts = _ours(pairs)
        theirs_s, plain = _theirs(pairs)
        harder_s, _ = _ours(harder)
        their_harder_s = sum(s for s, (gold, _) in zip(theirs_s, pairs) if not _is_integer(gold))
        for name, n, mine, other in (
            ("all", len(pairs), ours_s, sum(theirs_s)),
            ("harder", len(harder), harder_s, their_harder_s),
        ):
            rates[name][0].append(n / mine)
            rates[name][1].append(n / other)
    differing = Counter(
        (reference_answer(gold), verdict.predicted, "bare: correct" if other else "bare: wrong", verdict.status, verdict.reason)
        for (gold, _), verdict, other in zip(pairs, verdicts, plain)
        if verdict.correct != other
    )
    _table(
        f"Verdicts that bare Math-Verify does not share: {differing.total()}, of {len(differing)} pairs",
        [(n, *what) for what, n in differing.most_common()],
    )
    return [
        against(f"grading: {len(pairs):,} recorded responses", *rates["all"], "1/s"),
        against(f"grading: {len(harder):,} with non-integer gold", *rates["harder"], "1/s"),
    ]


class Watch:
    """A thread that ticks beside the work: the longest wait between two ticks, and the children's peak memory."""

    def __init__(self, grader: Grader | None = None) -> None:
        self.longest_s, self.peak_mib = 0.0, 0.0
        self._grader, self._over = grader, threading.Event()
        self._thread = threading.Thread(target=self._tick)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def _tick(self) -> None:
        while not self._over.is_set():
            started = time.perf_counter()
            time.sleep(_TICK_S)
            self.longest_s = max(self.longest_s, time.perf_counter() - started - _TICK_S)
            for pid in self._grader.child_pids if self._grader else ():
                self.peak_mib = max(self.peak_mib, _peak_mib(pid))


def _peak_mib(pid: int) -> float:
    """The most memory the process had resident; 0 when it is gone, or where there is no /proc."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return max((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), default=0.0)


def hostile() -> list[Row]:
    """Every hostile case by itself, two at a time, through one grader as the engine makes it."""

    def answered(case: Case) -> tuple[float, Verdict]:
        started = time.perf_counter()
        (verdict,) = grader.grade_many([(case.gold, case.response)])
        return time.perf_counter() - started, verdict

    with Watch() as idle:
        time.sleep(20)
    with Grader(N_WORKERS) as grader, Watch(grader) as watch, ThreadPoolExecutor(N_WORKERS) as callers:
        outcomes = list(callers.map(answered, CASES))
    seconds = [s for s, _ in outcomes]
    statuses = Counter(verdict.status for _, verdict in outcomes)
    _table("Hostile cases by status", statuses.most_common())
    slowest = sorted(zip(seconds, CASES, outcomes), key=lambda one: -one[0])[:5]
    _table("The slowest", [(f"{s:.2f} s", case.name, verdict.reason) for s, case, (_, verdict) in slowest])
    _table("Correct, which none may be", [(c.name, v.reason) for c, (_, v) in zip(CASES, outcomes) if v.correct])
    return [
        alone(f"grading: {len(CASES)} hostile cases, slowest answer", [max(seconds)], "s"),
        alone("grading: hostile cases called correct", [float(statuses["correct"])], "cases"),
        alone("grading: hostile, peak memory of a child", [watch.peak_mib], "MiB"),
        against("grading: hostile, longest stall beside (idle)", [watch.longest_s], [max(idle.longest_s, 1e-6)], "s"),
    ]
