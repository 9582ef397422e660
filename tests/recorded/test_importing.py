"""Importing recorded responses: every shape, both scales, broken rows, all or nothing on disk, the
same file twice.
"""

import json
import math
import os
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from engine.errors import ProblemSetError, RecordedSetError
from engine.problems import problem_id, read_problems
from engine.recorded import import_responses, imported_sets, open_set
from engine.recorded.rates import read_rates

DATA = Path(__file__).parents[1] / "data"
JARS = problem_id("A shelf holds 3 rows of 4 jars. How many jars?")


def brought(tmp_path, file, **options):
    return import_responses(DATA / file, tmp_path, **options)


def rows(made) -> list[dict]:
    return pyarrow.parquet.read_table(Path(made.folder) / "responses.parquet").to_pylist()


def test_one_response_per_row_is_read_with_flags_scores_and_counts(tmp_path):
    made = brought(tmp_path, "recorded_lines.jsonl", scale="probability")
    assert (
        made.n_problems,
        made.n_responses,
        made.n_flagged,
        made.n_truncated,
        made.max_responses,
    ) == (3, 12, 12, 1, 5)
    assert (made.scores, made.scale, made.n_unscored, made.n_rejected) == (
        "steps",
        "probability",
        0,
        0,
    )
    first = rows(made)[0]
    assert (first["problem_id"], first["idx"], first["correct"], first["raw"], first["scores"]) == (
        JARS,
        0,
        True,
        [0.9, 0.8],
        [0.9, 0.8],
    )
    assert sorted((r["problem_id"], r["idx"]) for r in rows(made)) == sorted(
        (id, index) for id, n in open_set(made.folder).counts().items() for index in range(n)
    )


def test_lists_per_problem_are_read_whatever_stands_beside_or_inside_them(tmp_path):
    made = brought(tmp_path, "recorded_lists.jsonl", scale="logit")
    assert [r["correct"] for r in rows(made)] == [True, False, True, False]
    assert [r["raw"] for r in rows(made)] == [[2.0, 0.5], [-1.0, -3.0], [0.0, 4.0], [-2.0]]
    assert rows(made)[2]["scores"] == pytest.approx([0.5, 1 / (1 + math.exp(-4))])
    assert read_problems(Path(made.folder) / "problems.jsonl").problems[0].level == "2"


def test_one_reward_per_response_is_an_outcome_score_and_no_step_score(tmp_path):
    made = brought(tmp_path, "recorded_outcome_shape.jsonl", scale="logit")
    assert (made.scores, {r["kind"] for r in rows(made)}) == ("outcome", {"outcome"})
    assert [r["correct"] for r in rows(made)] == [True, False, True, True]


def test_several_solvers_are_called_a_panel_and_no_policy(tmp_path):
    made = brought(tmp_path, "recorded_panel_shape.jsonl")
    assert made.label == "four solvers, not one policy"
    assert (made.scores, made.scale, [r["correct"] for r in rows(made)]) == (
        "none",
        None,
        [False, True, True, True],
    )
    assert (
        brought(tmp_path, "recorded_lines.jsonl", scale="logit").label
        == "one policy, as far as the file says"
    )


def test_the_reference_codes_rewards_find_their_responses_and_equal_texts_keep_their_own(tmp_path):
    rewards = DATA / "synth_shape_reward_dict.jsonl"
    made = brought(tmp_path, "synth_shape.jsonl", rewards=rewards, scale="probability")
    assert [r["scores"] for r in rows(made)] == [[0.9, 0.8], [0.6, 0.1], [0.7, 0.5], None]
    assert (made.scores, made.n_unscored, made.n_truncated) == ("steps", 1, 1)
    assert brought(tmp_path, "synth_shape.jsonl").scores == "none"


def test_a_table_of_pass_rates_has_classes_and_nothing_to_replay(tmp_path):
    found = read_rates(DATA / "rate_table_shape.jsonl")
    assert found.classes() == {"inlier": 1, "boundary": 1, "outlier": 1}
    assert (found.n_correct.tolist(), found.n.tolist()) == ([16, 2, 0], [16, 8, 40])
    assert [(r.line, r.field) for r in found.rejected] == [(4, "pass_rate"), (5, "tot_n_samples")]
    with pytest.raises(RecordedSetError, match="table of pass rates without responses"):
        brought(tmp_path, "rate_table_shape.jsonl")
    assert imported_sets(tmp_path) == []


def test_a_broken_row_costs_that_row_and_is_named(tmp_path):
    made = brought(tmp_path, "recorded_broken.jsonl", scale="probability")
    assert [(r.line, r.field) for r in made.rejected] == [
        (2, ""),
        (3, "response"),
        (4, "response"),
        (5, "answer"),
        (6, "scores"),
        (7, "step_scores"),
        (8, "correct"),
        (9, "correct"),
        (10, "responses[1].response"),
        (11, "question"),
        (13, ""),
    ]
    assert all(row.reason.endswith((".", "?")) for row in made.rejected)
    assert (
        "line 1" in made.rejected[3].reason and "'12' there, '13' here" in made.rejected[3].reason
    )
    assert (made.n_rejected, made.n_responses, [r["idx"] for r in rows(made)]) == (
        11,
        4,
        [0, 1, 2, 3],
    )


