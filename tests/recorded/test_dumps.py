"""Recordings of other trainers and evaluators: rows of our own writing in their shapes, mappings,
step scores that do not fit, and Inspect's logs through a stand-in of its library.
"""

import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ProblemSetError, RecordedSetError
from engine.method.steps import n_steps, split_steps
from engine.problems import read_problems
from engine.recorded import import_responses
from engine.recorded.reading import preview_of

Q, RIGHT, WRONG = "What is 3 + 4?", "So \\boxed{7}.", "So \\boxed{8}."
USER = {"role": "user", "content": Q}


def said(text):
    return [{"role": "assistant", "content": text}]


OPENR1 = {
    "problem": Q,
    "solution": "Add.",
    "answer": "7",
    "problem_type": "Algebra",
    "generations": [RIGHT, WRONG],
    "correctness_math_verify": [True, False],
    "correctness_llama": None,
    "finish_reasons": ["stop", "length"],
    "correctness_count": 1,
    "messages": [USER, *said("It is 7.")],
}
VERL = {
    "input": f"system\nYou help.\nuser\n{Q}\nassistant\n",
    "output": RIGHT,
    "gts": "7",
    "score": 1.0,
    "step": 10,
}
TRL = {"step": 1, "prompt": [USER], "completion": said(RIGHT), "answer": "7", "advantage": 0.5}
VERIFIERS = {
    "example_id": 0,
    "prompt": [{"role": "system", "content": "Box it."}, USER],
    "completion": said(WRONG),
    "answer": "7",
    "reward": 0.25,
    "task": "maths",
    "is_truncated": True,
    "info": {},
}
RLLM = {
    "id": "a:0",
    "task": {"question": Q, "ground_truth": "7", "data_source": "made_up"},
    "is_correct": True,
    "termination_reason": "env_done",
    "trajectories": [
        {"name": "solver", "steps": [{"chat_completions": [USER, *said(RIGHT)]}], "reward": 1.0}
    ],
}
GYM = {
    "responses_create_params": {"input": [USER]},
    "response": {
        "output": [
            {"type": "reasoning", "summary": []},
            {
                "type": "message",
                "role": "assistant",
                "content": [{"type": "output_text", "text": RIGHT}],
            },
        ],
        "usage": {"output_tokens": 9},
        "incomplete_details": None,
    },
    "reward": 1.0,
    "expected_answer": "7",
}
HARNESS = {
    "doc_id": 0,
    "doc": {"question": Q, "answer": "Add.\n#### 7"},
    "target": "7",
    "arguments": {"gen_args_0": {"arg_0": f"Question: {Q}\nAnswer:", "arg_1": {}}},
    "resps": [[RIGHT]],
    "filtered_resps": ["7"],
    "filter": "strict-match",
    "exact_match": 1.0,
}


def imported(tmp_path, *rows, **options):
    path = tmp_path / "dump.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    one = import_responses(path, tmp_path / "files", **options)
    folder = Path(one.folder)
    (problem,) = read_problems(folder / "problems.jsonl").problems
    return one, problem, pyarrow.parquet.read_table(folder / "responses.parquet").to_pylist()


@pytest.mark.parametrize(
    ("row", "responses"),
    [
        pytest.param(OPENR1, [(RIGHT, True, "stop"), (WRONG, False, "length")], id="OpenR1"),
        pytest.param(
            {**OPENR1, "correctness_math_verify": None, "correctness_llama": [True, False]},
            [(RIGHT, True, "stop"), (WRONG, False, "length")],
            id="OpenR1, judged by a model",
        ),
        pytest.param(VERL, [(RIGHT, True, "stop")], id="verl"),
        pytest.param({**VERL, "acc": False}, [(RIGHT, False, "stop")], id="verl with acc"),
        pytest.param(TRL, [(RIGHT, None, "stop")], id="TRL"),
        pytest.param(
            {**VERIFIERS, "reward": 0.0}, [(WRONG, False, "length")], id="verifiers and prime-rl"
        ),
        pytest.param(RLLM, [(RIGHT, True, "stop")], id="rLLM"),
        pytest.param(GYM, [(RIGHT, True, "stop")], id="NeMo Gym"),
        pytest.param(HARNESS, [(RIGHT, True, "stop")], id="lm-evaluation-harness"),
        pytest.param(
            {**HARNESS, "resps": [[RIGHT, WRONG]], "exact_match": 0.5},
            [(RIGHT, None, "stop"), (WRONG, None, "stop")],
            id="lm-evaluation-harness with repeats",
        ),
    ],
)
def test_a_dump_gives_its_problem_and_its_responses_with_their_flags(tmp_path, row, responses):
    one, problem, rows = imported(tmp_path, row)
    assert (problem.question, problem.answer) == (Q, "7")
    assert [(r["text"], r["correct"], r["finish_reason"]) for r in rows] == responses
    assert (one.n_rejected, one.scores) == (0, "none")


def test_a_completion_is_no_reference_for_itself(tmp_path):
    row = {name: value for name, value in TRL.items() if name != "answer"}
    with pytest.raises(RecordedSetError, match="No answer"):
        imported(tmp_path, row)


