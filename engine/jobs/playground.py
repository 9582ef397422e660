"""One question to one or two policies, now: sampled by the real backends, graded, and kept by
nobody but the asker.

It is not a job: bounded in size, refused while a job computes, and queued jobs wait until it ends.
Nothing of it enters the store.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from engine.config.backends import opening_options, reads_as
from engine.config.splitter import BLANK_LINE, Splitter
from engine.errors import ConfigError, EngineError, in_one_line
from engine.grading import grade
from engine.jobs.owed import policy_backend, reward_backend
from engine.jobs.runner import JobRunner
from engine.method.prompts import check_template, fill
from engine.placement import Backend, Placement
from engine.problems import problem_id
from engine.study import sources
from engine.study.handle import Iteration
from engine.study.sample_sets import requests, sample_set
from engine.types import (
    Aggregation,
    Purpose,
    Reference,
    Response,
    SamplingSettings,
    ScoredPart,
    StepScores,
    Verdict,
)

MOST_RESPONSES = 16
"""Per policy."""
MOST_CHARS = 8_000
"""Of the question."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A policy that is asked."""

    policy_id: str
    backend: Backend
    """The sampler. That of a run's jobs, so that one that is still warm answers."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and how the answers are drawn. The same question, seed and settings give the
    same answers.
    """

    text: str
    answer: str
    """The reference answer; empty: nothing is graded."""
    n: int
    settings: SamplingSettings
    seed: int = 0
    placement: str = "worker"
    reference: Reference | None = None
    """What responses to a problem of a run are checked against; None: the answer, as in maths."""
    scorer: "Scorer | None" = None
    """None: the answers get no step scores."""


@dataclass(frozen=True, slots=True)
class Scorer:
    """The reward model that scores the answers, when all are drawn."""

    backend: Backend
    reads_prompt: bool
    """The prompt as it was sampled from, not the bare question."""
    scored: ScoredPart = "response"
    splitter: Splitter = BLANK_LINE
    aggregation: Aggregation = "min"


@dataclass(frozen=True, slots=True)
class Answer:
    response: Response
    verdict: Verdict | None
    """None where the question has no reference answer."""
    scores: StepScores | None = None
    """None where nothing is scored, or not yet."""


@dataclass
class Exchange:
    """Work in a thread of its own, looked at from others; it ends by itself or when stopped."""

    question: Question
    policies: list[Asked]
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    """By policy id, in the order of their index once done."""
    error: str | None = None
    is_done: bool = False
    is_scoring: bool = False
    """All answers are drawn, and the reward model reads them."""
    _placement: Placement | None = None
    _is_stopped: bool = False

    @property
    def n_total(self) -> int:
        return self.question.n * len(self.policies)

    @property
    def n_done(self) -> int:
        return sum(map(len, self.answers.values()))

    def stop(self) -> None:
        """Give the work in flight up; what was answered stays."""
        self._is_stopped = True
        if self._placement:
            self._placement.abort()


def asked(it: Iteration, policy_id: str) -> Asked:
    """A stored policy, as the jobs of an iteration's run sample it."""
    return Asked(policy_id, policy_backend(it, it.config.sampling.sampler, policy_id))


def asked_folder(it: Iteration, path: str) -> Asked:
    """Any model in a folder, or in the hub's cache by its id, sampled as a run samples.

    Raises: ConfigError where there is none.
    """
    config = replace(it.config, policy=replace(it.config.policy, path=path, revision=None))
    folder, policy_id = sources.policy(config)
    sampler = config.sampling.sampler
    about_set = {"set.policy_id": policy_id, "set.known_as": path}
    return Asked(policy_id, Backend(sampler, folder, opening_options(sampler, config, about_set)))


def scorer(it: Iteration) -> Scorer | None:
    """The reward model of an iteration's run; None where it has none that reads texts."""
    reward = it.config.reward
    if not it.config.has_rewards or reads_as(reward.family) == "key":
        return None
    reads_prompt = reads_as(reward.family) in ("text", "sampled")
    return Scorer(
        reward_backend(it), reads_prompt, reward.scored, reward.splitter, reward.aggregation
    )


