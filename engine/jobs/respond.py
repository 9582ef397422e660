"""The respond phase: a generator of events over whatever backends it is given.

It knows no store and no process: it is handed what is owed, and it says what happened. It keeps the
sampler busy: while it fills the next batch, the one before is graded and scored.
"""

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from typing import Any

from engine.events import Decoding, Event, Graded, Key, Loading, Sampled, Scored, Settled, Text
from engine.grading import Grader
from engine.grading.extraction import DEFAULT, Extraction
from engine.rewards import RewardModel
from engine.samplers import Sampler
from engine.types import (
    Aggregation,
    InFlight,
    Reference,
    Request,
    Response,
    SampleSet,
    ScoredPart,
    StepScores,
)

LOOK_S = 2.0
"""After which it is said what the sampler is at, where nothing else has happened."""

MAX_WAITING = 32
"""So many batches are graded and scored at once; with more, the sampler waits with its next one."""

LEFTOVER_BATCH = 256
"""Responses without a verdict or a score are finished in batches of this size: what a crash can
lose.
"""


@dataclass(frozen=True, slots=True)
class Owed:
    """What one sample set still lacks."""

    samples: SampleSet
    requests: list[Request]
    answers: Mapping[str, str | Reference]
    """What responses are checked against, by problem id."""
    rules: Extraction = DEFAULT
    """How the answers of responses are found."""
    prompts: dict[str, str] = field(default_factory=dict)
    """Prompt by problem id, as the reward model reads it; empty if nothing is scored."""
    prm_id: str | None = None
    """None: responses are graded, not scored."""
    scored: ScoredPart = "response"
    aggregation: Aggregation = "min"
    scored_by_key: bool = False
    """The reward model looks recorded scores up: it is handed (problem id, index) instead of
    (prompt, text).
    """
    ungraded: Sequence[Text] = ()
    """Stored responses that a crash left without a verdict."""
    unscored: Sequence[Text] = ()
    refused: Sequence[Key] = ()
    """Stored responses to refused prompts, without the answer that there is no score."""


def respond(
    owed: Owed,
    sampler: Callable[[], Sampler],
    grader: Grader,
    reward_model: Callable[[], RewardModel],
) -> Iterator[Event]:
    """Sample what is owed; grade and score every batch while the next one is sampled.

    Events come in the order of completion; a response's Sampled event always comes before its
    Graded and Scored events. Backends are opened only if something is owed to them. Closing the
    generator gives the work in flight up.
    """
    with _Judging(owed, grader, reward_model) as judging, _Sampling(owed, sampler) as sampling:
        judging.begin_with_leftovers()
        yield from _unscorable(owed, owed.refused)
        loading: tuple[str, ...] = ("the policy",) if owed.requests else ()
        if loading:
            yield Loading(loading)
        in_flight: InFlight | None = None
        while sampling.following or judging.waiting:
            known, loading = loading, sampling.loading + judging.loading
            if loading != known:
                yield Loading(loading)
            awaited = list(judging.waiting)
            if sampling.following and len(awaited) < MAX_WAITING:
                awaited.append(sampling.following)
            done, _ = wait(awaited, timeout=LOOK_S, return_when=FIRST_COMPLETED)
            was, in_flight = in_flight, sampling.in_flight
            if not done and in_flight is not None and in_flight != was:
                yield Decoding(in_flight)
            if sampling.following in done:
                batch, worked_s = sampling.take()
                if batch:
                    yield Sampled(owed.samples.id, batch, worked_s)
                    yield from _hand_on(batch, owed, judging)
            yield from judging.finished(done)
        if loading:
            yield Loading(())
    yield Settled(owed.samples.id)


def _hand_on(batch: list[Response], owed: Owed, judging: "_Judging") -> Iterator[Event]:
    """What was sampled goes to the grader and the reward model; a refused prompt to the grader
    alone.
    """
    judging.grade([(r.problem_id, r.index, r.answer) for r in batch])
    read = [r for r in batch if r.finish_reason != "refused"]
    judging.score([(r.problem_id, r.index, _scored(r, owed)) for r in read])
    refused = [(r.problem_id, r.index) for r in batch if r.finish_reason == "refused"]
    yield from _unscorable(owed, refused)


def _unscorable(owed: Owed, refused: Sequence[Key]) -> Iterator[Event]:
    """A prompt that was refused has no reward, so that its problem is pending and never taken for
    an Outlier.
    """
    if refused and owed.prm_id is not None:
        yield Scored(
            owed.samples.id, owed.prm_id, [(key, StepScores((), "too_long")) for key in refused]
        )


