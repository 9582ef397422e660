"""run and resume: what --json prints, and that its figures agree."""

import json

import pytest

from tests.small_runs import SMALL, cli, toml

KEYS = {
    "iteration",
    "n_problems",
    "budget",
    "classes",
    "n_pending",
    "n_pairs",
    "n_foregone",
    "dpo",
    "eval",
    "gain",
    "policy",
    "seconds",
}


def test_standard_output_is_one_json_object_and_progress_goes_elsewhere(finished):
    assert len(finished.stdout.splitlines()) == 1 and isinstance(json.loads(finished.stdout), dict)
    assert "iteration 0  presample  done       36 of 36 responses" in finished.stderr


def test_the_object_has_every_figure(told):
    assert told.keys() == KEYS
    assert told["budget"].keys() == {
        "total",
        "presampled",
        "resampled",
        "reused",
        "drawn",
        "discarded",
        "tuned",
        "calibrated",
        "unspent",
    }
    assert told["classes"].keys() == {"inlier", "boundary", "outlier"}
    assert told["dpo"].keys() == {
        "n_steps",
        "first_loss",
        "first_margin",
        "last_loss",
        "last_margin",
    }
    for when in ("before", "after"):
        figures = told["eval"][when]
        assert {
            "greedy",
            "mean",
            "n",
            "n_problems",
            "greedy_interval",
            "mean_interval",
            "levels",
        } == figures.keys()
        assert (
            0
            <= figures["greedy_interval"][0]
            <= figures["greedy"]
            <= figures["greedy_interval"][1]
            <= 1
        )
        assert (
            sum(level["n_problems"] for level in figures["levels"].values())
            == figures["n_problems"]
            == 6
        )
    assert (
        told["policy"].keys() == {"before", "after"}
        and told["policy"]["before"] != told["policy"]["after"]
    )
    assert told["seconds"].keys() == {
        "presample",
        "resample",
        "train",
        "evaluate_before",
        "evaluate_after",
    }


def test_the_figures_agree_with_each_other(told):
    budget = told["budget"]
    assert sum(budget.values()) - budget["total"] == budget["total"] == 12 * 8
    assert sum(told["classes"].values()) + told["n_pending"] == told["n_problems"] == 12
    assert told["gain"]["value"] == pytest.approx(
        told["eval"]["after"]["mean"] - told["eval"]["before"]["mean"]
    )
    assert told["gain"]["low"] <= told["gain"]["value"] <= told["gain"]["high"]
    batches = -(-told["n_pairs"] // SMALL["training"]["batch_size"])
    assert told["n_pairs"] > 0
    assert told["dpo"]["n_steps"] == batches * SMALL["training"]["n_epochs"]


def test_the_first_step_has_no_margin_and_the_loss_of_a_coin(told):
    assert abs(told["dpo"]["first_margin"]) < 0.001
    assert told["dpo"]["first_loss"] == pytest.approx(0.6931, abs=0.001)
    assert (
        told["dpo"]["last_margin"] > 0.01 and told["dpo"]["last_loss"] < told["dpo"]["first_loss"]
    )


def test_resuming_a_finished_run_does_nothing_and_prints_the_same(finished, told, tmp_path):
    again = cli("resume", "--db", finished.copy(tmp_path), "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout) == json.loads(finished.stdout)
    assert "running" not in again.stderr


def test_the_same_study_twice_in_one_database_takes_the_stored_responses_and_ends_alike(
    finished, tmp_path
):
    db = finished.copy(tmp_path)
    (tmp_path / "small.toml").write_text(toml())
    again = cli("run", tmp_path / "small.toml", "--db", db, "--json")
    assert again.returncode == 0, again.stderr
    assert "presample" not in again.stderr
    (first,), (second,) = (json.loads(out)["iterations"] for out in (finished.stdout, again.stdout))
    n_resampled = first["budget"]["resampled"]
    assert second["budget"] == {**first["budget"], "reused": n_resampled} and n_resampled == 60
    for figure in ("classes", "n_pairs", "eval", "policy"):
        assert second[figure] == first[figure], figure
