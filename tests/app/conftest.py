"""A studio without a browser: a database filled to some point of the job by recording what phases
would have said.
"""

import sys
from dataclasses import replace

import pytest
from streamlit import config

from app import state
from engine import store
from engine.config import load_config
from engine.events import Graded, OptimiserStep, Planned, PolicySaved, Sampled, Scored
from engine.paths import ROOT
from engine.store import record
from engine.study import pairing, plans
from engine.study.handle import Iteration
from engine.study.runs import create_run
from engine.study.sample_sets import evaluation_sets, make_known
from engine.types import Choice, Response, StepScores, Verdict

N_TRAIN, N_HELD_OUT = 12, 6


class Studio:
    """One run on 12 starter problems, walked forward stage by stage without any model."""

    def __init__(self, path):
        self.db, self.runner = state._open(path)
        config = load_config(ROOT / "data" / "starter" / "default.toml")
        problems = replace(config.problems, n_train=N_TRAIN, n_held_out=N_HELD_OUT)
        self.run_id = create_run(self.db, replace(config, problems=problems, n_iterations=1))
        self.it = Iteration(self.db, self.run_id, 0)
        self.row = self.it.row

    def answer(self, set_id, role, wanted, *, scored=True):
        """Record responses: problem i is right in i % 4 of 4, so that every class occurs."""
        kind = (
            "evaluate"
            if role == "held_out"
            else "presample"
            if set_id == self.row.presample_set
            else "resample"
        )
        job = store.jobs.add(
            self.it,
            kind,
            {"policy": "before"} if kind == "evaluate" else {},
        )
        ids = list(
            store.problems.of_run(self.db, self.run_id, role, 0 if role == "train" else None)
        )
        keys = [(id, index) for id in ids for index in wanted(id)]
        right = [
            (ids.index(id) + index) % 4 < ids.index(id) % 4 or ids.index(id) % 4 == 3
            for id, index in keys
        ]
        texts = [
            f"By Tuesday it is 2 + 2 = {4 + (not ok)}.\n\nThe answer is \\boxed{{{4 + (not ok)}}}."
            for ok in right
        ]
        responses = [
            Response(id, index, 1, text, "stop", 9) for (id, index), text in zip(keys, texts)
        ]
        verdicts = [
            Verdict(ok, "4" if ok else "5", "correct" if ok else "wrong", "Compared.")
            for ok in right
        ]
        record(self.db, job, 1, Sampled(set_id, responses))
        record(self.db, job, 1, Graded(set_id, list(zip(keys, verdicts))))
        if scored:
            prm_id = store.runs.get(self.db, self.run_id).prm_id
            scores = [StepScores((0.9, 0.8) if ok else (0.6, 0.1)) for ok in right]
            record(self.db, job, 1, Scored(set_id, prm_id, list(zip(keys, scores))))
        store.jobs.set_state(self.db, job, "done")

    def presampled(self):
        self.answer(self.row.presample_set, "train", lambda id: range(3))
        return self

    def resampled(self):
        self.presampled()
        plan = plans.commit(
            self.it,
            Choice(tau_l=0.25, tau_h=0.65, mode="both", strategy="boundary"),
            made_by="tab 1",
        )
        self.answer(
            self.row.resample_set, "train", lambda id: range(3, 3 + plan.allocation.get(id, 0))
        )
        pairing.make_pairs(self.it)
        return self

    def trained(self):
        self.resampled()
        job = self.job("train", "running")
        for step in (1, 2):
            names = (
                "loss",
                "rewards/margins",
                "rewards/accuracies",
                "rewards/chosen",
                "rewards/rejected",
                "grad_norm",
                "learning_rate",
            )
            record(self.db, job, 1, OptimiserStep(step, 2, {name: 0.1 * step for name in names}))
        record(self.db, job, 1, PolicySaved("f" * 16, "/nowhere"))
        store.jobs.set_state(self.db, job, "done")
        for number, policy_id in ((0, self.row.policy_id), (1, "f" * 16)):
            for samples in evaluation_sets(self.it.config, policy_id, number):
                make_known(self.db, samples)
                n = 1 if samples.purpose == "greedy" else 8
                self.answer(samples.id, "held_out", lambda id, n=n: range(n), scored=False)
        return self

    def trained_again(self, policy_id="e" * 16, path="/nowhere"):
        """A second training of the iteration, done and evaluated."""
        self.trained()
        second = store.jobs.add(self.it, "train", {"beta": 0.2})
        store.jobs.set_state(self.db, second, "running")
        record(self.db, second, 1, OptimiserStep(1, 1, {"loss": 0.4}))
        record(self.db, second, 1, PolicySaved(policy_id, str(path)))
        store.jobs.set_state(self.db, second, "done")
        for samples in evaluation_sets(self.it.config, policy_id, 1):
            make_known(self.db, samples)
            n = 1 if samples.purpose == "greedy" else 8
            self.answer(samples.id, "held_out", lambda id, n=n: range(n), scored=False)
        return self

    def job(self, kind, into, **values):
        job_id = store.jobs.add(self.it, kind, {})
        store.jobs.set_state(self.db, job_id, "running")
        record(self.db, job_id, 1, Planned(36, 7, "responses"))
        if into != "running":
            store.jobs.set_state(self.db, job_id, into, **values)
        return job_id


@pytest.fixture(scope="session", autouse=True)
def own_address():
    """The address that the program's own configuration gives a server."""
    config.set_option("server.address", "127.0.0.1")


@pytest.fixture
def database(tmp_path, monkeypatch):
    path = tmp_path / "studio.duckdb"
    monkeypatch.setattr("sys.argv", ["main.py", "--db", str(path)])
    monkeypatch.setattr("engine.small_lm.is_installed", lambda: False)
    yield path
    db, runner = state._open(path)
    runner.close()
    db.close()
    state._open.clear()


@pytest.fixture
def studio(database):
    """A studio whose runner does nothing by itself, so that a page is seen in the state the test
    puts it in.
    """
    made = Studio(database)
    made.runner.paused = True
    return made


@pytest.fixture(autouse=True)
def main_module():
    """The main module stays what it is: a page under test takes its place, and children that other
    tests spawn would run that page.
    """
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main
