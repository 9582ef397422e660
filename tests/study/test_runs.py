"""A new run: its problems and models, what is refused before anything is stored, runs that share
samples. No model is loaded.
"""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine import store
from engine.errors import ConfigError, ProblemSetError
from engine.figures.summary import summarise
from engine.store.responses import Filter, count
from engine.study import pairing, runs
from engine.study.handle import Iteration
from engine.study.progress import progress
from engine.study.runs import create_run, fork, latest
from tests.small_runs import judge, small
from tests.study.small_studies import committed, own_problems, problem_file


def test_a_new_run_uses_each_problem_once_and_keeps_the_held_out_ones_apart(db):
    run_id = create_run(db, small(n_iterations=3))
    train, held_out = (
        store.problems.of_run(db, run_id, "train"),
        store.problems.of_run(db, run_id, "held_out"),
    )
    first = store.problems.of_run(db, run_id, "train", 0)
    assert (len(train), len(held_out), len(first)) == (2400, 6, 12)
    assert not train.keys() & held_out.keys() and first.keys() < train.keys()
    assert [row.number for row in store.runs.iterations(db, run_id)] == [0]


def test_a_name_that_is_taken_counts_on_and_a_seed_is_no_such_number(db):
    assert runs.free_name(db, "mine 2") == "mine 2"
    for name in ("mine", "mine 2", "mine 4", "mine, seed 2"):
        create_run(db, small(name=name))
    assert runs.free_name(db, "mine") == runs.free_name(db, "mine 2") == "mine 3"
    assert runs.free_name(db, "mine 4") == "mine 5"
    assert runs.free_name(db, "mine, seed 2") == "mine, seed 2 2"


def test_the_seed_decides_which_problems_come_first_and_the_run_does_not(db):
    def first(seed):
        return list(store.problems.of_run(db, create_run(db, small(seed=seed)), "train", 0))

    assert first(1) == first(1) != first(2)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"problems": {"n_train": 11}, "n_iterations": 2},
            "problems.train holds 20 problems, and 2 iterations of 11 need 22",
        ),
        (
            {"problems": {"n_held_out": 7}},
            "problems.held_out holds 6 problems, problems.n_held_out asks for 7",
        ),
    ],
)
def test_too_few_problems_are_said_in_numbers_and_nothing_is_stored(db, tmp_path, changes, told):
    with pytest.raises(ProblemSetError, match=told):
        create_run(db, own_problems(tmp_path, 20, **changes))
    assert store.runs.listed(db) == [] and db.rows("SELECT * FROM problems") == []


def test_held_out_problems_that_are_trained_on_are_refused(db, tmp_path):
    config = own_problems(tmp_path, 20)
    problem_file(tmp_path / "held_out.jsonl", 15, 6)
    with pytest.raises(ProblemSetError, match="5 held-out problems are also training problems"):
        create_run(db, config)
    assert store.runs.listed(db) == []


def test_a_question_stored_with_another_answer_is_refused_because_verdicts_are_shared(db, tmp_path):
    create_run(db, own_problems(tmp_path, 20))
    config = own_problems(tmp_path, 20)
    problem_file(tmp_path / "train.jsonl", 0, 20, answer="42")
    with pytest.raises(ProblemSetError, match="20 problems are in .* with another answer"):
        create_run(db, config)
    assert len(store.runs.listed(db)) == 1 and "42" not in {
        row["answer"] for row in db.rows("SELECT answer FROM problems")
    }


@pytest.mark.parametrize("role", ["policy", "reward"])
def test_a_model_that_is_nowhere_is_refused_by_name(db, role, tmp_path):
    for path in ("./no/such/folder", str(tmp_path)):
        with pytest.raises(
            ConfigError,
            match=path.replace("/", "."),
        ):
            create_run(db, small(**{role: {"path": path}}))
    assert store.runs.listed(db) == []


def test_an_unknown_run_or_iteration_is_named(db, run_id):
    for command in (lambda: Iteration(db, "abc", 0).config, lambda: latest(db, "abc")):
        with pytest.raises(ConfigError, match="no run abc"):
            command()
    for command in (lambda: committed(db, run_id, 5), lambda: fork(Iteration(db, run_id, 5))):
        with pytest.raises(ConfigError, match=f"Run {run_id} has no iteration 5"):
            command()


