"""What goes into a worker's pipe comes out on the other side as it was."""

import math

import pytest

from engine.events import Note, OptimiserStep
from engine.placement import wire
from engine.types import Request, Response, SamplingSettings, StepScores

RESPONSE = Response("p", 3, 2**64 - 1, "a\n\u2028 \u00e4 \U0001f600 \0", "stop", 2, (5, 0, 151_643))
LONE = Response("p", 3, 0, "half \ud800 a pair", "length", 1, None, answer_at=2)


@pytest.mark.parametrize(
    ("method", "result"),
    [
        ("sample", [RESPONSE, LONE]),
        ("sample", []),
        ("score", [StepScores((0.1, 1e-300, 1 / 3)), StepScores((), "too_long")]),
        ("score", [StepScores((math.inf, 0.5))]),
        ("train", OptimiserStep(1, 4, {"loss": 0.1 + 0.2})),
        ("train", Note("=>\n")),
        ("open", True),
    ],
)
def test_results_come_back_equal_in_one_line(method, result):
    line = wire.result_line(method, result)
    assert line.count(b"\n") == 1 and line.endswith(b"\n")
    assert wire.read_result(method, line) == (result,)
    assert wire.read_call(line) is None


def test_scores_that_are_no_numbers_stay_so():
    line = wire.result_line("score", [StepScores((math.nan,))])
    ([scores],) = wire.read_result("score", line)
    assert math.isnan(scores.scores[0])


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("sample", ([Request("p", 0, 2**63, "Q\n\ud800")], SamplingSettings(stop=("\n", "so")))),
        ("score", ([("Q", "a\nb"), ("Q", "")],)),
    ],
)
def test_calls_come_back_equal_in_one_line(method, arguments):
    line = wire.call_line(method, arguments)
    assert line.count(b"\n") == 1 and line.endswith(b"\n")
    assert wire.read_call(line) == (method, arguments)
    assert wire.read_result(method, line) is None


def test_a_message_is_neither():
    line = wire.message_line({"end": True})
    assert wire.read_call(line) is None and wire.read_result("sample", line) is None
