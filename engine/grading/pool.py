"""Grading many responses: the cheap rules here, everything else in child processes that can be
killed.

It must never import Math-Verify or sympy: children do. One thread per child hands it one pair at a
time. Every pair is read first, which takes milliseconds; what reading leaves open goes to
Math-Verify behind all others, and one child does nothing but read, so no pair waits behind one that
hangs. A child is started when the first pair needs one; problems with plain answers never do.
"""

import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Self

from engine.errors import GradingError
from engine.grading.child import OUT_OF_MEMORY, Rules
from engine.grading.exact import Decision, decide_spelled, too_long
from engine.grading.extraction import (
    DEFAULT,
    NOTHING,
    Extracted,
    Extraction,
    extract,
    reference_answer,
    shown,
)
from engine.grading.process import CheckingProcess, ProcessDied
from engine.grading.spelling import Spelled, spelled
from engine.grading.waiting import Waiting
from engine.types import Verdict, VerdictStatus

_Cheap = Callable[[Spelled, Spelled], Decision | None]

CLOSED = "The grader was closed before this answer was checked."


class _Batch:
    """The verdicts of one submit, filled in from several threads; the future is set with the last
    one.
    """

    def __init__(self, verdicts: list[Verdict | None]) -> None:
        self.future: Future[list[Verdict]] = Future()
        self.future.set_running_or_notify_cancel()
        self._verdicts, self._n_open = verdicts, verdicts.count(None)
        self._lock = threading.Lock()
        if not self._n_open:
            self._set_result()

    def answer(self, pair: "_Pair", status: VerdictStatus, reason: str) -> None:
        with self._lock:
            for place, extracted in pair.places:
                self._verdicts[place] = _verdict(status, extracted, reason)
            self._n_open -= len(pair.places)
            if not self._n_open and not self.future.done():
                self._set_result()

    def _set_result(self) -> None:
        self.future.set_result([verdict for verdict in self._verdicts if verdict is not None])

    def fail(self, error: GradingError) -> None:
        with self._lock:
            if not self.future.done():
                self.future.set_exception(error)


class _Pair:
    """Two answers that need a child, and every place in the batch that waits for the outcome."""

    def __init__(self, gold: str, predicted: str) -> None:
        self.gold, self.predicted = gold, predicted
        self.places: list[tuple[int, Extracted]] = []
        self.batch: _Batch
        self.asked_again = False


