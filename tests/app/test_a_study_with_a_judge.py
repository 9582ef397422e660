"""A study whose reward model writes its judgements: built in the form, walked to its end, read on
the pages; and the same from its file on the command line.
"""

import json

from app import state
from app.new_study import cards, groups
from app.new_study.draft import Draft
from engine import store
from engine.config.toml import as_toml
from engine.figures.rewards import scorer_reports
from engine.jobs.runner import JobRunner
from engine.method.seeds import stable_hash
from engine.study.handle import Iteration
from engine.study.runs import create_run
from tests.app.shown import read, show
from tests.rewards.judges import MODEL, judge, replied
from tests.samplers.scripted_servers import scripted
from tests.small_runs import cli, small

SCORED = """FROM responses r JOIN problems q ON q.id = r.problem_id
    LEFT JOIN step_scores s USING (set_id, problem_id, idx)"""


def moody(body: dict) -> tuple[int, dict]:
    """By the bytes of what it is shown: one step in five is wrong, one chain in eight is prose."""
    text = body["messages"][0]["content"].partition("[Solution]")[2].rpartition("Review")[0]
    if sum(text.encode()) % 8 == 0:
        return replied("What a lovely solution!")
    steps = text.split("Step ")[1:]
    said = ["incorrect" if sum(step.encode()) % 5 == 0 else "correct" for step in steps]
    return replied(" ".join(rf"\boxed{{{label}}}" for label in said))


def judged_by(url: str, **changes):
    return small(
        placement="inline",
        reward={"family": "generative", "path": MODEL},
        generative={"base_urls": [url], "votes": 2},
        training={"n_epochs": 1},
        difficulty={"tau_l": 0.4, "tau_h": 0.9},
        problems={"n_train": 10, "n_held_out": 2},
        evaluation={"n": 1},
        **changes,
    )


def without_scores(db, run_id) -> dict[str, int]:
    return store.rewards.without_score(Iteration(db, run_id, 0))


def test_a_whole_iteration_by_the_form_and_by_the_command_line(database, monkeypatch, tmp_path):
    run_next = JobRunner.run_next
    monkeypatch.setattr(JobRunner, "run_next", lambda self, run_id=None: False)
    db, runner = state._open(database)
    with scripted(judge(moody)) as url:
        at = show("new_study")
        at.session_state[cards.DRAFT] = Draft(judged_by(url), "a test")
        at.run()
        for table in groups.groups():
            at.session_state[f"group_{table or 'top'}"] = True
        at.run()
        assert "which was not tried" in read(at)
        (votes,) = [field for field in at.number_input if field.key.endswith("generative.votes")]
        votes.set_value(1).run()
        at.radio(key="how_far").set_value("iteration").run()
        text = as_toml(at.session_state[cards.DRAFT].config())
        next(b for b in at.button if b.label.startswith("Start")).click().run()
        assert not at.exception
        monkeypatch.setattr(JobRunner, "run_next", run_next)
        while runner.run_next():
            pass
        run_id = store.runs.listed(db)[0].id
        it = Iteration(db, run_id, 0)
        (tmp_path / "saved.toml").write_text(text)
        told = cli("run", tmp_path / "saved.toml", "--db", tmp_path / "other.duckdb", "--json")
    assert told.returncode == 0, told.stderr
    (again,) = json.loads(told.stdout)["iterations"]
    assert again["n_pairs"] == store.pairs.find_set(it).n_pairs > 0
    (report,) = scorer_reports(it)
    spent, left_out = report.scorer.cost, without_scores(db, run_id)
    assert left_out.keys() == {"unreadable"} and again["n_pending"] > 0
    assert spent.n_requests >= 30 and spent.n_written_tokens == 10 * spent.n_requests
    assert 0 < spent.n_unreadable < spent.n_judgements
    page = show("verdicts", run=run_id, iteration="0")
    (table,) = [t.value for t in page.dataframe if "Requests" in t.value]
    assert table["Requests"][0] == spent.n_requests
    share = round(100 * spent.n_unreadable / spent.n_judgements, 1)
    assert table["Unreadable, %"][0] == share
    said = read(show("difficulty", run=run_id, iteration="0"))
    assert f"{left_out['unreadable']} responses have no score" in said
    assert "no judgement of the reward model could be read" in said


def test_a_job_whose_judge_dies_goes_on_with_what_it_owes(db, monkeypatch):
    monkeypatch.setattr("engine.servers.pool.FIRST_PAUSE_S", 0.001)
    asked, n_left = [], iter(range(20))

    def reply(body):
        return moody(body) if alive or next(n_left, None) is not None else None

    alive = False
    with scripted(judge(reply, asked=asked)) as url:
        run_id = create_run(db, judged_by(url, sampling={"batch_size": 4}))
        runner = JobRunner(db)
        job_id = runner.submit(Iteration(db, run_id, 0), "presample")
        runner.run_next()
        failed = store.jobs.get(db, job_id)
        assert failed.state == "failed"
        assert f"None of the servers in generative.base_urls answers ({url}" in failed.error
        n_before = db.value("SELECT count(*) FROM step_scores")
        assert 0 < n_before < 30
        stored = db.tuples(f"SELECT q.question, r.text {SCORED} WHERE s.prm_id IS NOT NULL")
        owed = db.tuples(f"SELECT q.question, r.text {SCORED} WHERE s.prm_id IS NULL")
        known = {stable_hash(MODEL, *item, 0, 0) % 2**63 for item in {*stored} - {*owed}}
        alive, n_asked = True, len(asked)
        runner.resume(job_id)
        runner.run_next()
        assert store.jobs.get(db, job_id).state == "done"
        runner.close()
    assert db.value("SELECT count(*) FROM step_scores") == 30
    assert known and known.isdisjoint(body["seed"] for body in asked[n_asked:])