def test_a_reward_between_0_and_1_is_an_outcome_score(tmp_path):
    one, _, rows = imported(tmp_path, VERIFIERS, scale="probability")
    assert (one.scores, rows[0]["scores"], rows[0]["correct"]) == ("outcome", [0.25], None)


def test_a_document_that_comes_once_per_filter_is_imported_once_and_the_rest_counted(tmp_path):
    again = {**HARNESS, "filter": "flexible-extract", "exact_match": 0.0}
    one, problem, rows = imported(tmp_path, HARNESS, again)
    assert [r["correct"] for r in rows] == [True]
    assert one.rejected[0].reason == f"Response 0 of problem {problem.id} came before."


def test_likelihoods_are_no_responses(tmp_path):
    with pytest.raises(RecordedSetError, match="resps holds likelihoods and no text"):
        imported(tmp_path, {**HARNESS, "resps": [[[-1.5, False]]]})


def test_step_scores_that_are_not_as_many_as_the_steps_are_missing_with_both_numbers(tmp_path):
    plain = {"question": Q, "answer": "7", "response": f"Add.\n\n{RIGHT}"}
    rows = [{**plain, "step_scores": scores} for scores in ([0.9, 0.8], [0.9, 0.8, 0.7])]
    one, _, stored = imported(tmp_path, *rows, scale="probability")
    assert [r["scores"] for r in stored] == [[0.9, 0.8], None]
    assert (one.n_misfit, one.n_unscored, one.n_rejected) == (1, 1, 0)
    assert [(row.line, row.reason) for row in one.misfits] == [
        (2, "3 step scores for a response of 2 steps: they are missing.")
    ]


@given(st.text("a \n\r\t\u00a0", max_size=30))
def test_steps_are_counted_as_they_are_split(text):
    assert n_steps(text) == len(split_steps(text))


NESTED = {
    "task": {"ask": [USER], "gold": {"value": "7"}},
    "samples": [
        {"out": RIGHT, "ok": 1, "why": "stop"},
        {"out": WRONG, "ok": 0, "why": "max_tokens"},
    ],
}
MAPPING = {
    "question": "task.ask[-1].content",
    "answer": "task.gold.value",
    "response": "samples[*].out",
    "correct": "samples[*].ok",
    "finish_reason": "samples[*].why",
}


def test_a_mapping_reaches_into_every_sample_of_a_row(tmp_path):
    one, problem, rows = imported(tmp_path, NESTED, mapping=MAPPING)
    assert (problem.question, problem.answer) == (Q, "7")
    assert [(r["correct"], r["finish_reason"]) for r in rows] == [(True, "stop"), (False, "length")]
    other = {**MAPPING, "answer": "{task.gold.value}"}
    path, files = tmp_path / "dump.jsonl", tmp_path / "files"
    assert import_responses(path, files, mapping=MAPPING).id == one.id
    assert import_responses(path, files, mapping=other).id != one.id


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ({"question": "a", "answer": "b"}, "no column for the response"),
        ({"question": "a", "answer": "b", "response": "a"}, "Question and response are both a"),
        ({"question": "a", "reply": "b"}, "the role reply"),
    ],
)
def test_a_mapping_of_a_recording_that_cannot_be_meant_is_refused(tmp_path, mapping, says):
    with pytest.raises(ProblemSetError, match=says):
        imported(tmp_path, NESTED, mapping=mapping)


def test_a_preview_reads_the_first_rows_as_the_import_would(tmp_path):
    path = tmp_path / "dump.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in [OPENR1, {"a": 1}, VERL]))
    preview = preview_of(path)
    assert (preview.n_rows, len(preview.problems), len(preview.entries)) == (3, 2, 3)
    assert [row.line for row in preview.rejected] == [2]


def test_a_log_of_inspect_without_its_library_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "inspect_ai.log", None)
    (tmp_path / "run.eval").write_bytes(b"PK\x03\x04")
    with pytest.raises(RecordedSetError, match="install inspect-ai, or export"):
        import_responses(tmp_path / "run.eval", tmp_path / "files")


def test_a_log_of_inspect_is_read_through_its_library(tmp_path, monkeypatch):
    samples = [
        SimpleNamespace(
            input=Q,
            target="7",
            epoch=epoch,
            output=SimpleNamespace(completion=text, choices=[SimpleNamespace(stop_reason=why)]),
            scores={"match": SimpleNamespace(value=value)},
        )
        for epoch, text, why, value in ((1, RIGHT, "stop", "C"), (2, WRONG, "max_tokens", "I"))
    ]
    package, log = ModuleType("inspect_ai"), ModuleType("inspect_ai.log")
    log.read_eval_log_samples = lambda path: iter(samples)
    monkeypatch.setitem(sys.modules, "inspect_ai", package)
    monkeypatch.setitem(sys.modules, "inspect_ai.log", log)
    (tmp_path / "run.eval").write_bytes(b"PK\x03\x04")
    one = import_responses(tmp_path / "run.eval", tmp_path / "files")
    rows = pyarrow.parquet.read_table(Path(one.folder) / "responses.parquet").to_pylist()
    assert [(r["correct"], r["finish_reason"]) for r in rows] == [(True, "stop"), (False, "length")]