def test_scores_without_a_scale_are_asked_about_and_nothing_is_stored(tmp_path):
    with pytest.raises(RecordedSetError, match="scale is not given: say probability .* or logit"):
        brought(tmp_path, "recorded_lines.jsonl")
    assert list((tmp_path / "recorded").iterdir()) == []


def test_the_same_file_twice_adds_nothing_and_another_scale_is_another_set(tmp_path):
    first = brought(tmp_path, "recorded_lines.jsonl", scale="probability")
    again = brought(tmp_path, "recorded_lines.jsonl", scale="probability", name="another name")
    assert (first.is_new, again.is_new, again.id, again.name) == (
        True,
        False,
        first.id,
        "recorded_lines.jsonl",
    )
    assert brought(tmp_path, "recorded_lines.jsonl", scale="logit").id != first.id
    plain = [
        brought(tmp_path, "recorded_panel_shape.jsonl", scale=scale)
        for scale in (None, "logit", "probability")
    ]
    assert len({made.id for made in plain}) == 1 and len(imported_sets(tmp_path)) == 3


def test_an_import_that_fails_half_way_leaves_nothing_and_a_killed_ones_rest_is_swept(
    tmp_path, monkeypatch
):
    gone = tmp_path / "recorded" / f".{2**22 + 1}.left"
    gone.mkdir(parents=True)
    mine = tmp_path / "recorded" / f".{os.getpid()}.busy"
    mine.mkdir()

    def full(self):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("engine.recorded.chunks.Chunks.close", full)
    with pytest.raises(RecordedSetError, match="No space left on device. Free space"):
        brought(tmp_path, "recorded_lines.jsonl", scale="logit")
    assert list((tmp_path / "recorded").iterdir()) == [mine] and imported_sets(tmp_path) == []


@pytest.mark.parametrize("suffix", [".json", ".parquet"])
def test_other_formats_give_the_same_responses(tmp_path, suffix):
    lines = [json.loads(line) for line in (DATA / "recorded_lines.jsonl").read_text().splitlines()]
    path = tmp_path / f"same{suffix}"
    (
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(lines), path)
        if suffix == ".parquet"
        else path.write_text(json.dumps(lines))
    )
    other = import_responses(path, tmp_path, scale="probability")
    assert rows(other) == rows(brought(tmp_path, "recorded_lines.jsonl", scale="probability"))


def test_a_spreadsheet_of_responses_is_read(tmp_path):
    (tmp_path / "r.csv").write_text(
        "question,answer,response,correct\nWhat is 1 + 1?,2,\\boxed{2},TRUE\nWhat is 1 +"
        " 1?,2,\\boxed{3},0\n"
    )
    assert [r["correct"] for r in rows(import_responses(tmp_path / "r.csv", tmp_path))] == [
        True,
        False,
    ]


def test_many_responses_go_to_disk_in_chunks_and_progress_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("engine.recorded.importing.REPORT_EVERY", 4)
    monkeypatch.setattr("engine.recorded.blocks.MAX_ROWS", 4)
    monkeypatch.setattr("engine.recorded.chunks.MAX_ROWS", 4)
    told = []
    made = brought(
        tmp_path,
        "recorded_lines.jsonl",
        scale="logit",
        on_progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(4, 12), (8, 12), (12, 12), (12, 12)]
    assert pyarrow.parquet.ParquetFile(Path(made.folder) / "responses.parquet").num_row_groups == 3


def test_a_file_without_one_response_is_an_error_that_names_the_first_bad_line(tmp_path):
    (tmp_path / "bad.jsonl").write_text('{"question": "q"}\n')
    with pytest.raises(RecordedSetError, match="no usable response.*line 1"):
        import_responses(tmp_path / "bad.jsonl", tmp_path)
    with pytest.raises(ProblemSetError, match="There is no problem file"):
        import_responses(tmp_path / "missing.jsonl", tmp_path)


def test_extreme_logits_become_probabilities(tmp_path):
    row = {
        "question": "What is 1 + 1?",
        "answer": "2",
        "response": "a\n\nb",
        "step_scores": [-1e9, 1e9],
    }
    (tmp_path / "r.jsonl").write_text(json.dumps(row) + "\n")
    assert rows(import_responses(tmp_path / "r.jsonl", tmp_path, scale="logit"))[0]["scores"] == [
        0.0,
        1.0,
    ]


@pytest.mark.parametrize(
    ("file", "n_problems", "n_responses", "scores"),
    [
        ("math_recorded_responses_100x8.jsonl", 100, 800, "outcome"),
        ("gsm8k_recorded_solutions.jsonl", 1319, 5276, "none"),
    ],
)
def test_the_real_recorded_sets_load_whole(
    datasets, tmp_path, file, n_problems, n_responses, scores
):
    made = import_responses(datasets / file, tmp_path, scale="logit")
    assert (made.n_problems, made.n_responses, made.n_flagged, made.n_rejected) == (
        n_problems,
        n_responses,
        n_responses,
        0,
    )
    assert made.scores == scores
