"""Estimates against reference labels: counted by hand on a calibrated run, and on recorded
responses. No model is loaded.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from engine import store
from engine.config import load_config, parse_config, plain_config
from engine.errors import ConfigError
from engine.events import Graded, Sampled
from engine.figures.estimation import estimation
from engine.headless.run import presample
from engine.jobs.runner import JobRunner
from engine.recorded import import_responses
from engine.store import record
from engine.study import calibration
from engine.study.handle import Iteration
from engine.study.runs import create_run
from engine.types import Response, Verdict
from tests.small_runs import judge, small

TAUS = {"tau_l": 0.25, "tau_h": 0.65}


def calibrated(db, run_id, n_problems, n_right):
    """Label some problems: n_right(position) of 12 are right."""
    ordered = calibration.order(Iteration(db, run_id, 0), n_problems)
    positions = {
        id: position for position, id in enumerate(store.problems.of_run(db, run_id, "train", 0))
    }
    keys = [(id, index) for id in ordered.problem_ids for index in range(12)]
    right = [index < n_right(positions[id]) for id, index in keys]
    record(
        db,
        "no job",
        1,
        Sampled(ordered.set_id, [Response(*key, 1, "text", "stop", 3) for key in keys]),
    )
    verdicts = [
        (key, Verdict(ok, "1", "correct" if ok else "wrong")) for key, ok in zip(keys, right)
    ]
    record(db, "no job", 1, Graded(ordered.set_id, verdicts))
    return [positions[id] for id in ordered.problem_ids]


@pytest.fixture
def judged_run(db, run_id):
    """12 problems: 0 to 3 always right, rewards .9; 4 to 7 never, rewards .1; the others once of
    three.
    """
    judge(
        db,
        run_id,
        correct=lambda problem, index: problem < 4 or (problem > 7 and index == 0),
        reward=lambda problem, _: 0.9 if problem < 4 else 0.1,
    )
    return run_id


def test_without_a_calibration_there_is_no_report(db, judged_run):
    assert estimation(Iteration(db, judged_run, 0), **TAUS) is None


def test_every_mode_is_held_against_the_labels(db, judged_run):
    """Of the four always right, 0 and 1 are mixed in truth: 8 of 12 are right."""
    calibrated(
        db,
        judged_run,
        12,
        lambda problem: (8 if problem < 2 else 12) if problem < 4 else 0 if problem < 8 else 6,
    )
    report = estimation(Iteration(db, judged_run, 0), **TAUS)
    assert (report.n_labelled, report.n_problems, report.n_responses) == (12, 12, 144)
    assert (
        report.labels == {"inlier": 2, "boundary": 6, "outlier": 4} and not report.posterior_fitted
    )
    modes = {m.mode: m for m in report.modes}
    for mode in ("both", "accuracy", "posterior"):
        assert modes[mode].table.tolist() == [[2, 2, 0], [0, 4, 0], [0, 0, 4]]
        assert (
            modes[mode].agreement.value == 10 / 12
            and modes[mode].agreement.low < 10 / 12 < modes[mode].agreement.high
        )
    assert modes["reward"].table.tolist() == [[2, 2, 0], [0, 0, 0], [0, 4, 4]]
    assert modes["posterior"].log_loss.value > 0 and modes["both"].log_loss is None
    assert report.best["both"].agreement == 10 / 12


def test_a_reward_model_that_is_looked_at_is_held_against_the_same_labels(db, judged_run):
    calibrated(db, judged_run, 12, lambda problem: 12 if problem < 4 else 0)
    with db.transaction() as cursor:
        cursor.execute(
            "INSERT INTO step_scores (set_id, problem_id, idx, prm_id, scores, status, reward)"
            " SELECT set_id, problem_id, idx, 'other', [1 - reward], 'ok', 1 - reward"
            " FROM step_scores"
        )
    it = Iteration(db, judged_run, 0)
    own, other = estimation(it, **TAUS), estimation(it, **TAUS, prm_id="other")
    by_reward = [
        next(m.agreement.value for m in report.modes if m.mode == "reward")
        for report in (own, other)
    ]
    assert by_reward == [1.0, 0.0]
    assert own.labels == other.labels and own.best and not other.best


def test_the_log_loss_is_that_of_the_class_that_came(db, judged_run):
    """Below 300 problems the prior is Beta(1/2, 1/2)."""
    (position,) = calibrated(db, judged_run, 1, lambda _: 12)
    alpha, beta = (3.5, 0.5) if position < 4 else (0.5, 3.5) if position < 8 else (1.5, 2.5)
    p_inlier = np.prod([(alpha + j) / (alpha + beta + j) for j in range(12)])
    report = estimation(Iteration(db, judged_run, 0), **TAUS)
    assert next(m for m in report.modes if m.mode == "posterior").log_loss.value == pytest.approx(
        -np.log(p_inlier)
    )


def test_a_part_of_the_calibration_counts_what_was_ordered_and_labels_what_is_done(db, judged_run):
    calibrated(db, judged_run, 4, lambda _: 6)
    calibration.order(Iteration(db, judged_run, 0), 6)
    report = estimation(Iteration(db, judged_run, 0), **TAUS)
    assert (report.n_labelled, report.n_responses) == (4, 72)


FLAGS = {
    "always": "1" * 20,
    "hardly": "0" * 19 + "1",
    "never": "0" * 20,
    "turned": "1" * 8 + "0" * 12,
    "few": "1" * 14,
}


@pytest.fixture
def recorded(db, tmp_path):
    file = tmp_path / "recorded.jsonl"
    texts = {"1": "So \\boxed{4}", "0": "So \\boxed{5}"}
    rows = [
        {"question": f"How {name}?", "answer": "4", "response": texts[f], "correct": f == "1"}
        for name, flags in FLAGS.items()
        for f in flags
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    made = import_responses(file, db.artifacts, scale=None)
    plain = plain_config(load_config(Path(made.folder) / "study.toml"))
    return parse_config(plain)


def test_recorded_responses_give_labels_beyond_the_pre_samples(db, recorded):
    runner, run_id = JobRunner(db), create_run(db, recorded)
    presample(runner, Iteration(db, run_id, 0))
    runner.close()
    report = estimation(Iteration(db, run_id, 0), **TAUS)
    assert (report.n_labelled, report.n_problems, report.n_responses) == (4, 5, 0), (
        "14 are too few for 3 and 12"
    )
    assert report.labels == {"inlier": 1, "boundary": 1, "outlier": 2}
    assert [m.mode for m in report.modes] == ["accuracy", "posterior"] and report.best == {}
    assert report.modes[0].table.tolist() == [[1, 0, 1], [0, 0, 0], [0, 1, 1]]


def test_a_recording_cannot_be_calibrated_from_its_own_pre_samples(db, recorded):
    run_id = create_run(db, recorded)
    with pytest.raises(ConfigError, match="labels come from those recorded"):
        calibration.order(Iteration(db, run_id, 0), 2)
    plain = plain_config(recorded)
    with pytest.raises(ConfigError, match="difficulty.n_calibration is 2"):
        parse_config({**plain, "difficulty": {**plain["difficulty"], "n_calibration": 2}})
    assert small(difficulty={"n_calibration": 2}).difficulty.n_calibration == 2
