r"""One row of somebody's file to recorded responses: their texts, flags and scores, whatever the
fields are called.

Pure; it knows nothing of files. Shapes it reads, told apart row by row:
1. One response per row: a question, an answer, and a text under response, resp, completion, ...
2. A list per problem: the same fields as lists of one length; elements may be objects with a text,
   a flag and scores.
3. The 100 x 8 recorded responses of the Qwen2.5-Math evaluation: code, score (flags) and pred_score
   (one reward each).
4. The GSM8K panel: several fields {solution, is_correct}, one per solver, and ground_truth.
5. HS-STaR's reference code: synth_*.jsonl with query, resp, ref_ans, correct, finish_reason; its
   *_reward_dict files hold query, resp and reward, one probability per step, and are read beside
   it. Source: AMAP-ML/HS-STaR @ 59009cc, dart_math/data.py, skywork/eva_reward_sky_ddp.py,
   scripts/classify_diff.py. Read in code; no such file was seen.
6. DART-Math's pool: query, gt_ans, resp. Only field names were seen, in other people's code; its
   per-query table is not a set of responses: see engine.recorded.rates.

A number, or a list of one number beside a text of several steps, is an *outcome score*: of the
whole response, no minimum over steps. The field pred_score is one always.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from engine.grading.extraction import without_surrogates
from engine.method.steps import n_steps
from engine.problems.shapes import RowError, is_number, text_of
from engine.recorded.endings import REASON_FIELDS, TRUNCATED_FIELDS, ending_of

RESPONSE_FIELDS = (
    "response",
    "resp",
    "responses",
    "completion",
    "completions",
    "code",
    "generation",
    "generations",
    "outputs",
    "output",
    "samples",
    "text",
)
FLAG_FIELDS = ("correct", "is_correct", "ans_correct", "score")
SCORE_FIELDS = (
    "step_scores",
    "step_rewards",
    "prm_scores",
    "rewards",
    "reward",
    "pred_score",
    "scores",
    "score",
)
OUTCOME_FIELDS = ("pred_score",)
OTHER_FIELDS = ("finish_reason", "n_tokens", "index")
_LISTED_FIELDS = (*REASON_FIELDS[1:], *TRUNCATED_FIELDS)
"""Read beside a list of responses where they are a list; else they are of the whole row."""

Kind = Literal["steps", "outcome"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One response as a file holds it."""

    text: str
    correct: bool | None = None
    """The flag that came along; None without one."""
    scores: tuple[float, ...] | None = None
    """Raw scores as written, one per step or one for the whole; None without."""
    kind: Kind | None = None
    """What scores are; None where there are none."""
    truncated: bool = False
    unknown_ending: str | None = None
    """What the file says of its end and is not known here; it counts as ended by itself."""
    n_tokens: int | None = None
    solver: str | None = None
    """Who wrote it, where a file holds several solvers."""
    index: int | None = None
    """Which of its problem's responses it is, where the file says so."""


def entries_of(row: Mapping[str, Any]) -> list[Entry | RowError]:
    """The responses of one row, in order; an element that cannot be used is its error, the rest is
    kept.

    Raises: RowError where the row holds no response at all, or lists of different lengths.
    """
    panel = {
        name: part
        for name, part in row.items()
        if isinstance(part, Mapping) and isinstance(part.get("solution"), str)
    }
    if panel:
        return [
            _attempt({**part, "response": part["solution"]}, f"{name}.", name)
            for name, part in panel.items()
        ]
    row = _without_task(row)
    field = _first(row, RESPONSE_FIELDS)
    if field is None:
        raise RowError("response", f"No response: none of the fields {', '.join(RESPONSE_FIELDS)}.")
    if not isinstance(row[field], list):
        return [_attempt(row)]
    elements = row[field]
    beside = [
        name
        for name in dict.fromkeys((*FLAG_FIELDS, *SCORE_FIELDS, *OTHER_FIELDS))
        if row.get(name) is not None
    ] + [name for name in _LISTED_FIELDS if isinstance(row.get(name), list)]
    for name in beside:
        if not isinstance(row[name], list) or len(row[name]) != len(elements):
            n = len(row[name]) if isinstance(row[name], list) else "no list of"
            raise RowError(
                name, f"{name} has {n} entries for {len(elements)} responses in {field}."
            )
    return [_element(row, field, beside, position) for position in range(len(elements))]


