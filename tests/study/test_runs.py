"""The commands between jobs: a run's problems, the plan a commit binds, pairs, the next iteration,
forks. No model is loaded.
"""

import json
import threading
from collections import Counter
from pathlib import Path

import pytest

from engine import store
from engine.config import RunConfig
from engine.errors import ConfigError, ProblemSetError, StoreConflict
from engine.figures.summary import summarise
from engine.method.budget import remaining_budget
from engine.store import Database, now
from engine.store.responses import Filter, count
from engine.study import pairing, plans
from engine.study.handle import Iteration
from engine.study.plans import AlreadyCommitted
from engine.study.progress import progress
from engine.study.runs import begin_next_iteration, create_run, fork, latest
from engine.types import Choice, Difficulty, Plan
from tests.small_runs import judge, small


def problem_file(path: Path, first: int, n: int, answer: str = "") -> str:
    rows = [
        {"question": f"What is {i} + 1?", "answer": answer or str(i + 1), "level": str(i % 3)}
        for i in range(first, first + n)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def own_problems(tmp_path: Path, n_train: int, **changes) -> RunConfig:
    train = problem_file(tmp_path / "train.jsonl", 0, n_train)
    held_out = problem_file(tmp_path / "held_out.jsonl", 1000, 6)
    problems = {"train": train, "held_out": held_out, **changes.pop("problems", {})}
    return small(problems=problems, **changes)


def some_right(position: int, index: int) -> bool:
    """Position 0 and 1 always right, 2 and 3 never, the rest sometimes."""
    return position < 2 or (position > 3 and index == 0)


def high_and_low(position: int, index: int) -> float:
    """A reward that agrees with some_right, but for problems 1 and 3."""
    return {0: 0.9, 1: 0.2, 2: 0.1, 3: 0.8}.get(position, 0.5)


def committed(
    db: Database, run_id: str, number: int = 0, *, made_by: str = "a test", **changed
) -> Plan:
    choice = Choice(**{"tau_l": 0.25, "tau_h": 0.65, **changed})
    return plans.commit(Iteration(db, run_id, number), choice, made_by=made_by)


def finish_training(db: Database, run_id: str, number: int, policy_id: str) -> None:
    """What a train job leaves when it is done."""
    job_id = store.jobs.add(Iteration(db, run_id, number), "train", {})
    store.jobs.set_state(db, job_id, "done")
    with db.transaction() as cursor:
        cursor.execute("UPDATE jobs SET policy_id = ? WHERE id = ?", [policy_id, job_id])
        cursor.execute(
            "INSERT OR IGNORE INTO policies VALUES (?, '/nowhere', NULL, ?)", [policy_id, now()]
        )


def whole_iteration(db: Database, run_id: str, number: int = 0, policy_id: str = "m1") -> None:
    judge(db, run_id, number, correct=some_right, reward=high_and_low)
    committed(db, run_id, number)
    more = {
        row.problem_id: range(3, 3 + row.n_more)
        for row in store.commits.allocation(Iteration(db, run_id, number))
        if row.n_more
    }
    judge(db, run_id, number, which="resample_set", owed=more)
    pairing.make_pairs(Iteration(db, run_id, number))
    finish_training(db, run_id, number, policy_id)


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


def test_the_plans_numbers_add_up_and_are_what_is_committed(db, run_id):
    judge(db, run_id, correct=some_right, reward=high_and_low)
    choice = Choice(0.25, 0.65)
    plan = plans.plan(Iteration(db, run_id, 0), choice)
    assert Counter(plan.difficulty.values()) == {
        Difficulty.INLIER: 1,
        Difficulty.BOUNDARY: 10,
        Difficulty.OUTLIER: 1,
    }
    assert sum(plan.allocation.values()) + plan.n_unspent == remaining_budget(12, 8, 3) == 60
    assert set(plan.allocation.values()) == {6} and plan.n_pending == 0
    assert plans.commit(Iteration(db, run_id, 0), choice, made_by="a test") == plan
    stored = store.commits.allocation(Iteration(db, run_id, 0))
    assert {row.problem_id: row.difficulty for row in stored} == plan.difficulty
    assert {row.problem_id: row.n_more for row in stored if row.n_more} == plan.allocation


@pytest.mark.parametrize(
    ("strategy", "n_targets"),
    [("inlier", 1), ("outlier", 1), ("uniform", 12), ("inlier+outlier", 2)],
)
def test_every_strategy_spends_the_same_budget_on_its_own_classes(db, run_id, strategy, n_targets):
    judge(db, run_id, correct=some_right, reward=high_and_low)
    plan = committed(db, run_id, strategy=strategy)
    assert sum(plan.allocation.values()) == 60 and len(plan.allocation) == n_targets


def test_a_commit_waits_for_the_last_verdict_and_score(db, run_id):
    judge(db, run_id)
    set_id = Iteration(db, run_id, 0).row.presample_set
    lost = db.row("SELECT * FROM step_scores WHERE set_id = ? LIMIT 1", [set_id])
    db.cursor().execute(
        "DELETE FROM step_scores WHERE set_id = ? AND problem_id = ? AND idx = ?",
        [set_id, lost["problem_id"], lost["idx"]],
    )
    with pytest.raises(ConfigError, match="not all drawn, graded and scored yet"):
        committed(db, run_id)
    assert store.commits.find(Iteration(db, run_id, 0)) is None


def test_thresholds_out_of_order_commit_nothing(db, run_id):
    judge(db, run_id)
    with pytest.raises(ConfigError, match="tau_l"):
        committed(db, run_id, tau_l=0.7, tau_h=0.3)
    assert store.commits.find(Iteration(db, run_id, 0)) is None


def test_the_second_commit_is_shown_the_winner(db, run_id):
    judge(db, run_id)
    committed(db, run_id, made_by="tab 1", tau_l=0.125)
    with pytest.raises(
        AlreadyCommitted, match=r"committed by tab 1 at \d\d:\d\d:\d\d UTC with tau_l 0\.125"
    ):
        committed(db, run_id, made_by="tab 2")
    assert store.commits.find(Iteration(db, run_id, 0)).made_by == "tab 1"


def test_of_two_commits_at_once_one_wins_and_its_plan_alone_is_stored(db, run_id, monkeypatch):
    judge(db, run_id)
    barrier, outcomes = threading.Barrier(2, timeout=30), {}
    plan = plans.plan

    def plan_together(*arguments, **named):
        made = plan(*arguments, **named)
        barrier.wait()
        return made

    monkeypatch.setattr(plans, "plan", plan_together)

    def press(who, tau_l):
        try:
            outcomes[who] = committed(db, run_id, made_by=who, tau_l=tau_l)
        except AlreadyCommitted as error:
            outcomes[who] = error

    threads = [threading.Thread(target=press, args=(f"tab {i}", i / 10)) for i in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winner = store.commits.find(Iteration(db, run_id, 0))
    (loser,) = outcomes.keys() - {winner.made_by}
    assert isinstance(outcomes[loser], AlreadyCommitted) and winner.made_by in str(outcomes[loser])
    assert winner.tau_l == int(winner.made_by[-1]) / 10
    assert len(store.commits.allocation(Iteration(db, run_id, 0))) == 12


def test_an_empty_boundary_class_leaves_the_budget_unspent_and_gives_no_pair(db, run_id):
    judge(
        db, run_id, correct=lambda p, i: p % 2 == 0, reward=lambda p, i: 0.9 if p % 2 == 0 else 0.1
    )
    plan = committed(db, run_id)
    assert (plan.allocation, plan.n_unspent) == ({}, 60)
    assert (
        pairing.make_pairs(Iteration(db, run_id, 0)) == 0
        and store.pairs.texts(Iteration(db, run_id, 0)) == []
    )
    (told,) = summarise(db, run_id)["iterations"]
    assert (told["n_pairs"], told["budget"]) == (
        0,
        {"total": 96, "presampled": 36, "resampled": 0, "tuned": 0, "calibrated": 0, "unspent": 60},
    )
    assert begin_next_iteration(db, run_id).number == 1
    assert Iteration(db, run_id, 1).row.policy_id == Iteration(db, run_id, 0).row.policy_id


def test_pairs_are_of_one_problem_a_right_one_and_a_wrong_one_and_are_made_once(db, run_id):
    whole_iteration(db, run_id)
    pairs = store.pairs.texts(Iteration(db, run_id, 0))
    assert (
        pairing.make_pairs(Iteration(db, run_id, 0))
        == len(pairs)
        == store.pairs.find_set(Iteration(db, run_id, 0)).n_pairs
        > 0
    )
    right = {(r.problem_id, r.idx): r.correct for r in store.pairs.pool(Iteration(db, run_id, 0))}
    assert all(
        right[p.problem_id, p.chosen_index] and not right[p.problem_id, p.rejected_index]
        for p in pairs
    )
    assert all(p.problem_id in p.chosen and p.problem_id in p.rejected for p in pairs)
    used = [(p.problem_id, i) for p in pairs for i in (p.chosen_index, p.rejected_index)]
    assert len(used) == len(set(used))


def test_pairs_that_other_classes_would_have_given_are_counted_as_foregone(db, run_id):
    judge(db, run_id, correct=some_right, reward=high_and_low)
    committed(db, run_id, strategy="inlier")
    assert pairing.make_pairs(Iteration(db, run_id, 0)) == 0
    assert store.pairs.find_set(Iteration(db, run_id, 0)).n_foregone == 8


def test_the_next_iteration_takes_problems_never_used_and_the_trained_policy(db, run_id):
    with pytest.raises(ConfigError, match="Iteration 0 has no trained policy yet"):
        begin_next_iteration(db, run_id)
    whole_iteration(db, run_id, policy_id="m1")
    assert begin_next_iteration(db, run_id).number == 1
    first, second = (store.problems.of_run(db, run_id, "train", t) for t in (0, 1))
    assert len(second) == 12 and not first.keys() & second.keys()
    assert Iteration(db, run_id, 1).row.policy_id == "m1"


def test_a_further_training_does_not_change_what_the_next_iteration_began_with(db, run_id):
    whole_iteration(db, run_id, policy_id="m1")
    begin_next_iteration(db, run_id)
    finish_training(db, run_id, 0, "m1 again")
    assert store.runs.next_policy(Iteration(db, run_id, 0)) == "m1"


def test_when_too_few_problems_are_left_their_number_is_said(db, tmp_path):
    run_id = create_run(db, own_problems(tmp_path, 20))
    whole_iteration(db, run_id)
    with pytest.raises(
        ProblemSetError,
        match="8 problems that this run never used are left, and an iteration takes 12",
    ):
        begin_next_iteration(db, run_id)
    assert len(store.runs.iterations(db, run_id)) == 1


def test_of_two_that_begin_the_next_iteration_at_once_one_does(db, run_id):
    whole_iteration(db, run_id)
    outcomes = []

    def press():
        try:
            outcomes.append(begin_next_iteration(db, run_id).number)
        except (StoreConflict, ConfigError) as error:
            outcomes.append(error)

    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count(1) == 1
    assert (
        len(store.runs.iterations(db, run_id)) == 2
        and len(store.problems.of_run(db, run_id, "train", 1)) == 12
    )


def test_a_fork_shares_the_presamples_and_counts_a_whole_budget_of_its_own(db, run_id):
    judge(db, run_id, correct=some_right, reward=high_and_low)
    committed(db, run_id)
    other = fork(Iteration(db, run_id, 0)).run_id
    mine, theirs = (
        Iteration(db, other, 0).row,
        Iteration(db, run_id, 0).row,
    )
    assert mine.presample_set == theirs.presample_set and mine.resample_set != theirs.resample_set
    assert (
        store.commits.find(Iteration(db, other, 0)) is None
        and store.runs.get(db, other).parent_id == run_id
    )
    plan = committed(db, other, strategy="uniform")
    more = {
        row.problem_id: range(3, 3 + row.n_more)
        for row in store.commits.allocation(Iteration(db, other, 0))
        if row.n_more
    }
    judge(db, other, which="resample_set", owed=more)
    budget = summarise(db, other)["iterations"][0]["budget"]
    assert budget == {
        "total": 96,
        "presampled": 36,
        "resampled": sum(plan.allocation.values()),
        "tuned": 0,
        "calibrated": 0,
        "unspent": 0,
    }
    assert budget["presampled"] + budget["resampled"] + budget["unspent"] == budget["total"]
    assert summarise(db, run_id)["iterations"][0]["budget"]["resampled"] == 0


def test_a_fork_of_a_later_iteration_carries_the_history_and_the_unused_problems(db, run_id):
    whole_iteration(db, run_id, 0, "m1")
    begin_next_iteration(db, run_id)
    whole_iteration(db, run_id, 1, "m2")
    begin_next_iteration(db, run_id)
    other = fork(Iteration(db, run_id, 1)).run_id
    assert [row.policy_id for row in store.runs.iterations(db, other)] == [
        Iteration(db, run_id, 0).row.policy_id,
        "m1",
    ]
    for number, read in [
        (0, store.pairs.texts),
        (0, store.commits.allocation),
        (0, store.pairs.pool),
    ]:
        mine, theirs = (read(Iteration(db, id, number)) for id in (other, run_id))
        assert mine == theirs != []
    assert (
        store.commits.find(Iteration(db, other, 1)) is None
        and store.pairs.find_set(Iteration(db, other, 1)) is None
    )
    assert (
        store.runs.next_policy(Iteration(db, other, 0)) == "m1"
        and store.runs.next_policy(Iteration(db, other, 1)) is None
    )
    assert summarise(db, other)["iterations"][0]["policy"]["after"] == "m1"
    whole_iteration_of_fork(db, other)
    assert list(store.problems.of_run(db, other, "train", 2)) == list(
        store.problems.of_run(db, run_id, "train", 2)
    )


def whole_iteration_of_fork(db: Database, run_id: str) -> None:
    """Its pre-samples are there already: only the rest is owed."""
    committed(db, run_id, 1, strategy="uniform")
    more = {
        row.problem_id: range(3, 3 + row.n_more)
        for row in store.commits.allocation(Iteration(db, run_id, 1))
    }
    judge(db, run_id, 1, which="resample_set", owed=more)
    pairing.make_pairs(Iteration(db, run_id, 1))
    finish_training(db, run_id, 1, "m2 of the fork")
    begin_next_iteration(db, run_id)


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
    late = {id: range(3) for id in store.problems.of_run(db, fewer, "train", 0) if id not in ids}
    judge(db, fewer, owed=late, correct=lambda p, i: i == 0)
    assert (
        progress(Iteration(db, fewer, 0)).presampled
        and count(Iteration(db, fewer, 0), Filter()) == 72
    )
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