def ask(runner: JobRunner, question: Question, policies: list[Asked]) -> Exchange:
    """Begin to draw n responses from every policy, one policy after the other. Returns at once.

    Raises: ConfigError for a question or setting that cannot be used. That a job computes is said
    in the exchange's error.
    """
    _check(question)
    exchange = Exchange(question, policies)
    threading.Thread(target=_work, args=(runner, exchange), name="playground", daemon=True).start()
    return exchange


def _check(q: Question) -> None:
    if not q.text.strip():
        raise ConfigError("The question is empty: write one.")
    if len(q.text) > MOST_CHARS:
        raise ConfigError(
            f"The question has {len(q.text):,} characters: at most {MOST_CHARS:,} are asked here."
        )
    if not 1 <= q.n <= MOST_RESPONSES:
        raise ConfigError(f"The number of responses is {q.n}: it must be 1 to {MOST_RESPONSES}.")
    if q.settings.temperature < 0 or not 0 < q.settings.top_p <= 1:
        raise ConfigError(
            "The temperature must be 0 (greedy) or more, and top_p above 0 and at most 1."
        )
    s = q.settings
    if s.max_new_tokens < 1 or s.top_k < 0 or not 0 <= s.min_p <= 1 or s.repetition_penalty <= 0:
        raise ConfigError(
            "The most tokens must be 1 or more, top_k 0 (all) or more, min_p from 0 to 1, and the"
            " repetition penalty above 0."
        )
    check_template(q.settings.prompt_template)


def _work(runner: JobRunner, exchange: Exchange) -> None:
    try:
        with runner.lend(exchange.question.placement) as placement:
            exchange._placement = placement
            for policy, batch in _drawn(placement, exchange):
                done = exchange.answers.get(policy.policy_id, [])
                exchange.answers[policy.policy_id] = sorted(
                    [*done, *batch], key=lambda answer: answer.response.index
                )
            if exchange.question.scorer and not exchange._is_stopped:
                _score(placement, exchange, exchange.question.scorer)
    except EngineError as error:
        exchange.error = str(error)
    except Exception as error:  # the asker waits for an end, whatever it is
        exchange.error = f"{in_one_line(error)}. This is a fault of the program."
    finally:
        exchange._placement = None
        exchange.error = "Stopped." if exchange._is_stopped else exchange.error
        exchange.is_done = True


def _score(placement: Placement, exchange: Exchange, by: Scorer) -> None:
    """Score all answers; the policies are released first, so that the reward model has room."""
    q = exchange.question
    read = fill(q.settings.prompt_template, q.text) if by.reads_prompt else q.text
    drawn = [(id, answer) for id, own in exchange.answers.items() for answer in own]
    read_answers = [(id, a) for id, a in drawn if a.response.finish_reason != "refused"]
    if not read_answers:
        return
    exchange.is_scoring = True
    placement.release(keep=[by.backend])
    texts = [
        a.response.answer if by.scored == "answer" else a.response.text for _, a in read_answers
    ]
    scores = placement.get(by.backend).score([(read, text) for text in texts])
    by_answer = {
        (id, a.response.index): replace(s, aggregation=by.aggregation)
        for (id, a), s in zip(read_answers, scores)
    }
    for id, own in exchange.answers.items():
        exchange.answers[id] = [
            replace(a, scores=by_answer.get((id, a.response.index))) for a in own
        ]


def _drawn(placement: Placement, exchange: Exchange) -> Iterator[tuple[Asked, list[Answer]]]:
    """Graded batches, policy after policy, until the exchange is stopped."""
    q, id = exchange.question, problem_id(exchange.question.text)
    for policy in exchange.policies:
        placement.release(keep=[policy.backend])
        samples = sample_set(
            policy_id=policy.policy_id,
            purpose=Purpose.PLAYGROUND,
            iteration=0,
            seed=q.seed,
            settings=q.settings,
            sampler=policy.backend.name,
        )
        owed = requests(
            samples,
            {id: fill(q.settings.prompt_template, q.text)},
            [(id, index) for index in range(q.n)],
        )
        for batch in placement.get(policy.backend).sample(owed, q.settings):
            verdicts = (
                grade(q.reference or q.answer, [r.answer for r in batch])
                if q.answer.strip()
                else [None] * len(batch)
            )
            yield policy, [Answer(response, verdict) for response, verdict in zip(batch, verdicts)]
            if exchange._is_stopped:
                return