class _Sampling:
    """Batches of responses, the following one always in the making; the policy is opened for the
    first.
    """

    def __init__(self, owed: Owed, sampler: Callable[[], Sampler]):
        self._owed, self._open = owed, sampler
        self._thread = ThreadPoolExecutor(1, "sampler")
        self._sampler: Sampler | None = None
        self._batches: Iterator[list[Response]] | None = None
        self.loading: tuple[str, ...] = ("the policy",) if owed.requests else ()
        self.following: Future | None = None

    def __enter__(self) -> "_Sampling":
        if self._owed.requests:
            self.following = self._thread.submit(self._next)
        return self

    def __exit__(self, *_) -> None:
        self._thread.shutdown(wait=True)
        if isinstance(self._batches, Generator):
            self._batches.close()

    @property
    def in_flight(self) -> InFlight | None:
        return getattr(self._sampler, "in_flight", None)

    def take(self) -> tuple[list[Response] | None, float]:
        """The batch that is done, and the seconds it took; None behind the last one."""
        assert self.following is not None, "a batch is in the making"
        batch, worked_s = self.following.result()
        self.following = self._thread.submit(self._next) if batch is not None else None
        return batch, worked_s

    def _next(self) -> tuple[list[Response] | None, float]:
        if self._batches is None:
            sampler: Sampler = _loaded(self._open)
            self._sampler = sampler
            self._batches = iter(sampler.sample(self._owed.requests, self._owed.samples.settings))
            self.loading = ()
        started = time.monotonic()
        return next(self._batches, None), time.monotonic() - started


class _Judging:
    """Verdicts and step scores in flight."""

    def __init__(self, owed: Owed, grader: Grader, reward_model: Callable[[], RewardModel]):
        self._owed, self._grader, self._open_reward_model = owed, grader, reward_model
        self._scoring = ThreadPoolExecutor(1, "reward")
        self._graded_until = 0.0
        """Up to when the grader's time is counted."""
        self.loading: tuple[str, ...] = ()
        self.waiting: dict[Future, tuple[str | None, list[Key]]] = {}
        """By the work in flight: the reward model that scores, None where the grader grades; and
        whose responses.
        """

    def __enter__(self) -> "_Judging":
        return self

    def __exit__(self, *_) -> None:
        self._scoring.shutdown(wait=False, cancel_futures=True)

    def begin_with_leftovers(self) -> None:
        """Hand in the stored responses that a crash left without a verdict or a score."""
        for start in range(0, len(self._owed.ungraded), LEFTOVER_BATCH):
            self.grade(self._owed.ungraded[start : start + LEFTOVER_BATCH])
        for start in range(0, len(self._owed.unscored), LEFTOVER_BATCH):
            self.score(self._owed.unscored[start : start + LEFTOVER_BATCH])

    def grade(self, texts: Sequence[Text]) -> None:
        if texts:
            if None not in (prm_id for prm_id, _ in self.waiting.values()):
                self._graded_until = time.monotonic()
            future = self._grader.submit(
                [(self._owed.answers[problem_id], text) for problem_id, _, text in texts],
                self._owed.rules,
            )
            self.waiting[future] = None, _keys(texts)

    def score(self, texts: Sequence[Text]) -> None:
        prm_id, by_key = self._owed.prm_id, self._owed.scored_by_key
        if texts and prm_id is not None:
            items = [
                (id, str(index)) if by_key else (self._owed.prompts[id], text)
                for id, index, text in texts
            ]
            self.waiting[self._scoring.submit(self._score, items)] = prm_id, _keys(texts)

    def finished(self, done: set[Future]) -> Iterator[Event]:
        for future in [f for f in self.waiting if f in done]:
            prm_id, keys = self.waiting.pop(future)
            if prm_id is None:
                since, self._graded_until = self._graded_until, time.monotonic()
                rows = list(zip(keys, future.result()))
                yield Graded(self._owed.samples.id, rows, self._graded_until - since)
            else:
                scores, worked_s = future.result()
                yield Scored(self._owed.samples.id, prm_id, list(zip(keys, scores)), worked_s)

    def _score(self, items: list[tuple[str, str]]) -> tuple[list[StepScores], float]:
        self.loading = ("the reward model",)
        model = _loaded(self._open_reward_model)
        self.loading = ()
        started = time.monotonic()
        scores = [replace(s, aggregation=self._owed.aggregation) for s in model.score(items)]
        return scores, time.monotonic() - started


def _loaded(opener: Callable[[], Any]) -> Any:
    """A backend that is ready: one in a child process is waited for."""
    backend = opener()
    getattr(backend, "load", lambda: None)()
    return backend


def _scored(response: Response, owed: Owed) -> str:
    return response.text if owed.scored == "response" else response.answer


def _keys(texts: Sequence[Text]) -> list[Key]:
    return [(problem_id, index) for problem_id, index, _ in texts]