class MathsGrader:
    """A pool of checking processes. Use it as a context manager, or call `close`. Safe to use from
    several threads.

    Args:
        n_workers: Child processes, started when needed; None means one per core. Where there are
            several, one more does nothing but read.
        timeout_s: Seconds that Math-Verify may take for one pair; then its child is killed.
        memory_mib: Address space one child may take, in MiB; at least 500.
        rules: "unaided" hands every pair to Math-Verify, so that tests and benchmarks can hold the
            cheap rules to it; "math-verify" hands it the whole texts, for an audit.
    """

    def __init__(
        self,
        n_workers: int | None = None,
        timeout_s: float = 5.0,
        memory_mib: int = 1024,
        *,
        rules: Rules = "ours",
    ) -> None:
        self._n_workers = n_workers or os.cpu_count() or 1
        self._timeout_s, self._memory_mib = timeout_s, memory_mib
        self._rules: Rules = rules
        self._waiting: Waiting[_Pair] = Waiting()
        self._threads: list[threading.Thread] = []
        self._children: dict[int, CheckingProcess] = {}
        self._lock = threading.Lock()
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def child_pids(self) -> list[int]:
        """The process ids of the children that run now."""
        with self._lock:
            return list(self._children)

    def submit(
        self, items: Sequence[tuple[str, str]], rules: Extraction = DEFAULT
    ) -> Future[list[Verdict]]:
        """Grades in the background; the future gives verdicts in order. It cannot be cancelled.

        Extraction and the cheap rules run here, in the caller's thread. Equal pairs of one call are
        checked once.

        Raises:
            GradingError: the grader is closed.
        """
        verdicts: list[Verdict | None] = []
        open_pairs: dict[tuple[str, str], _Pair] = {}
        golds = {gold: spelled(reference_answer(gold)) for gold in {gold for gold, _ in items}}
        for place, (raw_gold, response) in enumerate(items):
            gold, extracted = golds[raw_gold], extract(response, rules)
            compared = spelled(extracted.answer or "")
            verdicts.append(self._without_child(gold, extracted, compared))
            if verdicts[-1] is None:
                is_audit = self._rules == "math-verify"
                texts = (raw_gold, response) if is_audit else (gold.text, compared.text)
                pair = open_pairs.setdefault(texts, _Pair(*texts))
                pair.places.append((place, extracted))
        batch = _Batch(verdicts)
        for pair in open_pairs.values():
            pair.batch = batch
        self._enqueue(list(open_pairs.values()))
        return batch.future

    def close(self) -> None:
        """Ends the children at once; what was not graded yet gets the status "error". Safe to call
        twice.
        """
        with self._lock:
            self._closed = True
            for child in self._children.values():
                child.kill()
            threads, self._threads = self._threads, []
        self._waiting.close()
        for thread in threads:
            thread.join()

    def _without_child(
        self, gold: Spelled, extracted: Extracted, compared: Spelled
    ) -> Verdict | None:
        if self._rules == "math-verify":
            return None
        cheap = decide_spelled if self._rules == "ours" else _only_too_long
        return _cheap_verdict(gold, extracted, compared, cheap)

    def _enqueue(self, pairs: Sequence[_Pair]) -> None:
        with self._lock:
            if self._closed:
                raise GradingError(
                    "The grader is closed and takes no more responses. Make a new one."
                )
            self._waiting.put(pairs)
            n_threads = self._n_workers + (self._n_workers > 1)
            for _ in range(min(n_threads - len(self._threads), len(pairs))):
                only_reads = len(self._threads) == self._n_workers
                thread = threading.Thread(
                    target=self._serve, args=(only_reads,), name="grading", daemon=True
                )
                self._threads.append(thread)
                thread.start()

    def _serve(self, only_reads: bool) -> None:
        """One thread's life: takes pairs until there are none and the grader is closed; owns at
        most one child at a time.
        """
        child: CheckingProcess | None = None
        while (taken := self._waiting.take(unread_only=only_reads)) is not None:
            pair, is_hard = taken
            if self._closed:
                pair.batch.answer(pair, "error", CLOSED)
                continue
            try:
                child = child or self._start()
            except GradingError as error:
                if self._closed:
                    pair.batch.answer(pair, "error", CLOSED)
                else:
                    pair.batch.fail(error)
                continue
            try:
                answer = child.ask(pair.gold, pair.predicted, is_hard=is_hard)
                if answer is None:
                    self._waiting.put_hard(pair)
                else:
                    pair.batch.answer(pair, *answer)
            except (TimeoutError, ProcessDied) as failure:
                status = self._end(child)
                child = None
                if (
                    isinstance(failure, ProcessDied)
                    and status == -signal.SIGKILL
                    and not (pair.asked_again or self._closed)
                ):
                    pair.asked_again = (
                        True  # somebody else killed the child: that says nothing about the answer
                    )
                    self._waiting.put([pair])
                    continue
                pair.batch.answer(pair, *self._lost(failure, status))
        if child:
            self._end(child)

    def _start(self) -> CheckingProcess:
        try:
            child = CheckingProcess(self._timeout_s, self._memory_mib, self._rules)
        except OSError as error:
            raise GradingError(
                f"A grading process could not start: {error}. Free memory or process slots, or"
                " repair the Python installation."
            ) from error
        with self._lock:
            self._children[child.pid] = child
            if self._closed:
                child.kill()
        try:
            child.wait_until_ready()
        except GradingError:
            self._end(child)
            raise
        return child

    def _end(self, child: CheckingProcess) -> int:
        with self._lock:
            self._children.pop(child.pid, None)
        return child.end()

    def _lost(self, failure: Exception, exit_status: int) -> tuple[VerdictStatus, str]:
        if self._closed:
            return "error", CLOSED
        if isinstance(failure, TimeoutError):
            return "timeout", f"Checking took longer than {self._timeout_s:g} s."
        if exit_status == OUT_OF_MEMORY:
            return "error", f"Checking needed more than {self._memory_mib:,} MiB."
        return "error", f"The checking process died (exit status {exit_status})."


def _only_too_long(gold: Spelled, predicted: Spelled) -> Decision | None:
    return too_long(gold.text, predicted.text)


def _cheap_verdict(
    gold: Spelled, extracted: Extracted, compared: Spelled, cheap: _Cheap
) -> Verdict | None:
    """The verdict where no child is needed, else None. `gold` and `compared` are in the common
    spelling.
    """
    if extracted.answer is None or not compared.text:
        why = extracted.rule if extracted.answer is None and extracted.rule else NOTHING
        return Verdict(False, None, "no_answer", f"{why}.{_ran_on(extracted)}")
    if not gold.text:
        return _verdict("error", extracted, "The reference answer is empty.")
    decision = cheap(gold, compared)
    return decision and _verdict(decision.status, extracted, decision.reason)


def _verdict(status: VerdictStatus, extracted: Extracted, reason: str) -> Verdict:
    """The verdict; its reason says where the answer was found, that the response ran on, and where
    the answer holds bytes that are not text.
    """
    predicted = shown(extracted.answer or "")
    source = f" Taken from {extracted.rule}." if extracted.rule else ""
    flag = (
        " It holds characters that are not text; each was replaced by U+FFFD."
        if "\ufffd" in predicted
        else ""
    )
    return Verdict(
        status == "correct", predicted, status, reason + source + _ran_on(extracted) + flag
    )


def _ran_on(extracted: Extracted) -> str:
    return " The response ran on behind the end of its turn." if extracted.ran_on else ""
