r"""Rows of known data sets to flat fields: question, answer, solution, options, tests. Pure.

A shape is told by its columns, once per set of columns; a row of plain fields costs one look-up.
Shapes and where their columns were read:

- chats: TRL's prompt and completion, `messages`, ShareGPT's `conversations`.
- verl's Parquet: data_source, prompt (a chat), ability, reward_model {style, ground_truth},
  extra_info. The question is extra_info.question where the prompt holds it. DAPO-Math-17k is one of
  them; the instruction around its questions is left out.
- Open-Reasoner-Zero: a list of two turns, the second with ground_truth {value}; on the hub columns
  named 0 and 1.
- SVAMP (Body, Question, Answer), AQuA (options "A)21", correct, rationale), MMLU (choices, answer
  as a place), MMLU-Pro (options, answer, answer_index), APPS (input_output and solutions as JSON),
  HumanEval (prompt, test, entry_point).

NuminaMath-1.5, DeepScaleR, Big-Math, OpenR1-Math, DeepMath, MATH-lighteval and Orca-math have plain
fields, which `shapes` reads; ARC and MBPP are `domains`'.
"""

import ast
import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from engine.grading.options import LETTERS
from engine.problems.asserts import pairs_of
from engine.problems.chats import is_chat, read_chat
from engine.problems.shapes import QUESTION_FIELDS, RowError, kind_of

Notes = tuple[str, ...]
Flat = tuple[Mapping[str, Any], Notes]

WRAPPER_LEFT_OUT = "The instruction around the question was left out"
_DAPO = re.compile(
    r"\ASolve the following math problem step by step\.[^\n]{0,300}\n\n(.+?)\n\n"
    r"Remember to put your answer on its own line after \"Answer:\"\.?\s*\Z",
    re.DOTALL,
)
_CHATS = ("prompt", "messages", "conversations", "conversation")


def flat(row: Any, *, is_recording: bool = False) -> Flat:
    """The row with its question and answer under plain names, and what was left out.

    Args:
        is_recording: the row's responses are a policy's: none of them is a worked solution.

    Raises: RowError: it is no object, or a known shape with something missing.
    """
    row = as_object(row)
    if not isinstance(row, Mapping):
        raise RowError("", f"The row is {kind_of(row)}; an object with named fields is needed.")
    reader = _reader(tuple(row))
    return (row, ()) if reader is None else reader(row, is_recording)


def as_object(row: Any) -> Any:
    """Two turns in a list as the columns 0 and 1 that they are on the hub; else the row itself."""
    is_pair = isinstance(row, list) and len(row) == 2 and is_chat(row)
    return {"0": row[0], "1": row[1]} if is_pair else row


def is_flat(columns: tuple[str, ...]) -> bool:
    """Whether rows with these columns, or some of them, have plain names already."""
    return _reader(columns) is None


@lru_cache(maxsize=1024)
def _reader(columns: tuple[str, ...]) -> Callable[[Mapping[str, Any], bool], Flat] | None:
    """Which shape has these columns; None for plain fields."""
    names = set(columns)
    for needed, reader in _SHAPES:
        if needed <= names:
            return reader
    plain = set(QUESTION_FIELDS) - {"prompt"}
    return _chat if not names & plain and names & set(_CHATS) else None


def _chat(row: Mapping[str, Any], is_recording: bool) -> Flat:
    field = next(name for name in _CHATS if name in row)
    fields = {name: value for name, value in row.items() if name not in ("prompt", "completion")}
    question, response, notes = row.get("prompt"), None, ()
    if is_chat(row[field]):
        question, response, notes = read_chat(row[field], field)
    completion = row.get("completion")
    if is_chat(completion):
        response = read_chat(completion, "completion").response
    elif isinstance(completion, str):
        response = completion
    question, left_out = _unwrapped(question)
    fields["question"] = question
    if response is not None and not is_recording and not fields.get("solution"):
        fields["solution"] = response
        if "\\boxed" not in response and "answer" not in fields:
            fields["answer"] = response
    return fields, (*notes, *left_out)


def _unwrapped(question: Any) -> tuple[Any, Notes]:
    inside = _DAPO.match(question) if isinstance(question, str) else None
    return (inside.group(1), (WRAPPER_LEFT_OUT,)) if inside else (question, ())


def _verl(row: Mapping[str, Any], is_recording: bool) -> Flat:
    fields, notes = _chat(row, True)
    fields = dict(fields)
    extra = row.get("extra_info")
    extra = extra if isinstance(extra, Mapping) else {}
    asked = extra.get("question")
    if isinstance(asked, str) and asked.strip() and asked.strip() in str(fields["question"]):
        if asked.strip() != str(fields["question"]).strip():
            notes = (*notes, WRAPPER_LEFT_OUT)
        fields["question"] = asked
    model = row["reward_model"]
    truth = model.get("ground_truth") if isinstance(model, Mapping) else None
    pairs = pairs_of(truth)
    if pairs is not None:
        return {**fields, "domain": "code", "tests": pairs}, notes
    fields["answer"] = extra.get("answer") if truth is None else truth
    if not is_recording and isinstance(extra.get("answer"), str):
        fields.setdefault("solution", extra["answer"])
    return fields, notes


