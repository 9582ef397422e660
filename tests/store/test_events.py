"""Events as rows: recorded twice they are there once, whole or not at all, every text as it was."""

import pytest

from engine import store
from engine.events import CheckpointSaved, Graded, Note, OptimiserStep, Planned, Sampled, Scored
from engine.store import Database, record
from engine.study.handle import Iteration
from engine.types import StepScores, Verdict
from tests.store.small_rows import n_rows, response


def every_event() -> list:
    return [
        Planned(4, 1, "responses"),
        Sampled("s", [response(0), response(1, seed=2**64 - 1)]),
        Graded(
            "s",
            [
                (("p1", 0), Verdict(True, "1", "correct")),
                (("p1", 1), Verdict(False, None, "no_answer", "None there.")),
            ],
        ),
        Scored(
            "s",
            "prm",
            [(("p1", 0), StepScores((0.25, 0.5))), (("p1", 1), StepScores((), "too_long"))],
        ),
        OptimiserStep(1, 2, {"loss": 0.69, "rewards/margins": 0.0}),
        CheckpointSaved(1, "/somewhere/checkpoint-1"),
    ]


def test_recording_every_event_twice_leaves_the_rows_of_once(db, run_id):
    job_id = store.jobs.add(Iteration(db, run_id, 0), "presample", {})
    tables = ("responses", "verdicts", "step_scores", "metrics", "checkpoints")

    def rows():
        return {
            table: (
                db.rows(f"SELECT * EXCLUDE (logged_at) FROM {table} ORDER BY ALL")
                if table == "metrics"
                else db.rows(f"SELECT * FROM {table} ORDER BY ALL")
            )
            for table in tables
            if table != "checkpoints"
        }

    for event in every_event():
        record(db, job_id, 1, event)
    once, job = rows(), store.jobs.get(db, job_id)
    for event in every_event()[1:]:
        record(db, job_id, 1, event)
    assert rows() == once and {table: len(found) for table, found in once.items()} == {
        "responses": 2,
        "verdicts": 2,
        "step_scores": 2,
        "metrics": 2,
    }
    assert n_rows(db, "checkpoints") == 1
    assert [r["seed"] for r in once["responses"]] == [1, 2**64 - 1]
    assert [(s["scores"], s["reward"]) for s in once["step_scores"]] == [
        ([0.25, 0.5], 0.25),
        ([], None),
    ]
    assert store.jobs.get(db, job_id) == job


def test_responses_that_were_there_already_do_not_count_as_done(db, run_id):
    job_id = store.jobs.add(Iteration(db, run_id, 0), "presample", {})
    record(db, job_id, 1, Planned(3, 0, "responses"))
    record(db, job_id, 1, Sampled("s", [response(0), response(1)]))
    record(db, job_id, 1, Sampled("s", [response(1), response(2)]))
    assert store.jobs.get(db, job_id).n_done == 3


def test_what_was_stored_first_stays(db):
    record(db, "j", 1, Sampled("s", [response(0, "first")]))
    record(db, "j", 2, Sampled("s", [response(0, "second"), response(1, "new")]))
    assert [row["text"] for row in db.rows("SELECT text FROM responses ORDER BY idx")] == [
        "first",
        "new",
    ]


def test_an_event_whose_second_half_fails_leaves_no_half(db, run_id, monkeypatch):
    job_id = store.jobs.add(Iteration(db, run_id, 0), "presample", {})
    insert = Database.insert

    def insert_then_break(self, *arguments, **named):
        insert(self, *arguments, **named)
        raise RuntimeError("the power went")

    monkeypatch.setattr(Database, "insert", insert_then_break)
    with pytest.raises(RuntimeError, match="power"):
        record(db, job_id, 1, Sampled("s", [response(0)]))
    monkeypatch.undo()
    assert n_rows(db, "responses") == 0 and store.jobs.get(db, job_id).n_done == 0
    record(db, job_id, 1, Sampled("s", [response(0)]))
    assert n_rows(db, "responses") == 1 and store.jobs.get(db, job_id).n_done == 1


@pytest.mark.parametrize(
    "text",
    ["", "\x00 in the middle", "naïve 数学 🙂", "two\r\nlines\n\n", "'; DROP TABLE responses; --"],
)
def test_every_text_comes_back_as_it_was(db, text):
    record(db, "j", 1, Sampled("s", [response(0, text)]))
    assert db.row("SELECT text FROM responses")["text"] == text


def test_lone_surrogates_are_stored_as_the_replacement_mark(db):
    record(db, "j", 1, Sampled("s", [response(0, "a\ud800b")]))
    record(db, "j", 1, Graded("s", [(("p1", 0), Verdict(False, "\udfff", "wrong", "\ud9999"))]))
    record(db, "j", 1, Note("\udc00"))
    found = db.row(
        "SELECT r.text, v.predicted, v.reason, n.text AS note FROM responses r, verdicts v, notes n"
    )
    assert found == {
        "text": "a\ufffdb",
        "predicted": "\ufffd",
        "reason": "\ufffd9",
        "note": "\ufffd",
    }


def test_columns_of_nothing_but_none_are_stored(db):
    record(
        db, "j", 1, Graded("s", [(("p1", i), Verdict(False, None, "no_answer")) for i in range(2)])
    )
    record(
        db, "j", 1, Scored("s", "prm", [(("p1", i), StepScores((), "too_long")) for i in range(2)])
    )
    record(db, "j", 1, Sampled("s", []))
    assert db.rows("SELECT DISTINCT predicted FROM verdicts") == [{"predicted": None}]
    assert db.rows("SELECT DISTINCT scores, reward FROM step_scores") == [
        {"scores": [], "reward": None}
    ]
