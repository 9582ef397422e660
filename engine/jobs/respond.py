"""The respond phase: a generator of events over whatever backends it is given.

It knows no store and no process: it is handed what is owed, and it says what happened. It keeps the
sampler busy: while it fills the next batch, the one before is graded and scored.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from engine.events import Decoding, Event, Graded, Key, Sampled, Scored, Text
from engine.grading import Grader
from engine.grading.extraction import DEFAULT, Extraction
from engine.rewards import RewardModel
from engine.samplers import Sampler
from engine.types import InFlight, Reference, Request, Response, SampleSet, ScoredPart, StepScores

LOOK_S = 2.0
"""After which it is said what the sampler is at, where nothing else has happened."""

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
    with (
        _Judging(owed, grader, reward_model) as judging,
        ThreadPoolExecutor(1, "sampler") as sampling,
    ):
        judging.begin_with_leftovers()
        yield from _unscorable(owed, owed.refused)
        opened = sampler() if owed.requests else None
        batches = iter(opened.sample(owed.requests, owed.samples.settings) if opened else ())
        in_flight: InFlight | None = None
        following = sampling.submit(next, batches, None)
        while following or judging.waiting:
            done, _ = wait(
                [*judging.waiting, *([following] if following else [])],
                timeout=LOOK_S,
                return_when=FIRST_COMPLETED,
            )
            known, in_flight = in_flight, getattr(opened, "in_flight", None)
            if not done and in_flight is not None and in_flight != known:
                yield Decoding(in_flight)
            if following in done:
                batch: list[Response] | None = following.result()
                following = sampling.submit(next, batches, None) if batch is not None else None
                if batch:
                    yield Sampled(owed.samples.id, batch)
                    refused = [r for r in batch if r.finish_reason == "refused"]
                    judging.grade([(r.problem_id, r.index, r.answer) for r in batch])
                    read = [r for r in batch if r.finish_reason != "refused"]
                    judging.score([(r.problem_id, r.index, _scored(r, owed)) for r in read])
                    yield from _unscorable(owed, [(r.problem_id, r.index) for r in refused])
            yield from judging.finished(done)


def _unscorable(owed: Owed, refused: Sequence[Key]) -> Iterator[Event]:
    """A prompt that was refused has no reward, so that its problem is pending and never taken for
    an Outlier.
    """
    if refused and owed.prm_id is not None:
        yield Scored(
            owed.samples.id, owed.prm_id, [(key, StepScores((), "too_long")) for key in refused]
        )


class _Judging:
    """Verdicts and step scores in flight."""

    def __init__(self, owed: Owed, grader: Grader, reward_model: Callable[[], RewardModel]):
        self._owed, self._grader, self._open_reward_model = owed, grader, reward_model
        self._scoring = ThreadPoolExecutor(1, "reward")
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
            rows = list(zip(keys, future.result()))
            if prm_id is None:
                yield Graded(self._owed.samples.id, rows)
            else:
                yield Scored(self._owed.samples.id, prm_id, rows)

    def _score(self, items: list[tuple[str, str]]):
        return self._open_reward_model().score(items)


def _scored(response: Response, owed: Owed) -> str:
    return response.text if owed.scored == "response" else response.answer


def _keys(texts: Sequence[Text]) -> list[Key]:
    return [(problem_id, index) for problem_id, index, _ in texts]
