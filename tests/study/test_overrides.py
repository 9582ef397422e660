"""A person's word against a verdict: it counts at once, it can be undone, and what was bound before
stays as it was.
"""

import json

import duckdb
import pytest

from engine import store
from engine.errors import ConfigError
from engine.events import Graded, Sampled
from engine.export.regrade import stored_verdicts
from engine.export.run import table_batches
from engine.figures.evaluation import evaluation
from engine.grading import Grader
from engine.grading.again import as_table, regrade
from engine.method.difficulty import class_counts, classify
from engine.store import Database, now, record
from engine.store.responses import Filter, ListedResponse
from engine.store.schema import MIGRATIONS
from engine.study import pairing, plans
from engine.study.handle import Iteration
from engine.study.overrides import override
from engine.study.runs import fork
from engine.study.sample_sets import evaluation_sets
from engine.types import Choice, Difficulty, Response, Verdict
from tests.small_runs import cli, judge

BOTH = Choice(0.25, 0.65)


@pytest.fixture
def first(db, run_id) -> str:
    """The first problem's id, in an iteration whose pre-samples are all right and well scored, but
    for the second problem's.
    """
    judge(db, run_id, correct=lambda p, i: p != 1, reward=lambda p, i: 0.9)
    return next(iter(store.problems.of_run(db, run_id, "train", 0)))


def say(db, run_id, problem_id, index, correct, **more) -> None:
    set_id = Iteration(db, run_id, 0).row.presample_set
    override(
        db,
        set_id,
        problem_id,
        index,
        **{"correct": correct, "note": "I checked.", "made_by": "tab 1", **more},
    )


def classes(db, run_id) -> dict[str, int]:
    e = store.samples.estimates(Iteration(db, run_id, 0))
    return class_counts(classify(e.n_correct, e.n, e.phi_r, tau_l=0.25, tau_h=0.65))


def shown(db, run_id, problem_id, index=0) -> ListedResponse:
    return store.responses.page(
        Iteration(db, run_id, 0), Filter(problem_ids=[problem_id]), limit=9
    )[index]


def test_an_override_counts_at_once_and_its_undo_brings_the_verdict_back(db, run_id, first):
    assert classes(db, run_id) == {"inlier": 11, "boundary": 1, "outlier": 0}
    say(db, run_id, first, 0, False)
    assert classes(db, run_id) == {"inlier": 10, "boundary": 2, "outlier": 0}
    assert store.responses.count(Iteration(db, run_id, 0), Filter(statuses=["wrong"])) == 4
    say(db, run_id, first, 0, None)
    assert classes(db, run_id) == {"inlier": 11, "boundary": 1, "outlier": 0}
    assert store.samples.n_overrides(db) == 2, "an undo is a row too"


def test_the_newest_override_counts_and_both_verdicts_are_shown(db, run_id, first):
    before = shown(db, run_id, first)
    assert (before.correct, before.graded_status, before.overridden_by) == (
        True,
        "correct",
        None,
    )
    say(db, run_id, first, 0, True)
    say(db, run_id, first, 0, False, note=" no\ud800 proof ", made_by="tab 2")
    row = shown(db, run_id, first)
    assert (row.correct, row.status, row.graded_status) == (False, "wrong", "correct")
    assert (row.override_note, row.overridden_by) == (
        "no\ufffd proof",
        "tab 2",
    ) and row.overridden_at <= now()
    say(db, run_id, first, 0, None)
    assert shown(db, run_id, first) == before, "an undo takes all overrides back, not only the last"


def test_an_override_never_changes_the_verdict_itself(db, run_id, first):
    stored = db.rows("SELECT * FROM verdicts ORDER BY ALL")
    say(db, run_id, first, 0, False)
    assert db.rows("SELECT * FROM verdicts ORDER BY ALL") == stored


def test_a_response_without_a_verdict_cannot_be_overridden(db, run_id, first):
    for problem_id, index in ((first, 7), ("nobody", 0)):
        with pytest.raises(ConfigError, match="has no verdict"):
            say(db, run_id, problem_id, index, True)
    assert store.samples.n_overrides(db) == 0


def test_a_verdict_that_is_no_answer_can_be_marked_correct(db, run_id, first):
    set_id = Iteration(db, run_id, 0).row.presample_set
    db.cursor().execute(
        "UPDATE verdicts SET correct = false, status = 'timeout', predicted = NULL WHERE problem_id"
        " = ? AND idx = 0",
        [first],
    )
    override(db, set_id, first, 0, correct=True, made_by="cli")
    assert (shown(db, run_id, first).status, shown(db, run_id, first).graded_status) == (
        "correct",
        "timeout",
    )
    assert shown(db, run_id, first).override_note == ""


