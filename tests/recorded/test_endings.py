"""Whether a recorded response was cut, whatever its file calls that, read alone or among many."""

import json
from pathlib import Path

import pyarrow.parquet
import pytest

from engine.errors import RecordedSetError
from engine.recorded import import_responses

ROW = {"question": "What is 3 + 4?", "answer": "7", "response": "It is 7."}


def imported(tmp_path, *rows):
    path = tmp_path / "r.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    made = import_responses(path, tmp_path)
    table = pyarrow.parquet.read_table(Path(made.folder) / "responses.parquet")
    return made, [row["finish_reason"] == "length" for row in table.to_pylist()]


@pytest.mark.parametrize(
    "said",
    [
        {"finish_reason": "length"},
        {"finish_reason": "MAX_TOKENS"},
        {"finish_reason": "FinishReason.MAX_TOKENS"},
        {"finish_reason": "max_output_tokens"},
        {"finish_reason": {"type": "length", "length": 2048}},
        {"finish_reasons": ["Length"]},
        {"stop_reason": "max_tokens"},
        {"finish_reason": "stop", "truncated": True},
        {"is_truncated": 1},
        {"truncated": "True"},
    ],
    ids=str,
)
def test_a_cut_response_is_cut_by_any_name(said, tmp_path):
    made, is_cut = imported(tmp_path, ROW | said)
    assert (is_cut, made.n_truncated, made.notes) == ([True], 1, [])


@pytest.mark.parametrize(
    "said",
    [
        *({"finish_reason": reason} for reason in ("stop", "STOP", "eos_token", "end_turn", None)),
        {"stop_reason": "stop_sequence", "truncated": False, "is_truncated": 0},
    ],
    ids=str,
)
def test_a_response_that_ended_is_not_cut_and_nothing_is_said(said, tmp_path):
    made, is_cut = imported(tmp_path, ROW | said)
    assert (is_cut, made.n_truncated, made.notes) == ([False], 0, [])


@pytest.mark.parametrize("field", ["finish_reason", "stop_reason", "truncated"])
def test_an_ending_that_is_not_known_is_counted_and_said(field, tmp_path):
    ended, cut = {"finish_reason": "stop"}, {"finish_reason": "length"}
    rows = [ROW | ended] * 30 + [ROW | {field: "tired"}] * 2 + [ROW | cut]
    made, is_cut = imported(tmp_path, *rows)
    assert is_cut == [False] * 32 + [True]
    [note] = made.notes
    assert note.startswith("2 responses end in a way that is not known here")
    assert f"{field} = 'tired' (2)" in note


def test_lists_beside_the_responses_say_it_of_each(tmp_path):
    row = {name: value for name, value in ROW.items() if name != "response"}
    texts = {"responses": ["7", "8", "9"], "truncated": [False, False, True]}
    made, is_cut = imported(tmp_path, row | texts | {"finish_reasons": ["stop", "length", "stop"]})
    assert (is_cut, made.n_truncated) == ([False, True, True], 2)
    made, is_cut = imported(tmp_path, row | texts | {"truncated": True})
    assert is_cut == [False] * 3, "one value beside a list is of the whole row"


def test_a_share_is_no_flag(tmp_path):
    dump = {"input": "What is 3 + 4?", "output": "7", "gts": "7", "score": 0.3}
    made, _ = imported(tmp_path, *({**dump, "acc": acc} for acc in (1, 0.0, True)))
    assert made.n_flagged == 3
    with pytest.raises(RecordedSetError, match=r"acc is '0\.3'; true or false is needed"):
        imported(tmp_path, {**dump, "acc": 0.3})