def _orz(row: Mapping[str, Any], is_recording: bool) -> Flat:
    asked, answered = row["0"], row["1"]
    if not isinstance(asked, Mapping) or not isinstance(answered, Mapping):
        raise RowError("0", "The row has columns 0 and 1, and they are no turns of a conversation.")
    truth = answered.get("ground_truth")
    truth = truth.get("value") if isinstance(truth, Mapping) else truth
    return {"question": asked.get("value"), "answer": truth}, ()


def _svamp(row: Mapping[str, Any], is_recording: bool) -> Flat:
    body = str(row["Body"]).strip()
    joined = f"{body}{'' if body.endswith(('.', '?', '!', ',')) else '.'} {row['Question']}"
    return {**row, "question": joined, "answer": row["Answer"], "level": row.get("Type")}, ()


def _aqua(row: Mapping[str, Any], is_recording: bool) -> Flat:
    fields = {"answer": row["correct"], "solution": row.get("rationale"), "domain": "choice"}
    return {**row, **fields}, ()


def _mmlu(row: Mapping[str, Any], is_recording: bool) -> Flat:
    answer = row["answer"]
    if isinstance(answer, int) and 0 <= answer < len(LETTERS):
        answer = LETTERS[answer]
    return {**row, "answer": answer, "domain": "choice"}, ()


def _mmlu_pro(row: Mapping[str, Any], is_recording: bool) -> Flat:
    fields = {"level": row.get("category"), "domain": "choice"}
    return {**row, **fields}, ()


def _apps(row: Mapping[str, Any], is_recording: bool) -> Flat:
    tests = _json_of(row["input_output"], "input_output")
    solutions = _json_of(row.get("solutions") or "[]", "solutions")
    starter = row.get("starter_code") or ""
    pairs = pairs_of(tests)
    if pairs is None:
        raise RowError("input_output", "input_output has no inputs and outputs.")
    name = tests.get("fn_name")
    fields: dict[str, Any] = {
        "question": "\n\n".join(part for part in (row["question"], starter.strip()) if part),
        "tests": pairs if name is None else _calls(name, tests, is_method="class " in starter),
        "level": row.get("difficulty"),
        "domain": "code",
    }
    return fields | ({"code": solutions[0]} if solutions else {}), ()


def _calls(name: str, tests: Mapping[str, Any], *, is_method: bool) -> list[str]:
    """Asserts that call a function with the inputs. Where a list is wanted its first element is
    right, too: many rows wrap what is returned. Source: APPS' own checker, testing_util.py.
    """
    called = f"Solution().{name}" if is_method else name
    return [
        f"assert {called}({', '.join(map(repr, given))}) {_equals(wanted)}"
        for given, wanted in zip(tests["inputs"], tests["outputs"])
    ]


def _equals(wanted: Any) -> str:
    is_wrapped = isinstance(wanted, list) and wanted
    return f"in ({wanted!r}, {wanted[0]!r})" if is_wrapped else f"== {wanted!r}"


def _json_of(value: Any, field: str) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        said = "is empty" if not value.strip() else "is text that is not JSON"
        raise RowError(field, f"{field} {said}.") from None


def _human_eval(row: Mapping[str, Any], is_recording: bool) -> Flat:
    name = row["entry_point"]
    fields = {
        "question": row["prompt"],
        "tests": [f"check({name})"],
        "setup": "\n\n".join([*_helpers(row["prompt"], name), row["test"]]),
        "names": [name],
        "show_tests": False,
        "domain": "code",
    }
    solution = row.get("canonical_solution")
    return fields | ({"code": f"{row['prompt']}{solution}"} if solution else {}), ()


def _helpers(prompt: str, entry_point: str) -> list[str]:
    """What a prompt defines beside the function that is asked for, and what that imports: tests may
    call it. Nothing where it defines no more.
    """
    try:
        tree = ast.parse(prompt)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    others = [node for node in tree.body if getattr(node, "name", None) != entry_point]
    defines = any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in others)
    return [ast.unparse(node) for node in others] if defines else []


_SHAPES: tuple[tuple[set[str], Callable[[Mapping[str, Any], bool], Flat]], ...] = (
    ({"reward_model", "prompt"}, _verl),
    ({"0", "1"}, _orz),
    ({"Body", "Question", "Answer"}, _svamp),
    ({"question", "options", "correct"}, _aqua),
    ({"question", "options", "answer", "answer_index"}, _mmlu_pro),
    ({"question", "choices", "answer", "subject"}, _mmlu),
    ({"question", "input_output"}, _apps),
    ({"prompt", "test", "entry_point"}, _human_eval),
)
