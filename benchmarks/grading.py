"""Grading: is it right, is it fast, does it stand hostile input? Tables of what went wrong go to
standard error.

The data sets are not part of the repository: without ../shared/datasets only the hostile part is
measured. "Bare" is Math-Verify's parse + verify on the extracted answers, pair by pair, nothing
cached, one process, main thread.
"""

import json
import logging
import re
import resource
import sys
import time
from collections import Counter
from pathlib import Path

from benchmarks.hostile import hostile
from benchmarks.rows import Row, against, alone, table
from engine.grading import Grader, extract_answer
from engine.grading.extraction import reference_answer
from engine.grading.spelling import written_alike
from engine.problems import read_problems
from engine.types import Verdict

DATASETS = Path(__file__).resolve().parents[2] / "shared" / "datasets"
PROBLEM_FILES = (
    "gsm8k_train",
    "gsm8k_test",
    "math500_test",
    "aime24_test",
    "amc23_test",
    "minerva_test",
    "olympiadbench_test",
    "college_math_test",
)
N_RUNS = 3
N_WORKERS = 2

_LAST_DIGIT = re.compile(r"\d(?=\D*\Z)")
_WORDY = re.compile(r"text|_\d|(?<![\\A-Za-z])[A-Za-z]{4,}")

Pair = tuple[str, str]


def measure() -> list[Row]:
    if not DATASETS.is_dir():
        print(f"No data sets at {DATASETS}: only the hostile cases are measured.", file=sys.stderr)
        return hostile()
    logging.disable(logging.WARNING)
    return [*self_checks(), *agreement(), *throughput(), *distinct(), *hostile()]


def _as_math(gold: str) -> str:
    """A reference in dollars; one that has its own dollars as it stands."""
    return gold if "$" in gold else f"${gold}$"


def bare(gold: str, predicted: str) -> bool:
    """Math-Verify as its README has it."""
    from math_verify import parse, verify

    return verify(parse(gold), parse(predicted))


def self_checks() -> list[Row]:
    """Every reference against itself, dollars against a box, the shortcuts off; the baseline is
    bare Math-Verify.

    Whether answers are equal is asked, not how fast: a pair may take a minute, so that a busy
    machine changes no share.
    """
    rows, failures = [], []
    for name in PROBLEM_FILES:
        golds = [problem.answer for problem in read_problems(DATASETS / f"{name}.jsonl").problems]
        pairs = [(_as_math(gold), rf"\boxed{{{gold}}}") for gold in golds]
        with Grader(N_WORKERS, timeout_s=60, rules="unaided") as grader:
            verdicts = grader.grade_many(pairs)
        failures += [
            (name, gold, v.status, v.reason) for gold, v in zip(golds, verdicts) if not v.correct
        ]
        share = sum(v.correct for v in verdicts) / len(golds)
        plain = sum(bare(*pair) for pair in pairs) / len(golds)
        rows.append(against(f"grading: {name} equals itself", [share], [plain], "share"))
    table(f"References that do not equal themselves: {len(failures)}", failures)
    return rows


def _lines(name: str) -> list[dict]:
    return [
        json.loads(line)
        for line in (DATASETS / name).read_text("utf-8").split("\n")
        if line.strip()
    ]


def gsm8k_panel() -> tuple[list[Pair], list[bool]]:
    """The recorded solutions of four solvers, and the flags they came with."""
    rows = _lines("gsm8k_recorded_solutions.jsonl")
    solved = [
        (row["ground_truth"], one) for row in rows for one in row.values() if isinstance(one, dict)
    ]
    return [(gold, one["solution"]) for gold, one in solved], [
        one["is_correct"] for _, one in solved
    ]


def math_responses() -> tuple[list[Pair], list[bool]]:
    """The recorded responses to 100 MATH problems, eight each, and the flags they came with."""
    rows = _lines("math_recorded_responses_100x8.jsonl")
    pairs = [(row["gt"], response) for row in rows for response in row["code"]]
    return pairs, [flag for row in rows for flag in row["score"]]


def agreement() -> list[Row]:
    """Share of recorded responses whose verdict is the flag they came with."""
    rows = []
    for name, (pairs, flags) in (
        ("GSM8K panel", gsm8k_panel()),
        ("MATH 100 × 8", math_responses()),
    ):
        with Grader(N_WORKERS) as grader:
            verdicts = grader.grade_many(pairs)
        others = [
            (
                gold,
                verdict.predicted,
                f"recorded {'correct' if flag else 'wrong'}",
                verdict.status,
                verdict.reason,
            )
            for (gold, _), flag, verdict in zip(pairs, flags, verdicts)
            if verdict.correct != flag
        ]
        table(f"{name}: {len(others)} verdicts are not the recorded flag", others)
        rows.append(
            alone(f"grading: {name}, verdict is the flag", [1 - len(others) / len(pairs)], "share")
        )
    return rows


def _ours(pairs: list[Pair]) -> tuple[float, list[Verdict]]:
    """Seconds and verdicts of a grader whose processes run but have seen nothing yet."""
    with Grader(N_WORKERS) as grader:
        grader.grade_many([("x+1", rf"\boxed{{x+{n}+1}}") for n in range(2 * N_WORKERS)])
        started = time.perf_counter()
        verdicts = grader.grade_many(pairs)
        return time.perf_counter() - started, verdicts