def test_a_run_with_fewer_presamples_is_not_disturbed_by_one_that_drew_more(db):
    """Both share a sample set, because responses do not depend on how many are drawn."""
    more = create_run(db, small(sampling={"n_presample": 5}))
    ids = store.problems.of_run(db, more, "train", 0)
    judge(db, more, owed=dict.fromkeys(ids, range(5)), correct=lambda p, i: i in (0, 3, 4))
    fewer = create_run(db, small(problems={"n_train": 24}))
    assert Iteration(db, fewer, 0).row.presample_set == Iteration(db, more, 0).row.presample_set
    assert not progress(Iteration(db, fewer, 0)).presampled, (
        "60 responses are there, 36 of them count, 72 are owed"
    )
    assert summarise(db, fewer)["iterations"][0]["budget"]["presampled"] == 36
    n_tokens = 3  # of every response that judge() stores
    assert store.comparison.tokens(db, more) == {0: 60 * n_tokens}
    assert store.comparison.tokens(db, fewer) == {0: 36 * n_tokens}
    late = {id: range(3) for id in store.problems.of_run(db, fewer, "train", 0) if id not in ids}
    judge(db, fewer, owed=late, correct=lambda p, i: i == 0)
    assert (
        progress(Iteration(db, fewer, 0)).presampled
        and count(Iteration(db, fewer, 0), Filter()) == 72
    )
    assert store.comparison.tokens(db, fewer) == {0: 72 * n_tokens}
    assert summarise(db, more)["iterations"][0]["budget"]["presampled"] == 60
    assert store.samples.estimates(Iteration(db, more, 0)).n_correct.tolist() == [3] * 12
    plan = committed(db, fewer, strategy="uniform")
    judge(
        db,
        fewer,
        which="resample_set",
        owed={id: range(3, 3 + n) for id, n in plan.allocation.items()},
    )
    pairing.make_pairs(Iteration(db, fewer, 0))
    pool = store.pairs.pool(Iteration(db, fewer, 0))
    assert len(pool) == len({(r.problem_id, r.idx) for r in pool}) == 24 * 8
    assert (
        len(store.pairs.texts(Iteration(db, fewer, 0)))
        == store.pairs.find_set(Iteration(db, fewer, 0)).n_pairs
    )
    assert sum(batch.num_rows for batch in store.exports.batches(db, "responses", fewer)) == 24 * 8


def test_a_problem_file_with_broken_lines_is_refused_by_line_and_field_unless_asked_otherwise(
    db, tmp_path
):
    from dataclasses import replace

    from engine.config import load_config
    from engine.errors import ProblemSetError
    from engine.paths import ROOT

    good = (ROOT / "data" / "starter" / "train.jsonl").read_text().splitlines()[:30]
    file = tmp_path / "train.jsonl"
    file.write_text("\n".join([*good[:2], '{"question": "What?"}', *good[2:]]))
    config = load_config(ROOT / "data" / "starter" / "default.toml")
    problems = replace(config.problems, train=str(file), n_train=10, n_held_out=5)
    config = replace(config, problems=problems, n_iterations=1)
    with pytest.raises(ProblemSetError, match="line 3, answer"):
        create_run(db, config)
    assert create_run(db, replace(config, problems=replace(problems, skip_broken=True)))


def test_the_path_of_a_reward_family_that_needs_none_is_not_looked_at(db):
    config = small(reward={"family": "none", "path": "nowhere"}, difficulty={"mode": "accuracy"})
    assert store.runs.get(db, create_run(db, config)).prm_path == ""


@pytest.mark.parametrize("path", ["nowhere", "/nowhere/at/all"])
def test_a_reward_model_that_is_not_there_is_named_as_the_setting_is_written(db, path):
    with pytest.raises(ConfigError, match=f"^reward.path is {path}: there is no such folder"):
        create_run(db, small(reward={"path": path}))


def test_two_runs_that_begin_at_once_have_two_names(db, monkeypatch):
    both = threading.Barrier(2)
    monkeypatch.setattr(runs, "check_servers", lambda _: both.wait(timeout=30))
    with ThreadPoolExecutor(2) as pool:
        begun = list(pool.map(lambda _: create_run(db, small(name="Mine")), range(2)))
    names = {store.runs.get(db, run_id).name for run_id in begun}
    assert names == {"Mine", "Mine 2"}
    assert {Iteration(db, run_id, 0).config.name for run_id in begun} == names
