"""Runs side by side: figures counted by hand, groups over seeds, several files, and what the
command says.
"""

import json

import numpy as np
import pytest

from engine import store
from engine.errors import ConfigError
from engine.figures.comparison import compare
from engine.figures.measure import measure, measure_files
from engine.figures.text import NOTES, as_text
from engine.method.intervals import student_t
from engine.store import Database
from engine.study.handle import Iteration
from engine.study.runs import create_run, fork
from tests.small_runs import cli
from tests.stored_studies import study


@pytest.fixture
def boundary(db):
    return measure(db, study(db)).compared


def test_a_run_says_what_was_done_and_where_every_response_went(boundary):
    assert (
        boundary.done.strategy,
        boundary.done.mode,
        boundary.done.training,
        boundary.done.problems,
    ) == ("boundary", "both", "dpo", "fresh")
    (spent,) = boundary.spent
    assert (
        spent.total,
        spent.presampled,
        spent.resampled,
        spent.tuned,
        spent.calibrated,
        spent.unspent,
    ) == (96, 36, 60, 0, 0, 0)
    assert spent.n_tokens == 3 * 96 and spent.seconds == 40


def test_pairs_and_gain_are_told_per_thousand_of_what_they_cost(boundary):
    n_pairs = boundary.spent[0].n_pairs
    assert n_pairs > 0
    assert boundary.pairs_per_1000 == pytest.approx(
        {"responses": n_pairs / 0.096, "tokens": n_pairs / 0.288, "seconds": n_pairs / 0.04}
    )
    gain = boundary.accuracy[1].gain
    assert gain.value == pytest.approx(4 / 6 - 1 / 2)
    assert boundary.gain_per_1000["responses"].value == pytest.approx(gain.value / 0.096)
    assert boundary.gain_per_1000["seconds"].low == pytest.approx(gain.low / 0.04)


def test_levels_and_classes_add_up_to_the_run(boundary):
    for parts in (boundary.levels, boundary.classes):
        assert sum(part.n_responses for part in parts.values()) == 96
        assert sum(part.n_pairs for part in parts.values()) == boundary.spent[0].n_pairs
    assert boundary.classes["boundary"].pairs_per_1000 == pytest.approx(
        1000 * boundary.spent[0].n_pairs / boundary.classes["boundary"].n_responses
    )
    assert boundary.classes["inlier"].n_pairs == 0 and boundary.classes["inlier"].gain is None, (
        "M_0 answers every problem once of two"
    )
    assert boundary.classes["boundary"].gain == boundary.accuracy[1].gain


def test_gains_by_class_hold_regression_to_the_mean_and_the_text_says_so_beneath_them(db):
    text = as_text(compare([measure(db, study(db))]))
    rows, note = text[text.index("class inlier") :].split("\n\n", 1)
    assert "class outlier" in rows and note.startswith(NOTES["Levels and classes"])
    assert "regression to the mean" in note and text.count("regression to the mean") == 1


def test_runs_equal_but_for_seed_and_name_are_one_group_with_an_interval_over_seeds(db):
    shares = (3, 4, 6)
    own = [
        study(db, seed=seed, name=f"seed {seed}", after=lambda problem, _, n=n: problem < n)
        for seed, n in enumerate(shares)
    ]
    found = compare([measure(db, run_id) for run_id in own])
    (group,) = found.groups
    last = group.accuracy[-1]
    assert (last.number, last.seeds) == (1, [0, 1, 2])
    assert last.mean_interval == student_t([n / 6 for n in shares]) and last.mean == pytest.approx(
        np.mean(shares) / 6
    )
    assert found.paired == [] and found.differences == []


def test_one_seed_has_no_interval_over_seeds(db):
    (group,) = compare([measure(db, study(db))]).groups
    assert group.accuracy[0].mean_interval is None and group.accuracy[0].seeds == [7]


