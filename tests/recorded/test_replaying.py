"""Replay of recorded responses: yields by hand and by enumeration of every draw, budgets that add
up, the command.
"""

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from engine import store
from engine.config import load_config, parse_config, plain_config
from engine.errors import ConfigError
from engine.grading import Grader
from engine.grading.extraction import DEFAULT
from engine.headless.replay import replay, replay_config
from engine.headless.run import run_to_end
from engine.jobs.runner import JobRunner
from engine.method.strategies import strategies
from engine.recorded import import_responses, open_set
from engine.recorded.judged import judged
from engine.store import Database
from engine.study.runs import create_run
from tests.small_runs import cli, small

TAUS = {"tau_l": 0.25, "tau_h": 0.65, "mode": "accuracy"}
N_PRESAMPLE = 3
FLAGS = ("110100", "111011", "000001", "0110", "111", "000")
"""Of six problems, one figure per recorded response."""


def rows(flagged: bool):
    for number, flags in enumerate(FLAGS):
        for flag in flags:
            answer = number + 40
            row = {
                "question": f"Which number is {number} + 40?",
                "answer": str(answer),
                "response": f"So \\boxed{{{answer + (flag == '0')}}}",
            }
            yield {**row, **({"correct": flag == "1"} if flagged else {})}


@pytest.fixture
def db(tmp_path):
    database = Database(tmp_path / "studio.duckdb")
    yield database
    database.close()


def imported(db, tmp_path, *, flagged=True):
    file = tmp_path / "recorded.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows(flagged)))
    return import_responses(file, db.artifacts, scale=None)


def configured(made, **changes):
    plain = plain_config(load_config(Path(made.folder) / "study.toml"))
    return parse_config(
        {
            name: {**value, **changes[name]} if name in changes else value
            for name, value in plain.items()
        }
    )


@pytest.fixture
def config(db, tmp_path):
    return configured(imported(db, tmp_path), sampling={"n": 5, "n_presample": N_PRESAMPLE})


def by_hand(given: dict[str, int]) -> tuple[float, float]:
    """(pairs, problems with pairs), the mean over every way to draw from the rest."""
    pairs = covered = 0.0
    for flags in FLAGS:
        draws = list(
            combinations(flags[N_PRESAMPLE:], min(given.get(flags, 0), len(flags) - N_PRESAMPLE))
        )
        each = [
            min(r.count("1"), r.count("0"))
            for r in (flags[:N_PRESAMPLE] + "".join(draw) for draw in draws)
        ]
        pairs, covered = pairs + np.mean(each), covered + np.mean([n > 0 for n in each])
    return pairs, covered


def test_pairs_and_problems_are_the_mean_over_every_draw(config):
    found = {r.strategy: r for r in replay_config(config, **TAUS)}
    assert set(found) == set(strategies())
    uniform = found["uniform"]
    pairs, covered = by_hand(dict.fromkeys(FLAGS, 2))
    assert (uniform.pairs.value, uniform.covered.value) == pytest.approx((pairs, covered))
    assert uniform.responses.value == 18 + 7 and uniform.n_unspent == 12 - 7
    assert uniform.pairs_per_1000.value == pytest.approx(1000 * pairs / 25)
    boundary = found["boundary"]
    mixed = {flags: 6 for flags in FLAGS if 0 < flags[:3].count("1") < 3}
    pairs, covered = by_hand(mixed)
    assert (boundary.pairs.value, boundary.covered.value) == pytest.approx((pairs, covered))
    assert boundary.responses.value == 18 + 4 and boundary.n_unspent == 12 - 4


def test_problems_outside_the_pool_give_nothing(config):
    found = {r.strategy: r for r in replay_config(config, **TAUS)}
    assert (
        found["inlier"].pairs.value
        < found["inlier+boundary"].pairs.value
        <= found["uniform"].pairs.value + 6
    )
    assert found["outlier"].covered.value == 1, (
        "of the never solved one gives a pair for sure: all of its rest is drawn"
    )


def test_every_interval_holds_its_value(config):
    found = replay_config(config, **TAUS)
    assert len({r.strategy for r in found}) == len(found) > 1
    for r in found:
        for interval in (r.responses, r.pairs, r.covered, r.pairs_per_1000):
            assert interval.low <= interval.value <= interval.high
        assert r.responses.value + r.n_unspent == 6 * 5


def test_what_came_without_a_flag_is_graded_now_and_gives_the_same(db, tmp_path, config):
    (tmp_path / "other").mkdir()
    bare = configured(
        imported(db, tmp_path / "other", flagged=False),
        sampling={"n": 5, "n_presample": N_PRESAMPLE},
    )
    assert replay_config(bare, **TAUS) == replay_config(config, **TAUS)


def test_verdicts_keep_the_order_of_the_recording(db, tmp_path):
    made = imported(db, tmp_path, flagged=False)
    run_id = create_run(db, configured(made))
    problems = store.problems.of_run(db, run_id, "train")
    with Grader() as grader:
        for left_out in (0, 2):
            n_first = dict.fromkeys(problems, left_out)
            known = judged(open_set(made.folder), problems, grader, DEFAULT, n_first=n_first)
            flags = ["".join("01"[int(c)] for c in correct) for correct in known.values()]
            assert sorted(flags) == sorted(flag[left_out:] for flag in FLAGS)


def test_a_replay_finds_answers_by_the_rules_of_its_configuration(db, tmp_path):
    made = imported(db, tmp_path, flagged=False)
    sampling = {"n": 5, "n_presample": N_PRESAMPLE}
    none = {"pattern": "(?P<answer>there is no such word)"}
    config = configured(made, sampling=sampling, grading=none)
    assert all(r.pairs.value == 0 for r in replay_config(config, **TAUS))


def test_a_finished_run_is_replayed_from_its_pre_samples_as_its_configuration_is(db, config):
    runner = JobRunner(db)
    run_id = create_run(db, config)
    run_to_end(runner, run_id)
    runner.close()
    assert replay(db, run_id, **TAUS) == replay_config(config, **TAUS)


def test_what_cannot_be_replayed_is_said(db, config):
    with pytest.raises(ConfigError, match="samples its responses"):
        replay(db, create_run(db, small()), **TAUS)
    with pytest.raises(ConfigError, match="no problem with complete pre-samples"):
        replay(db, create_run(db, config), **TAUS)
    with pytest.raises(ConfigError, match="sampling.sampler must be"):
        replay_config(small())


def test_the_command_replays_a_study_file_and_a_run(db, tmp_path):
    made = imported(db, tmp_path)
    study = Path(made.folder) / "study.toml"
    told = cli("replay", study, "--tau-l", "0.1", "--json")
    assert told.returncode == 0, told.stderr
    found = json.loads(told.stdout)
    assert {r["strategy"] for r in found} == set(strategies()) and found[0].keys() >= {
        "pairs",
        "covered",
        "responses",
        "pairs_per_1000",
    }
    db.close()
    missing = cli("replay", "--db", tmp_path / "studio.duckdb")
    assert missing.returncode == 1 and "no run" in missing.stderr
    assert cli("replay", study).stdout.startswith("strategy")