def test_a_plan_follows_overrides_until_it_is_committed_and_never_after(db, run_id, first):
    say(db, run_id, first, 0, False)
    assert plans.plan(Iteration(db, run_id, 0), BOTH).difficulty[first] == Difficulty.BOUNDARY
    plans.commit(Iteration(db, run_id, 0), BOTH, made_by="tab 1")
    bound = store.commits.allocation(Iteration(db, run_id, 0))
    say(db, run_id, first, 0, None)
    assert plans.plan(Iteration(db, run_id, 0), BOTH).difficulty[first] == Difficulty.INLIER
    assert store.commits.allocation(Iteration(db, run_id, 0)) == bound


def test_pairs_use_the_overrides_made_before_them_and_stay_afterwards(db, run_id, first):
    say(db, run_id, first, 0, False)
    more = plans.commit(Iteration(db, run_id, 0), BOTH, made_by="tab 1").allocation
    judge(
        db,
        run_id,
        which="resample_set",
        owed={id: range(3, 3 + n) for id, n in more.items()},
        correct=lambda p, i: p != 1,
    )
    pairing.make_pairs(Iteration(db, run_id, 0))
    pairs = store.pairs.texts(Iteration(db, run_id, 0))
    assert {(p.problem_id, p.rejected_index) for p in pairs} == {(first, 0)}
    say(db, run_id, first, 0, None)
    assert store.pairs.texts(Iteration(db, run_id, 0)) == pairs and pairing.make_pairs(
        Iteration(db, run_id, 0)
    ) == len(pairs)


def test_pairs_foregone_and_evaluations_follow_overrides(db, run_id, first):
    plans.commit(Iteration(db, run_id, 0), BOTH, made_by="tab 1")
    assert store.commits.n_foregone(Iteration(db, run_id, 0)) == 0
    say(db, run_id, first, 0, False)
    assert store.commits.n_foregone(Iteration(db, run_id, 0)) == 1
    policy_id = Iteration(db, run_id, 0).row.policy_id
    sets = evaluation_sets(Iteration(db, run_id, 0).config, policy_id, 0)
    ids = list(store.problems.of_run(db, run_id, "held_out"))
    for samples, n in zip(sets, (1, 2)):
        keys = [(id, i) for id in ids for i in range(n)]
        record(
            db, "j", 1, Sampled(samples.id, [Response(id, i, 1, "4", "stop", 1) for id, i in keys])
        )
        record(
            db, "j", 1, Graded(samples.id, [(key, Verdict(False, "4", "wrong")) for key in keys])
        )
    assert evaluation(Iteration(db, run_id, 0), policy_id).greedy_interval().value == 0
    override(db, sets[0].id, ids[0], 0, correct=True, made_by="cli")
    assert evaluation(Iteration(db, run_id, 0), policy_id).greedy.tolist() == [True] + [False] * 5


def test_a_fork_shares_the_overrides_of_its_pre_samples(db, run_id, first):
    forked = fork(Iteration(db, run_id, 0))
    say(db, run_id, first, 0, False)
    assert classes(db, forked.run_id) == classes(db, run_id)


def test_the_history_of_overrides_is_exported_with_its_undo(db, run_id, first):
    say(db, run_id, first, 2, False)
    say(db, run_id, first, 2, None, note="")
    rows = [row for batch in table_batches(db, "overrides", run_id) for row in batch.to_pylist()]
    assert [(r["problem_id"], r["index"], r["correct"], r["note"], r["made_by"]) for r in rows] == [
        (first, 2, False, "I checked.", "tab 1"),
        (first, 2, None, "", "tab 1"),
    ]


def test_a_database_of_version_one_is_opened_with_all_its_rows(tmp_path, monkeypatch):
    path = tmp_path / "old.duckdb"
    monkeypatch.setattr("engine.store.migrating.MIGRATIONS", MIGRATIONS[:1])
    old = Database(path)
    with old.transaction() as cursor:
        cursor.execute(
            "INSERT INTO responses SELECT 's', 'p', i, 18446744073709551615, 'text', 'stop', 1"
            " FROM range(2) t(i)"
        )
        cursor.execute(
            "INSERT INTO verdicts SELECT 's', 'p', i, i = 0, '1',"
            " if(i = 0, 'correct', 'wrong'), 'Compared.' FROM range(2) t(i)"
        )
    verdicts = old.rows("SELECT * FROM verdicts ORDER BY ALL")
    with pytest.raises(duckdb.CatalogException):
        old.rows("SELECT * FROM judged")
    old.close()
    monkeypatch.undo()
    db = Database(path)
    assert [
        row["version"] for row in db.rows("SELECT version FROM migrations ORDER BY version")
    ] == list(range(1, len(MIGRATIONS) + 1))
    assert db.rows("SELECT * EXCLUDE (rules) FROM verdicts ORDER BY ALL") == verdicts
    assert (
        db.rows(
            "SELECT set_id, problem_id, idx, correct, predicted, status, reason FROM judged ORDER"
            " BY ALL"
        )
        == verdicts
    )
    override(db, "s", "p", 1, correct=True, made_by="cli")
    db.close()
    db = Database(path)
    assert [row["correct"] for row in db.rows("SELECT correct FROM judged ORDER BY idx")] == [
        True,
        True,
    ]
    db.close()


