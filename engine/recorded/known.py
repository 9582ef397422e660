r"""Rows of other trainers' and evaluators' dumps to the plain fields that `shapes` reads. Pure.

Told by columns, once per set of columns; plain rows cost one look-up. The columns of OpenR1,
verl and NeMo Gym were looked up in public code, the others are from what we knew; none is from a
run of ours:

- OpenR1-Math: generations, correctness_math_verify or correctness_llama, finish_reasons.
- verl's rollout and validation dumps: input, output, gts, score, acc.
- TRL's logged completions, and the results of verifiers and prime-rl: prompt, completion, answer,
  reward, is_truncated.
- rLLM's episodes: task, trajectories with steps, is_correct, termination_reason.
- NeMo Gym's rollouts: responses_create_params, response, reward, expected_answer.
- lm-evaluation-harness' samples: doc, target, resps, a metric, filter.

A reward that is 0 or 1 is a flag, because graders write it so; any other is an outcome score.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from engine.problems.chats import is_chat, read_chat, turn_text
from engine.problems.domains import parts_of
from engine.problems.shapes import QUESTION_FIELDS, RowError, kind_of
from engine.recorded.shapes import flag_of

Row = Mapping[str, Any]
METRICS = ("exact_match", "math_verify", "acc", "accuracy", "is_correct")
"""Of lm-evaluation-harness, those that say whether one response is right."""
_TEMPLATE = re.compile(
    r"\A(?:(?:<\|im_start\|>)?system\n.*?\n)?(?:<\|im_start\|>)?user\n(.*?)(?:<\|im_end\|>)?\n"
    r"(?:<\|im_start\|>)?assistant\n?(?:<think>\n?)?\Z",
    re.DOTALL,
)


def flat_recording(row: Any) -> Any:
    """The row under plain names: question, answer, response or responses, correct, reward,
    finish_reason, n_tokens, index.

    Raises: RowError: a known shape with something missing.
    """
    if not isinstance(row, Mapping):
        return row
    reader = _reader(tuple(row))
    return row if reader is None else reader(row)


def is_flat_recording(columns: tuple[str, ...]) -> bool:
    """Whether rows with these columns, or some of them, have plain names already."""
    return _reader(columns) is None


@lru_cache(maxsize=1024)
def _reader(columns: tuple[str, ...]) -> Callable[[Row], Row] | None:
    names = set(columns)
    return next((reader for needed, reader in _SHAPES if needed <= names), None)


def _openr1(row: Row) -> Row:
    flags = row.get("correctness_math_verify") or row.get("correctness_llama")
    plain = {name: row[name] for name in (*QUESTION_FIELDS, "answer", "solution") if name in row}
    return {
        **plain,
        "responses": row["generations"],
        "correct": flags,
        "finish_reason": row.get("finish_reasons"),
    }


def _verl(row: Row) -> Row:
    asked = row["input"]
    inside = _TEMPLATE.match(asked) if isinstance(asked, str) else None
    correct = row.get("acc")
    fields = {
        "question": inside.group(1) if inside else asked,
        "answer": row.get("gts", row.get("ground_truth")),
        "response": row["output"],
    }
    if correct is None:
        return fields | _judged(row.get("score"))
    return fields | {"correct": flag_of(correct, "acc")}


def _judged(reward: Any) -> dict[str, Any]:
    """A reward of 0 or 1 as a flag, any other as an outcome score."""
    if isinstance(reward, list) and len(reward) == 1:
        (reward,) = reward
    is_flag = isinstance(reward, int | float) and reward in (0, 1)
    return {"correct": bool(reward)} if is_flag else {"reward": reward}


def _completions(row: Row) -> Row:
    fields = {name: value for name, value in row.items() if name not in ("completion", "reward")}
    completion = row["completion"]
    if is_chat(completion):
        completion = read_chat(completion, "completion").response
        if completion is None:
            raise RowError("completion", "completion ends without a turn of the model.")
    fields["response"] = completion
    if row.get("is_truncated") is True:
        fields["finish_reason"] = "length"
    return fields | _judged(row.get("reward"))


def _episode(row: Row) -> Row:
    task, trajectories = row["task"], row["trajectories"]
    if not isinstance(task, Mapping):
        raise RowError("task", f"task is {kind_of(task)}; an object with a question is needed.")
    if not trajectories or not trajectories[0].get("steps"):
        raise RowError("trajectories", "trajectories holds no step.")
    last = trajectories[0]["steps"][-1]
    response = last.get("model_response")
    if not response and is_chat(chat := last.get("chat_completions")):
        response = turn_text(chat[-1], "trajectories")
    reason = str(row.get("termination_reason") or "").lower()
    return {
        **task,
        "response": response,
        "correct": row.get("is_correct"),
        "finish_reason": "length" if "length" in reason or "max_" in reason else "stop",
    }


def _gym(row: Row) -> Row:
    asked, answered = row["responses_create_params"], row["response"]
    if not isinstance(asked, Mapping) or not isinstance(answered, Mapping):
        raise RowError("response", "response is no object of the responses API.")
    given = asked.get("input")
    messages = [part for part in answered.get("output") or [] if part.get("type") == "message"]
    usage = answered.get("usage") or {}
    fields = {
        "question": read_chat(given, "input").question if is_chat(given) else given,
        "answer": row.get("expected_answer", row.get("answer")),
        "response": "\n".join(turn_text(message, "response") for message in messages) or None,
        "n_tokens": usage.get("output_tokens"),
        "finish_reason": "length" if answered.get("incomplete_details") else "stop",
    }
    return fields | _judged(row.get("reward"))


def _harness(row: Row) -> Row:
    texts = [text for each in row["resps"] for text in (each if isinstance(each, list) else [each])]
    if not all(isinstance(text, str) for text in texts):
        raise RowError("resps", "resps holds likelihoods and no text: there is no response.")
    metric = next((name for name in METRICS if row.get(name) in (0, 1)), None)
    flags = {"correct": [bool(row[metric])]} if metric and len(texts) == 1 else {}
    return {**_asked(row), "responses": texts, "index": list(range(len(texts)))} | flags


def _asked(row: Row) -> dict[str, Any]:
    """The problem of a harness' document: as a row of its own where it is one."""
    try:
        parts = parts_of(row["doc"])
    except RowError:
        question = row.get("arguments")
        for _ in range(3):
            if isinstance(question, Mapping):
                question = next(iter(question.values()), None)
            elif isinstance(question, list):
                question = question[0] if question else None
        return {"question": question, "answer": row["target"]}
    if parts.domain == "maths":
        return {"question": parts.question, "answer": parts.answer}
    return dict(row["doc"])


_SHAPES: tuple[tuple[set[str], Callable[[Row], Row]], ...] = (
    ({"generations", "finish_reasons"}, _openr1),
    ({"generations", "correctness_math_verify"}, _openr1),
    ({"input", "output", "score"}, _verl),
    ({"input", "output", "gts"}, _verl),
    ({"prompt", "completion"}, _completions),
    ({"task", "trajectories"}, _episode),
    ({"responses_create_params", "response"}, _gym),
    ({"doc", "target", "resps"}, _harness),
)
