"""Which part of a recording's row plays which role, said by a person."""

from collections.abc import Mapping
from typing import Any

from engine.errors import ProblemSetError
from engine.problems.mapping import check_mapping, mapped_row
from engine.problems.shapes import ANSWER_FIELDS, QUESTION_FIELDS
from engine.recorded.shapes import FLAG_FIELDS, RESPONSE_FIELDS, SCORE_FIELDS

ROLES = (
    "question",
    "answer",
    "response",
    "correct",
    "finish_reason",
    "step_scores",
    "n_tokens",
    "index",
    "solver",
    "options",
    "tests",
)
"""Question and response are needed, and an answer or tests. The response may be a list; then the
others beside it are lists of the same length. A path like samples[*].text gives a list.
"""
HINTS = {
    "question": (*QUESTION_FIELDS, "instruction", "input", "content"),
    "answer": (*ANSWER_FIELDS, "gts", "target", "reference", "label", "gold"),
    "response": (*RESPONSE_FIELDS, "generated_text", "prediction", "model_response"),
    "correct": (*FLAG_FIELDS, "acc", "correctness"),
    "finish_reason": ("finish_reason", "finish_reasons", "stop_reason"),
    "step_scores": SCORE_FIELDS[:3],
    "n_tokens": ("n_tokens", "num_tokens", "output_tokens"),
    "index": ("sample_index", "rollout_index", "sample_id"),
    "solver": ("solver", "model"),
}


def check_recording_mapping(mapping: Mapping[str, str]) -> None:
    """Raises: ProblemSetError as check_mapping, and for one without a response, or whose response
    is the question.
    """
    check_mapping(mapping, ROLES)
    if not mapping.get("response"):
        raise ProblemSetError("The mapping has no column for the response. Choose one.")
    if mapping["response"] == mapping["question"]:
        raise ProblemSetError(
            f"Question and response are both {mapping['question']}. Choose another column for one"
            " of them."
        )


def mapped_recording(row: Any, mapping: Mapping[str, str]) -> Any:
    """The row under plain names, nothing else of it."""
    if not isinstance(row, Mapping):
        return row
    fields = mapped_row(row, mapping)
    domain = "code" if mapping.get("tests") else "choice" if mapping.get("options") else None
    return {
        **fields,
        **({"domain": domain} if domain else {}),
        **{role: None for role in ("question", "answer") if role not in fields},
    }
