"""The respond phase with hand-written backends: what is owed is answered, in an order that the
store can rely on.
"""

import threading

import pytest

from engine.errors import RewardModelError, SamplerError
from engine.events import Decoding, Graded, Loading, Sampled, Scored, Settled
from engine.grading import Grader
from engine.jobs.respond import Owed, respond
from engine.study.sample_sets import sample_set
from engine.types import (
    InFlight,
    Purpose,
    Request,
    Response,
    SamplingSettings,
    StepScores,
)

SAMPLES = sample_set(
    policy_id="m0",
    purpose=Purpose.PRESAMPLE,
    iteration=0,
    seed=0,
    settings=SamplingSettings(),
    sampler="fake",
)


class FakeSampler:
    """Answers 7 to everything, a few requests at a time; notes what became of it."""

    def __init__(self, batch_size=3, fail_after=None):
        self.batch_size, self.fail_after, self.n_yielded, self.ended = (
            batch_size,
            fail_after,
            0,
            False,
        )

    def sample(self, requests, settings):
        try:
            for start in range(0, len(requests), self.batch_size):
                if start == self.fail_after:
                    raise SamplerError("The fake gave up.")
                self.n_yielded += 1
                yield [
                    Response(r.problem_id, r.index, r.seed, r"\boxed{7}", "stop", 1)
                    for r in requests[start:][: self.batch_size]
                ]
        finally:
            self.ended = True


class FakeReward:
    """Half a point for everything; keeps what it was asked."""

    def __init__(self):
        self.asked = []

    def score(self, items):
        self.asked += items
        return [StepScores((0.5,)) for _ in items]


@pytest.fixture(scope="module")
def grader():
    with Grader(n_workers=1) as grader:
        yield grader


def owed(n: int, **leftovers) -> Owed:
    requests = [Request(f"p{i // 2}", i % 2, i, f"Q{i // 2}\n") for i in range(n)]
    ids = [f"p{i}" for i in range(10)]
    return Owed(
        SAMPLES,
        requests,
        answers={id: "7" if id != "p1" else "8" for id in ids},
        prompts={id: f"Q{id[1:]}\n" for id in ids},
        prm_id="prm",
        **leftovers,
    )


def keys(events, kind) -> list:
    rows = {
        Sampled: lambda e: [(r.problem_id, r.index) for r in e.responses],
        Graded: lambda e: [k for k, _ in e.verdicts],
        Scored: lambda e: [k for k, _ in e.scores],
    }[kind]
    return [key for event in events if isinstance(event, kind) for key in rows(event)]


def never():
    raise AssertionError("opened, though nothing was owed to it")


def test_every_request_is_answered_graded_and_scored_once(grader):
    events = list(respond(owed(10), FakeSampler, grader, FakeReward))
    wanted = sorted((f"p{i // 2}", i % 2) for i in range(10))
    for kind in (Sampled, Graded, Scored):
        assert sorted(keys(events, kind)) == wanted
    verdicts = {key: v.correct for e in events if isinstance(e, Graded) for key, v in e.verdicts}
    assert {key[0] for key, correct in verdicts.items() if not correct} == {"p1"}
    stored = [e for e in events if isinstance(e, Sampled | Graded | Scored)]
    assert {e.sample_set_id for e in stored} == {SAMPLES.id} and {
        e.prm_id for e in events if isinstance(e, Scored)
    } == {"prm"}


def test_a_response_is_sampled_before_it_is_graded_or_scored(grader):
    seen = set()
    for event in respond(owed(10), FakeSampler, grader, FakeReward):
        if isinstance(event, Sampled):
            seen |= set(keys([event], Sampled))
        elif isinstance(event, Graded | Scored):
            assert set(keys([event], type(event))) <= seen
    assert len(seen) == 10


def test_the_reward_model_reads_the_prompt_and_the_response(grader):
    reward = FakeReward()
    list(respond(owed(2), FakeSampler, grader, lambda: reward))
    assert reward.asked == [("Q0\n", r"\boxed{7}")] * 2


def test_a_reward_model_that_scores_answers_reads_what_stands_behind_the_thinking(grader):
    text, reward = r"6 * 7</think>\boxed{7}", FakeReward()

    class Thinks(FakeSampler):
        def sample(self, requests, settings):
            for r in requests:
                yield [Response(r.problem_id, r.index, 0, text, "stop", 1, None, text.index("\\"))]

    list(respond(owed(1, scored="answer"), Thinks, grader, lambda: reward))
    list(respond(owed(1), Thinks, grader, lambda: reward))
    assert reward.asked == [("Q0\n", r"\boxed{7}"), ("Q0\n", text)]


def test_what_a_crash_left_without_verdict_or_score_is_finished(grader):
    leftovers = {
        "ungraded": [("p8", 0, r"\boxed{7}"), ("p1", 5, r"\boxed{7}")],
        "unscored": [("p9", 1, "words")],
    }
    events = list(respond(owed(2, **leftovers), FakeSampler, grader, FakeReward))
    assert set(keys(events, Graded)) == {("p0", 0), ("p0", 1), ("p8", 0), ("p1", 5)}
    assert set(keys(events, Scored)) == {("p0", 0), ("p0", 1), ("p9", 1)}
    assert set(keys(events, Sampled)) == {("p0", 0), ("p0", 1)}