def scores_of(value: Any, field: str, text: str) -> tuple[tuple[float, ...] | None, Kind | None]:
    """Raw scores and what they are, also as JSON text, as a cell of a CSV file has them. Raises:
    RowError for anything but finite numbers.
    """
    value = _read(value) if isinstance(value, str) else value
    if value is None or value == []:
        return None, None
    numbers = value if isinstance(value, list | tuple) else [value]
    if not all(map(is_number, numbers)):
        raise RowError(field, f"{field} holds something that is not a finite number.")
    is_outcome = (
        not isinstance(value, list | tuple)
        or field in OUTCOME_FIELDS
        or (len(numbers) == 1 and n_steps(text) > 1)
    )
    return tuple(map(float, numbers)), "outcome" if is_outcome else "steps"


def _read(text: str) -> Any:
    """What a cell holds; the text itself where it is not JSON."""
    try:
        return json.loads(text) if text.strip() else None
    except (ValueError, RecursionError):
        return text


def _element(
    row: Mapping[str, Any], field: str, beside: list[str], position: int
) -> Entry | RowError:
    element = row[field][position]
    own = element if isinstance(element, Mapping) else {"response": element}
    return _attempt(
        {**{name: row[name][position] for name in beside}, **own}, f"{field}[{position}]."
    )


def _attempt(
    one: Mapping[str, Any], where: str = "", solver: str | None = None
) -> Entry | RowError:
    try:
        return _entry(one, solver)
    except RowError as error:
        return RowError(f"{where}{error.field}", f"{where}{error}")


def _entry(one: Mapping[str, Any], solver: str | None) -> Entry:
    field = _first(one, RESPONSE_FIELDS)
    if field is None:
        raise RowError("response", "response is missing or empty.")
    if not isinstance(one[field], str):
        raise RowError(field, f"{field} is {type(one[field]).__name__}; text is needed.")
    text = without_surrogates(one[field])
    flag_field = next(
        (name for name in FLAG_FIELDS if one.get(name) is not None and _is_flag(one[name], name)),
        None,
    )
    score_field = next(
        (name for name in SCORE_FIELDS if one.get(name) is not None and name != flag_field), None
    )
    scores, kind = scores_of(one[score_field], score_field, text) if score_field else (None, None)
    n_tokens = one.get("n_tokens")
    return Entry(
        text,
        flag_of(one[flag_field], flag_field) if flag_field else None,
        scores,
        kind,
        *ending_of(one),
        count_of(n_tokens),
        solver or (text_of(one["solver"], "solver") if one.get("solver") else None),
        count_of(one.get("index")),
    )


def _without_task(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of a code problem, text is the question and code a solution that came with it."""
    if "test_list" not in row and row.get("domain") != "code":
        return row
    return {name: value for name, value in row.items() if name not in ("text", "code")}


def _is_flag(value: Any, field: str) -> bool:
    """Whether a value is meant as a flag: "score" is one only where it says true or false."""
    return isinstance(value, bool) if field == "score" else True


def count_of(value: Any) -> int | None:
    """A whole number of 31 bits; None for anything else."""
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return value if is_whole and 0 <= value < 2**31 else None


def flag_of(value: Any, field: str) -> bool:
    """A flag as true or false. Raises: RowError."""
    if isinstance(value, bool):
        return value
    known = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}
    if str(value).strip().lower() not in known:
        raise RowError(field, f"{field} is {str(value)[:40]!r}; true or false is needed.")
    return known[str(value).strip().lower()]


def _first(row: Mapping[str, Any], fields: tuple[str, ...]) -> str | None:
    return next((field for field in fields if row.get(field) not in (None, "", [])), None)
