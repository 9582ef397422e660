"""What crosses a worker's pipe, a line each: calls, their results, and short messages. Arguments
and results are JSON, and the engine's own records again on the other side.

A line with records begins with a mark, so that they are read as records at once. Texts that UTF-8
cannot hold, such as half a surrogate pair out of a server's answer, take Python's own JSON, which
escapes them.
"""

import json
from functools import cache
from typing import Any

from engine.events import (
    CheckpointKept,
    CheckpointSaved,
    Drawn,
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
    | Drawn
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


def message_line(message: dict[str, Any]) -> bytes:
    """A short message."""
    return json.dumps(message).encode() + b"\n"


def call_line(method: str, arguments: tuple) -> bytes:
    """A call with its arguments."""
    return b">%s %s\n" % (method.encode(), _dumped("arguments", method, arguments))


def result_line(method: str, result: Any) -> bytes:
    """One result of a call."""
    return b"=%s\n" % _dumped("result", method, result)


def read_call(line: bytes) -> tuple[str, tuple] | None:
    """(method, arguments); None for a line that is a message."""
    if not line.startswith(b">"):
        return None
    method, _, arguments = line[1:].partition(b" ")
    return method.decode(), _loaded("arguments", method.decode(), arguments)


def read_result(method: str, line: bytes) -> tuple[Any] | None:
    """The result alone; None for a line that is a message."""
    return (_loaded("result", method, line[1:]),) if line.startswith(b"=") else None


def _dumped(kind: str, method: str, value: Any) -> bytes:
    from pydantic_core import PydanticSerializationError, to_json

    try:
        return to_json(value, inf_nan_mode="constants")
    except PydanticSerializationError:
        plain = _adapter(kind, method).dump_python(value, mode="python", warnings=False)
        return json.dumps(plain).encode()


def _loaded(kind: str, method: str, text: bytes) -> Any:
    from pydantic import ValidationError

    try:
        return _adapter(kind, method).validate_json(text)
    except ValidationError:
        return _adapter(kind, method).validate_python(json.loads(text))