def test_leftovers_alone_open_no_sampler_and_nothing_owed_opens_nothing(grader):
    events = list(respond(owed(0, unscored=[("p9", 1, "words")]), never, grader, FakeReward))
    assert keys(events, Scored) == [("p9", 1)]
    assert list(respond(owed(0), never, grader, never)) == [Settled(owed(0).samples.id)]


def test_a_sampler_that_is_faster_than_the_scoring_waits_for_it(grader, monkeypatch):
    monkeypatch.setattr("engine.jobs.respond.MAX_WAITING", 4)
    all_sampled = threading.Event()

    class Fast(FakeSampler):
        def sample(self, requests, settings):
            yield from super().sample(requests, settings)
            all_sampled.set()

    class Slow(FakeReward):
        ran_ahead = False

        def score(self, items):
            self.ran_ahead |= not self.asked and all_sampled.wait(timeout=1)
            return super().score(items)

    reward = Slow()
    events = list(respond(owed(20), lambda: Fast(1), grader, lambda: reward))
    assert not reward.ran_ahead and len(keys(events, Scored)) == 20


def test_without_a_reward_model_responses_are_graded_only(grader):
    plain = Owed(SAMPLES, owed(4).requests, answers={"p0": "7", "p1": "7"})
    events = list(respond(plain, FakeSampler, grader, never))
    assert len(keys(events, Graded)) == 4 and keys(events, Scored) == []


def test_closing_gives_up_what_is_left_and_ends_the_sampler(grader):
    sampler = FakeSampler(batch_size=1)
    phase = respond(owed(20), lambda: sampler, grader, FakeReward)
    next(phase)
    phase.close()
    assert sampler.ended and sampler.n_yielded <= 4


def test_the_sampler_goes_on_while_the_batch_before_is_scored(grader):
    second_batch = threading.Event()

    class Telling(FakeSampler):
        def sample(self, requests, settings):
            for batch in super().sample(requests, settings):
                if self.n_yielded == 2:
                    second_batch.set()
                yield batch

    class Waiting(FakeReward):
        def score(self, items):
            assert second_batch.wait(timeout=30), "scoring held the sampler up"
            return super().score(items)

    assert len(keys(respond(owed(6), Telling, grader, Waiting), Scored)) == 6


def test_a_sampler_that_gives_up_raises_after_what_it_had_finished(grader):
    phase, seen = respond(owed(9), lambda: FakeSampler(fail_after=6), grader, FakeReward), []
    with pytest.raises(SamplerError, match="gave up"):
        for event in phase:
            seen.append(event)
    assert len(keys(seen, Sampled)) == 6


def test_a_reward_model_that_cannot_be_opened_raises_its_own_error(grader):
    def broken():
        raise RewardModelError("No such model.")

    with pytest.raises(RewardModelError, match="No such model"):
        list(respond(owed(9), FakeSampler, grader, broken))


class SlowSampler(FakeSampler):
    """Says what it is at, and finishes nothing before that was seen."""

    def __init__(self):
        super().__init__()
        self.in_flight = InFlight(2, 40)
        self.was_seen = threading.Event()

    def sample(self, requests, settings):
        assert self.was_seen.wait(timeout=60)
        yield from super().sample(requests, settings)


def test_while_no_response_finishes_it_is_said_what_the_sampler_is_at(grader, monkeypatch):
    monkeypatch.setattr("engine.jobs.respond.LOOK_S", 0.01)
    sampler, events = SlowSampler(), []
    for event in respond(owed(2), lambda: sampler, grader, FakeReward):
        events.append(event)
        if isinstance(event, Decoding):
            sampler.was_seen.set()
    assert events[0] == Loading(("the policy",)) and Loading(()) in events
    assert [e for e in events if isinstance(e, Decoding)] == [Decoding(InFlight(2, 40))]
    assert events.index(Decoding(InFlight(2, 40))) < kinds(events).index(Sampled)


def kinds(events) -> list[type]:
    return [type(event) for event in events]


class Ready(FakeReward):
    """Scores in its own time: loaded when somebody has seen that it is not."""

    def __init__(self):
        super().__init__()
        self.was_seen = threading.Event()

    def load(self):
        assert self.was_seen.wait(timeout=60)


def test_loading_is_said_and_its_seconds_are_not_counted_as_work(grader, monkeypatch):
    monkeypatch.setattr("engine.jobs.respond.LOOK_S", 0.01)
    reward, events = Ready(), []
    for event in respond(owed(2), FakeSampler, grader, lambda: reward):
        events.append(event)
        if event == Loading(("the reward model",)):
            reward.was_seen.set()
    assert Loading(("the reward model",)) in events and events[-1] != Loading(("the policy",))
    assert all(e.worked_s > 0 for e in events if isinstance(e, Sampled | Graded | Scored))