def everything(db) -> dict:
    return {
        table: db.rows(f"SELECT * FROM {table} ORDER BY ALL")
        for table in ("responses", "verdicts", "overrides", "sample_sets")
    }


def test_grading_again_lists_other_verdicts_and_writes_nothing(db, run_id, first):
    row = Iteration(db, run_id, 0).row
    problems = store.problems.of_run(db, run_id, "train", 0)
    db.cursor().execute(
        "UPDATE responses SET text = '\\boxed{' || (SELECT answer FROM problems q WHERE q.id ="
        " problem_id) || '}'"
    )
    db.cursor().execute(
        "UPDATE responses SET text = 'I do not know\x1b[2J.' WHERE problem_id = ? AND idx = 2",
        [first],
    )
    say(db, run_id, first, 0, False)
    stored = everything(db)
    with Grader() as grader:
        done = regrade(stored_verdicts(db, run_id), grader)
    assert everything(db) == stored
    assert done.n_graded == 36
    second = list(problems)[1]
    by_key = {(d.problem_id, d.index): d for d in done.disagreements}
    assert by_key.keys() == {
        (first, 2),
        *((second, i) for i in range(3)),
    }, "the override of (first, 0) is not a disagreement"
    assert (by_key[second, 0].was, by_key[second, 0].is_now, by_key[second, 0].purpose) == (
        "wrong",
        "correct",
        "presample",
    )
    assert (by_key[first, 2].was, by_key[first, 2].is_now, by_key[first, 2].predicted) == (
        "correct",
        "no_answer",
        None,
    )
    table = as_table(list(by_key.values()))
    assert (
        len(table.splitlines()) == 5
        and second in table
        and "\x1b" not in table
        and row.presample_set
    )


def test_the_command_line_grades_a_run_again(finished, tmp_path):
    path = finished.copy(tmp_path)
    done = cli("regrade", "--db", path)
    assert done.returncode == 0, done.stderr
    assert "All 132 verdicts are given again." in done.stdout
    db = Database(path)
    db.cursor().execute(
        "UPDATE verdicts SET status = 'error', correct = false WHERE status = 'correct'"
    )
    n = db.row("SELECT count(*) AS n FROM verdicts WHERE status = 'error'")["n"]
    db.close()
    told = json.loads(cli("regrade", "--db", path, "--json").stdout)
    assert told["n_graded"] == 132 and told["n_disagreeing"] == len(told["disagreements"]) == n > 0
    assert {(d["was"], d["is_now"]) for d in told["disagreements"]} == {("error", "correct")}
    assert "no run abc" in cli("regrade", "--db", path, "--run", "abc").stderr
    applied = json.loads(cli("regrade", "--db", path, "--apply", "--json").stdout)
    assert applied["n_applied"] == n
    again = json.loads(cli("regrade", "--db", path, "--apply", "--json").stdout)
    assert (again["n_disagreeing"], again["n_applied"]) == (n, 0), "what counts already is not new"


def test_another_engine_is_asked_about_stored_verdicts_by_kind(finished, tmp_path):
    path = finished.copy(tmp_path)
    db = Database(path)
    correct = (
        "(set_id, problem_id, idx) IN (SELECT (set_id, problem_id, idx) FROM responses LIMIT 4)"
    )
    db.cursor().execute(f"UPDATE verdicts SET status = 'error', correct = false WHERE {correct}")
    db.close()
    done = cli("regrade", "--db", path, "--against", "math-verify")
    assert done.returncode == 0, done.stderr
    told = json.loads(cli("regrade", "--db", path, "--against", "math-verify", "--json").stdout)
    assert told["n_graded"] == 132 and sum(told["kinds"].values()) == told["n_disagreeing"]
    for kind in told["kinds"]:
        assert kind in done.stdout
    refused = cli("regrade", "--db", path, "--against", "math-verify", "--apply")
    assert refused.returncode == 2 and "for a person to judge" in refused.stderr