def _theirs(pairs: list[Pair]) -> tuple[list[float], list[bool]]:
    """Seconds per pair and verdicts of bare Math-Verify on the extracted answers; a response
    without one is not parsed.
    """
    seconds, verdicts = [], []
    for gold, response in pairs:
        wanted, answer = reference_answer(gold), extract_answer(response)
        started = time.perf_counter()
        verdicts.append(answer is not None and bare(rf"\boxed{{{wanted}}}", rf"\boxed{{{answer}}}"))
        seconds.append(time.perf_counter() - started)
    return seconds, verdicts


def distinct_pairs() -> list[tuple[Pair, bool]]:
    """Pairs of a reference that is no whole number and an answer, no answer twice, and whether they
    are equal as they are built: formulas in another dress, neighbours whose last digit is another
    one, and other references.
    """
    golds = {
        written_alike(reference_answer(problem.answer)): problem.answer
        for name in PROBLEM_FILES
        for problem in read_problems(DATASETS / f"{name}.jsonl").problems
        if not _is_integer(problem.answer)
    }
    texts = [gold for gold in golds if gold and len(gold) < 200]
    answers = {gold: rf"\displaystyle {gold}\,+0" for gold in texts if _is_formula(gold)}
    pairs = [(gold, answer, True) for gold, answer in answers.items()]
    neighbours = {_neighbour(gold): gold for gold in texts}
    pairs += [(gold, other, False) for other, gold in neighbours.items() if other not in golds]
    pairs += [(gold, other, False) for gold, other in zip(texts[::6], texts[1::6])]
    return [((gold, rf"\boxed{{{answer}}}"), equal) for gold, answer, equal in pairs]


def _neighbour(gold: str) -> str:
    """The same text with another last digit, never zero."""
    return _LAST_DIGIT.sub(lambda digit: str(int(digit.group()) % 9 + 1), gold)


def _is_formula(gold: str) -> bool:
    return not set(gold) & set("=,<>:&% ") and not _WORDY.search(gold)


def _cpu_s() -> float:
    """Seconds of this process and of those it waited for."""
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in usage)


REVIEWED = {
    "The same stand": "yes and no count, what is said behind them does not",
    "Checking took longer": "a time-out is no verdict, and not correct",
    "+0": "not a formula: with + 0 behind it, it is none either",
}
"""Why verdicts on distinct pairs may be others than as built: read one by one, by what the reason
or the pair holds.
"""


def distinct() -> list[Row]:
    """Distinct LaTeX pairs per CPU second, start of the processes included, and the share whose
    verdict is as the pair was built. Those that are not, and why, go to standard error.
    """
    built = distinct_pairs()
    pairs, equal = [pair for pair, _ in built], [is_equal for _, is_equal in built]
    started = _cpu_s()
    with Grader(N_WORKERS) as grader:
        verdicts = grader.grade_many(pairs)
    ours_s, started = _cpu_s() - started, time.process_time()
    _, plain = _theirs(pairs)
    theirs_s = time.process_time() - started
    others = [
        (_why(pair, verdict), *pair, verdict.status, verdict.reason)
        for pair, verdict, is_equal in zip(pairs, verdicts, equal)
        if verdict.correct != is_equal
    ]
    table(f"Distinct pairs whose verdict is not as built: {len(others)}", sorted(others))
    n, as_built = len(pairs), [1 - len(others) / len(pairs)]
    bare_share = sum(is_it == is_equal for is_it, is_equal in zip(plain, equal)) / n
    unexplained = sum(why == "" for why, *_ in others)
    return [
        against(
            f"grading: {n:,} distinct LaTeX pairs per CPU second",
            [n / ours_s],
            [n / theirs_s],
            "1/s",
        ),
        against("grading: distinct pairs, verdict as built", as_built, [bare_share], "share"),
        alone("grading: others, not on the reviewed list", [unexplained], "pairs"),
    ]


def _why(pair: Pair, verdict: Verdict) -> str:
    """The reviewed reason of a verdict that is not as built; empty where there is none."""
    text = " ".join((*pair, verdict.reason))
    return next((why for mark, why in REVIEWED.items() if mark in text), "")


def _is_integer(gold: str) -> bool:
    return reference_answer(gold).replace(",", "").lstrip("-").isdigit()


def throughput() -> list[Row]:
    """All recorded responses, and those with another reference than an integer: responses per
    second, interleaved.
    """
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
        (
            reference_answer(gold),
            verdict.predicted,
            "bare: correct" if other else "bare: wrong",
            verdict.status,
            verdict.reason,
        )
        for (gold, _), verdict, other in zip(pairs, verdicts, plain)
        if verdict.correct != other
    )
    table(
        f"Verdicts that bare Math-Verify does not share: {differing.total()}, of {len(differing)}"
        " pairs",
        [(n, *what) for what, n in differing.most_common()],
    )
    return [
        against(f"grading: {len(pairs):,} recorded responses", *rates["all"], "1/s"),
        against(f"grading: {len(harder):,} with non-integer gold", *rates["harder"], "1/s"),
    ]
