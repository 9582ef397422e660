"""How far a job is, and what is left of all it does."""

import pytest

from engine.events import (
    Decoding,
    Graded,
    Loading,
    OptimiserStep,
    Planned,
    Sampled,
    Scored,
    Seated,
)
from engine.jobs.pace import SAMPLED, SCORED, Pace, Stage, said
from engine.types import InFlight, Response, StepScores, Verdict

TOTAL = 360
BATCH = [Response("p", i, 0, "", "stop", 1) for i in range(12)]
KEYS = [("p", i) for i in range(12)]
VERDICTS = [(key, Verdict(True, "1", "correct")) for key in KEYS]
SCORES = [(key, StepScores((0.5,))) for key in KEYS]


def begun(*, scored: bool = True, in_turn: bool = False) -> Pace:
    pace = Pace("job")
    pace.note(Planned(TOTAL, 0, "responses", 0, 0 if scored else None), 0.0)
    pace.note(Seated(in_turn), 0.0)
    return pace


def side_by_side(sample_s: float, score_s: float, load_s: float = 0.0):
    """(time, event) of 30 batches whose scores take their own time, one after the other."""
    sampled = [(load_s + sample_s * (i + 1), Sampled("s", BATCH, sample_s)) for i in range(30)]
    scored, free = [], 0.0
    for at, _ in sampled:
        free = max(free, at) + score_s
        scored.append((free, Scored("s", "prm", SCORES, score_s)))
    graded = [(at + 0.01, Graded("s", VERDICTS, 0.01)) for at, _ in sampled]
    return sorted([*sampled, *scored, *graded], key=lambda pair: pair[0])


@pytest.mark.parametrize(("sample_s", "score_s"), [(2.0, 4.0), (4.0, 0.5), (2.0, 2.1)])
def test_the_end_that_is_expected_hardly_moves_and_loading_is_no_part_of_it(sample_s, score_s):
    events = side_by_side(sample_s, score_s, load_s=60)
    pace, end = begun(), events[-1][0]
    pace.note(Loading(("the policy",)), 0.0)
    expected = []
    for at, event in events:
        pace.note(event, at)
        for look in (at, at + sample_s / 2):
            left = pace.left_s(look)
            if left is not None:
                expected.append(look + left)
    assert len(expected) > 100
    assert all(0.85 * end < 60 + (at - 60) < 1.15 * end for at in expected)


def test_the_bar_is_full_when_the_last_score_is_there_not_the_last_response():
    pace = begun()
    events = side_by_side(1.0, 4.0)
    for at, event in events[:-1]:
        pace.note(event, at)
    assert pace.stages["sampled"].n_done == TOTAL and pace.share() == 348 / 360
    assert said(pace, events[-2][0]).startswith("360 of 360 responses sampled, 360 graded, 348 sco")
    pace.note(events[-1][1], events[-1][0])
    assert pace.share() == 1.0


def test_in_turn_nothing_is_promised_before_the_first_score_and_then_all_counts():
    pace = begun(in_turn=True)
    for at in range(1, 16):
        pace.note(Sampled("s", BATCH, 1.0), float(at))
        pace.note(Graded("s", VERDICTS, 0.1), float(at))
    assert pace.share() == pytest.approx((0.5 + 0.5 + 0) / 3) and pace.left_s(15.0) is None
    assert said(pace, 15.0).endswith("15 s of sampling left, then scoring")
    for at in range(16, 31):
        pace.note(Sampled("s", BATCH, 1.0), float(at))
        pace.note(Graded("s", VERDICTS, 0.1), float(at))
    pace.note(Loading(("the reward model",)), 30.0)
    assert said(pace, 40.0).endswith("loading the reward model")
    pace.note(Scored("s", "prm", SCORES, 3.0), 50.0)
    assert pace.left_s(50.0) == pytest.approx(29 * 3.0)


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ([Loading(("the policy",))], "0 of 360 responses · loading the policy"),
        (
            [Loading(("the policy", "the reward model"))],
            "0 of 360 responses · loading the policy and the reward model",
        ),
        (
            [Loading(()), Decoding(InFlight(128, 5120))],
            "0 of 360 responses · 128 running, 5,120 tokens sampled",
        ),
        ([Decoding(InFlight(128, None))], "0 of 360 responses · 128 running"),
        (
            [Sampled("s", BATCH, 6.0), Graded("s", VERDICTS, 0.1), Decoding(InFlight(9, 70))],
            "12 of 360 responses · 9 running, 70 tokens sampled · 2.0 responses/s · 3 min left",
        ),
    ],
)
def test_what_is_loaded_and_what_runs_is_said_before_a_response_has_finished(events, words):
    pace = begun(scored=False)
    for event in events:
        pace.note(event, 1.0)
    assert said(pace, 1.0) == words


def test_time_left_runs_down_until_the_next_batch_is_due_and_then_waits_for_it():
    pace = begun(scored=False)
    pace.note(Sampled("s", BATCH, 10.0), 10.0)
    pace.note(Graded("s", VERDICTS, 0.1), 10.0)
    assert [pace.left_s(at) for at in (10.0, 15.0, 20.0, 500.0)] == [290, 285, 280, 280]


def test_refused_prompts_take_no_time_and_say_nothing_of_the_rate():
    pace = begun()
    pace.note(Scored("s", "prm", SCORES), 5.0)
    assert pace.left_s(5.0) is None and pace.stages["scored"].n_done == 12


def test_a_resumed_attempt_counts_what_was_there_but_not_into_its_rate():
    pace = Pace("job")
    pace.note(Planned(TOTAL, 180, "responses", 170, None), 0.0)
    pace.note(Sampled("s", BATCH, 6.0), 6.0)
    pace.note(Graded("s", VERDICTS, 0.1), 6.0)
    assert pace.share() == 182 / 360 and pace.per_s() == 2.0


def test_a_training_counts_steps_from_the_first_and_says_what_comes_before_and_behind():
    pace = Pace("job")
    assert said(pace, 99.0) == "loading the model"
    pace.note(Planned(4, 0, "steps"), 100.0)
    pace.note(OptimiserStep(1, 4, {"loss": 0.7}), 110.0)
    assert said(pace, 110.0) == "1 of 4 steps · 0.1 steps/s · 30 s left"
    for step in (2, 3, 4):
        pace.note(OptimiserStep(step, 4, {"loss": 0.7}), 100.0 + 10 * step)
    assert said(pace, 140.0) == "4 of 4 steps · saving the policy"


def test_it_is_said_when_sampling_waits_for_scoring():
    slow = Pace("job", n_total=100, unit="responses")
    slow.stages = {SAMPLED: Stage(10, 10, 1.0), SCORED: Stage(10, 10, 3.0)}
    assert "sampling waits for scoring, which takes 3.0 times as long" in said(slow, 0.0)
    slow.in_turn = True
    assert "waits for scoring" not in said(slow, 0.0)
    quick = Pace("job", n_total=100, unit="responses")
    quick.stages = {SAMPLED: Stage(10, 10, 3.0), SCORED: Stage(10, 10, 1.0)}
    assert quick.scoring_is_slower() is None and Pace("job").scoring_is_slower() is None
