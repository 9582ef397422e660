"""Logs of Inspect (.eval) as rows, through its own library, where that is installed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.errors import RecordedSetError

ENDING = ".eval"
_CORRECT = {"C": True, "I": False, True: True, False: False}


def rows_of_log(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """One row per sample, streamed: question, answer, response, correct, finish_reason, index.

    Raises: RecordedSetError: the library is not installed, or the file is no log.
    """
    try:
        from inspect_ai.log import read_eval_log_samples  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise RecordedSetError(
            f"{path} is a log of Inspect, which only its own library reads: install inspect-ai, or"
            " export the samples as JSONL."
        ) from None
    try:
        for number, sample in enumerate(read_eval_log_samples(str(path)), 1):
            yield number, _row(sample)
    except RecordedSetError:
        raise
    except Exception as error:  # a damaged log raises what it likes
        raise RecordedSetError(
            f"{path} cannot be read as a log of Inspect: {type(error).__name__}: {str(error)[:160]}"
        ) from error


def _row(sample: Any) -> dict[str, Any]:
    asked = sample.input
    if not isinstance(asked, str):
        asked = next((turn.text for turn in reversed(asked) if turn.role == "user"), None)
    choices = sample.output.choices
    value = next((score.value for score in (sample.scores or {}).values()), None)
    is_flag = isinstance(value, str | bool | int | float) and value in _CORRECT
    return {
        "question": asked,
        "answer": sample.target,
        "response": sample.output.completion,
        "correct": _CORRECT[value] if is_flag else None,
        "finish_reason": choices[0].stop_reason if choices else "stop",
        "index": sample.epoch - 1,
    }
