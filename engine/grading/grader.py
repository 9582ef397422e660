"""Grading responses of any domain: maths goes to the pool of checking processes, what is quick is
checked here, and what takes long in threads of its own.
"""

import os
import threading
from collections.abc import Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor

from engine.errors import GradingError
from engine.grading.child import Rules
from engine.grading.domains import CheckedDomain, checked_domains
from engine.grading.extraction import DEFAULT, Extracted, Extraction
from engine.grading.pool import CLOSED, MathsGrader
from engine.types import Reference, Verdict

Item = tuple[str | Reference, str]
"""What a response is checked against (a text is a reference answer of maths), and the response."""


class Grader(MathsGrader):
    """The grader of every domain. Use it as a context manager, or call `close`. Safe to use from
    several threads.
    """

    def __init__(
        self,
        n_workers: int | None = None,
        timeout_s: float = 5.0,
        memory_mib: int = 1024,
        *,
        rules: Rules = "ours",
    ) -> None:
        super().__init__(n_workers, timeout_s, memory_mib, rules=rules)
        self._domains = checked_domains()
        self._slow = ThreadPoolExecutor(n_workers or os.cpu_count() or 1, "checking")

    def grade_many(self, items: Sequence[Item], rules: Extraction = DEFAULT) -> list[Verdict]:
        """Verdicts of (reference, response) pairs, in order. Blocks.

        Args:
            rules: How answers are found in responses.

        Raises:
            GradingError: a domain cannot be checked on this machine, no checking process could be
                started, or the grader is closed.
        """
        return self.submit(items, rules).result()

    def submit(self, items: Sequence[Item], rules: Extraction = DEFAULT) -> Future[list[Verdict]]:
        """Grades in the background; the future gives what `grade_many` returns. It cannot be
        cancelled.

        Raises:
            GradingError: the grader is closed.
        """
        maths: list[tuple[int, tuple[str, str]]] = []
        others: list[tuple[int, Reference, str]] = []
        for place, (gold, response) in enumerate(items):
            reference = Reference(gold) if isinstance(gold, str) else gold
            if reference.domain in self._domains:
                others.append((place, reference, response))
            else:
                maths.append((place, (reference.answer, response)))
        graded = super().submit([pair for _, pair in maths], rules)
        if not others:
            return graded
        joined = _Joined(len(items))
        joined.wait_for(graded, [place for place, _ in maths])
        self._submit_others(joined, others, rules)
        return joined.finished()

    def close(self) -> None:
        """As MathsGrader.close."""
        for domain in self._domains.values():
            domain.stop()
        self._slow.shutdown(cancel_futures=True)
        super().close()

    def _submit_others(
        self, joined: "_Joined", others: list[tuple[int, Reference, str]], rules: Extraction
    ) -> None:
        """What is equal is checked once."""
        slow: dict[tuple[Reference, Extracted], list[int]] = {}
        for place, reference, response in others:
            domain = self._domains[reference.domain]
            extracted = domain.extract(reference, response, rules)
            if domain.is_quick or extracted.answer is None:
                joined.set([place], [domain.check(reference, extracted)])
            else:
                slow.setdefault((reference, extracted), []).append(place)
        for (reference, extracted), places in slow.items():
            checked = self._checked(self._domains[reference.domain], reference, extracted)
            joined.wait_for(checked, places)

    def _checked(
        self, domain: CheckedDomain, reference: Reference, extracted: Extracted
    ) -> "Future[list[Verdict]]":
        try:
            return self._slow.submit(lambda: [domain.check(reference, extracted)])
        except RuntimeError as error:
            raise GradingError(
                "The grader is closed and takes no more responses. Make a new one."
            ) from error


class _Joined:
    """Verdicts of one submit, filled in from several futures."""

    def __init__(self, n: int) -> None:
        self._future: Future[list[Verdict]] = Future()
        self._future.set_running_or_notify_cancel()
        self._verdicts: list[Verdict | None] = [None] * n
        self._lock = threading.Lock()
        self._n_open = 1

    def wait_for(self, future: "Future[list[Verdict]]", places: list[int]) -> None:
        """A single verdict counts for every place."""
        with self._lock:
            self._n_open += 1
        future.add_done_callback(lambda done: self._take(done, places))

    def set(self, places: list[int], verdicts: list[Verdict]) -> None:
        if len(verdicts) == 1:
            verdicts = verdicts * len(places)
        for place, verdict in zip(places, verdicts):
            self._verdicts[place] = verdict

    def finished(self) -> "Future[list[Verdict]]":
        """The future, once everything was handed in."""
        self._count_down()
        return self._future

    def _take(self, done: "Future[list[Verdict]]", places: list[int]) -> None:
        try:
            self.set(places, done.result())
        except CancelledError:
            self.set(places, [Verdict(False, None, "error", CLOSED)])
        except Exception as error:
            with self._lock:
                if not self._future.done():
                    self._future.set_exception(error)
        self._count_down()

    def _count_down(self) -> None:
        with self._lock:
            self._n_open -= 1
            if not self._n_open and not self._future.done():
                self._future.set_result([v for v in self._verdicts if v is not None])
