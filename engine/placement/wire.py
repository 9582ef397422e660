"""What crosses a worker's pipe: the arguments and results of each call as JSON, and back as the
engine's own records.
"""

from functools import cache
from typing import Any

from engine.events import (
    CheckpointKept,
    CheckpointSaved,
    InterimEvaluated,
    Note,
    OptimiserStep,
    Planned,
    PolicySaved,
    StepsBefore,
)
from engine.training import TrainingTask
from engine.types import Request, Response, SamplingSettings, StepScores

ARGUMENTS: dict[str, Any] = {
    "sample": tuple[list[Request], SamplingSettings],
    "score": tuple[list[tuple[str, str]]],
    "train": tuple[TrainingTask],
}
RESULTS: dict[str, Any] = {
    "open": bool,
    "sample": list[Response],
    "score": list[StepScores],
    "train": Planned
    | StepsBefore
    | OptimiserStep
    | InterimEvaluated
    | CheckpointSaved
    | CheckpointKept
    | PolicySaved
    | Note,
}


@cache
def _adapter(kind: str, method: str):
    from pydantic import TypeAdapter

    return TypeAdapter((ARGUMENTS if kind == "arguments" else RESULTS)[method])


def dump_arguments(method: str, arguments: tuple) -> Any:
    return _adapter("arguments", method).dump_python(arguments, mode="python", warnings=False)


def load_arguments(method: str, plain: Any) -> tuple:
    return _adapter("arguments", method).validate_python(plain)


def dump_result(method: str, result: Any) -> Any:
    return _adapter("result", method).dump_python(result, mode="python", warnings=False)


def load_result(method: str, plain: Any) -> Any:
    return _adapter("result", method).validate_python(plain)