def test_two_groups_are_compared_problem_by_problem_over_the_seeds_they_share(db):
    all_right, four_right = (lambda problem, _: True), (lambda problem, _: problem < 4)
    first = [measure(db, study(db, seed=seed, after=four_right)) for seed in (0, 1)]
    second = [
        measure(db, study(db, seed=seed, strategy="uniform", after=all_right)) for seed in (1, 2)
    ]
    found = compare([*first, *second])
    (paired,) = found.paired
    assert (paired.number, paired.seeds, paired.n_problems) == (1, [1], 6)
    assert paired.first == first[0].compared.group and paired.second == second[0].compared.group
    assert paired.difference.value == pytest.approx(2 / 6) and paired.difference.low >= 0
    assert found.differences == [], "other strategies, same budget"


def test_another_budget_is_named_with_both_figures(db):
    usual, larger = measure(db, study(db)), measure(db, study(db, sampling={"n": 9}))
    (said,) = compare([usual, larger]).differences
    assert (
        said == f"{larger.compared.label} may sample 108 responses by iteration,"
        f" {usual.compared.label} 96."
    )


def test_the_same_budget_used_in_part_is_named_too(db):
    usual = measure(db, study(db))
    fewer = measure(db, create_run(db, Iteration(db, usual.compared.run_id, 0).config))
    (said,) = compare([usual, fewer]).differences
    assert "sampled 36 responses" in said and "96" in said


def test_a_fork_counts_the_presampling_it_shares(db):
    run_id = study(db)
    forked = measure(db, fork(Iteration(db, run_id, 0)).run_id).compared
    assert (
        forked.spent[0].presampled == 36
        and forked.spent[0].seconds == 10
        and forked.spent[0].n_pairs is None
    )
    assert forked.pairs_per_1000["responses"] is None and forked.accuracy[0].gain is None


def test_a_run_without_anything_is_compared_as_well(db, run_id):
    found = compare([measure(db, run_id)])
    assert found.runs[0].accuracy == [] and found.groups[0].accuracy == []
    assert "presampled" in as_text(found)


@pytest.fixture
def files(tmp_path):
    names = []
    for name, strategy in (("one", "boundary"), ("two", "uniform")):
        db = Database(tmp_path / f"{name}.duckdb")
        names.append(f"{db.path}:{study(db, strategy=strategy)}")
        study(db, seed=8, strategy=strategy)
        db.close()
    return names


def test_runs_of_several_files_are_compared(files, tmp_path):
    found = compare(measure_files([*files, str(tmp_path / "two.duckdb"), files[0]]))
    assert [run.label.partition(":")[0] for run in found.runs] == [
        "one.duckdb",
        "two.duckdb",
        "two.duckdb",
    ]
    assert [run.seed for run in found.runs] == [7, 7, 8]
    assert [group.labels for group in found.groups] == [
        [found.runs[0].label],
        [run.label for run in found.runs[1:]],
    ]
    text = as_text(found)
    assert "Same budget." in text and "paired difference in points" in text and "uniform" in text


def test_what_is_not_there_is_named(files, tmp_path):
    with pytest.raises(ConfigError, match="no database at"):
        measure_files([str(tmp_path / "none.duckdb")])
    assert not (tmp_path / "none.duckdb").exists()
    with pytest.raises(ConfigError, match="no run deadbeef"):
        measure_files([f"{tmp_path / 'one.duckdb'}:deadbeef"])
    with pytest.raises(ConfigError, match="no run to compare"):
        compare([])


def test_the_command_prints_one_json_object_and_a_locked_file_is_a_sentence(files, tmp_path):
    done = cli("compare", *files, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told.keys() == {"runs", "groups", "paired", "differences"} and len(told["runs"]) == 2
    assert told["runs"][0]["spent"][0]["resampled"] == 60
    owner = Database(tmp_path / "one.duckdb")
    assert store.runs.listed(owner)
    done = cli("compare", *files)
    owner.close()
    assert (
        done.returncode == 1
        and "is in use by the process with PID" in done.stderr
        and done.stdout == ""
    )
