"""Studies on recorded responses, from the import to the pairs, without any model; and the backends
that replay them.
"""

import json
from pathlib import Path
from typing import ClassVar

import pytest

from engine import store
from engine.config import load_config, parse_config, plain_config
from engine.errors import ConfigError, ProblemSetError, RewardModelError, SamplerError
from engine.figures.evaluation import evaluations
from engine.figures.summary import summarise
from engine.grading import Grader
from engine.grading.again import as_table, regrade
from engine.headless.run import run_to_end
from engine.jobs import owed
from engine.jobs.runner import JobRunner
from engine.method.seeds import stable_hash
from engine.placement import Backend, Inline, Workers
from engine.problems import problem_id
from engine.recorded import import_responses
from engine.recorded.flags import flagged
from engine.recorded.sampler import RecordedSampler
from engine.store import Database
from engine.study import pairing, plans
from engine.study.handle import Iteration
from engine.study.runs import create_run, fork
from engine.types import Choice, Request, SamplingSettings
from tests.small_runs import cli

DATA = Path(__file__).parents[1] / "data"
JARS, KITES, MINUS = map(
    problem_id,
    (
        "A shelf holds 3 rows of 4 jars. How many jars?",
        "Five kites cost 35 coins. What does one cost?",
        "What is 9 - 2?",
    ),
)


@pytest.fixture
def db(tmp_path):
    database = Database(tmp_path / "studio.duckdb")
    yield database
    database.close()


@pytest.fixture
def made(db):
    return import_responses(DATA / "recorded_lines.jsonl", db.artifacts, scale="probability")


def configured(made, **changes):
    """The set's own study, with tables merged."""
    plain = plain_config(load_config(Path(made.folder) / "study.toml"))
    return parse_config(
        {
            name: {**value, **changes[name]} if name in changes else value
            for name, value in plain.items()
        }
    )


def finished(db, config) -> str:
    runner = JobRunner(db)
    try:
        run_id = create_run(db, config)
        run_to_end(runner, run_id)
    finally:
        runner.close()
    return run_id


def noted(sample, asked: list):
    def noting(self, requests, settings):
        asked.append(requests)
        return sample(self, requests, settings)

    return noting


def test_a_whole_study_runs_from_import_to_pairs_and_the_budget_adds_up(db, made):
    run_id = finished(db, configured(made))
    told = summarise(db, run_id)["iterations"][0]
    assert told["budget"] == {
        "total": 15,
        "presampled": 9,
        "resampled": 3,
        "reused": 0,
        "drawn": 0,
        "discarded": 0,
        "tuned": 0,
        "calibrated": 0,
        "unspent": 3,
    }
    assert told["classes"] == {"inlier": 1, "boundary": 2, "outlier": 0}
    pairs = store.pairs.texts(Iteration(db, run_id, 0))
    for side, wanted in (
        ("chosen", [(JARS, 0), (JARS, 1), (KITES, 3)]),
        ("rejected", [(JARS, 2), (JARS, 4), (KITES, 2)]),
    ):
        assert sorted((p.problem_id, getattr(p, f"{side}_index")) for p in pairs) == sorted(wanted)
    jobs = {job.kind: (job.state, job.n_done, job.n_total) for job in store.jobs.of_run(db, run_id)}
    assert jobs == {"presample": ("done", 9, 9), "resample": ("done", 3, 3)}


def test_windows_of_a_recording_give_the_same_rows(db, made, tmp_path, monkeypatch):
    finished(db, configured(made))
    monkeypatch.setattr(owed, "WINDOW", 2)
    other = Database(tmp_path / "other.duckdb")
    again = import_responses(DATA / "recorded_lines.jsonl", other.artifacts, scale="probability")
    asked = []
    monkeypatch.setattr(RecordedSampler, "sample", noted(RecordedSampler.sample, asked))
    finished(other, configured(again))
    for table in ("responses", "verdicts", "step_scores", "allocations", "pairs"):
        sql = f"SELECT COLUMNS(lambda c: c NOT IN ('run_id', 'set_id')) FROM {table} ORDER BY ALL"
        assert db.tuples(sql) == other.tuples(sql), table
    assert max(map(len, asked)) == 2 and sum(map(len, asked)) == 12


def test_a_problem_gives_no_more_than_is_recorded_and_the_rest_of_its_share_is_unspent(db, made):
    run_id = finished(db, configured(made, difficulty={"tau_l": 0.0, "tau_h": 1.0}))
    stored = {
        row.problem_id: row.n_more for row in store.commits.allocation(Iteration(db, run_id, 0))
    }
    assert stored == {JARS: 2, KITES: 1, MINUS: 0}
    assert store.commits.find(Iteration(db, run_id, 0)).n_unspent == 3
    responses = db.rows("SELECT DISTINCT problem_id, idx FROM responses ORDER BY ALL")
    assert len(responses) == 12 == db.row("SELECT count(*) AS n FROM responses")["n"]
    pooled = {row.problem_id for row in store.pairs.pool(Iteration(db, run_id, 0))}
    assert pooled == {
        JARS,
        KITES,
        MINUS,
    }, "a problem in the classes belongs to the pool, also where nothing more is recorded"


def test_recorded_scores_are_the_rewards_and_the_lowest_indices_the_presamples(db, made):
    run_id = finished(db, configured(made))
    e = store.samples.estimates(Iteration(db, run_id, 0))
    at = dict(zip(e.problem_ids.tolist(), range(3)))
    assert e.n_correct[at[JARS]] == 2 and e.n_correct[at[MINUS]] == 3
    assert e.phi_r[at[JARS]] == pytest.approx((0.8 + 0.7 + 0.3) / 3)
    assert {
        row["idx"]
        for row in db.rows(
            "SELECT idx FROM responses r JOIN sample_sets s ON s.id = r.set_id WHERE purpose ="
            " 'presample'"
        )
    } == {0, 1, 2}


def test_without_scores_accuracy_alone_decides_and_pairs_are_still_built(db, tmp_path):
    stripped = [
        {k: v for k, v in json.loads(line).items() if k != "step_scores"}
        for line in (DATA / "recorded_lines.jsonl").open()
    ]
    (tmp_path / "bare.jsonl").write_text("".join(json.dumps(row) + "\n" for row in stripped))
    made = import_responses(tmp_path / "bare.jsonl", db.artifacts)
    config = configured(made)
    assert (config.reward.family, config.difficulty.mode) == ("none", "accuracy")
    run_id = finished(db, config)
    e = store.samples.estimates(Iteration(db, run_id, 0))
    assert e.n_pending == 0 and (e.phi_r != e.phi_r).all()
    assert summarise(db, run_id)["iterations"][0]["budget"] == {
        "total": 15,
        "presampled": 9,
        "resampled": 2,
        "reused": 0,
        "drawn": 0,
        "discarded": 0,
        "tuned": 0,
        "calibrated": 0,
        "unspent": 4,
    }
    pairs = store.pairs.texts(Iteration(db, run_id, 0))
    assert pairs and {p.chosen_reward for p in pairs} == {None}
    with pytest.raises(ConfigError, match='mode is "both", and this run has no process reward'):
        plans.plan(Iteration(db, run_id, 0), Choice(0.2, 0.8, "both", "boundary"))
    with pytest.raises(ConfigError, match="no response there has a score"):
        create_run(db, configured(made, reward={"family": "recorded_scores", "path": made.folder}))


def test_an_outcome_score_is_stored_as_one(db):
    made = import_responses(DATA / "recorded_outcome_shape.jsonl", db.artifacts, scale="logit")
    run_id = finished(db, configured(made))
    rows = db.rows("SELECT DISTINCT status, len(scores) AS n FROM step_scores")
    assert rows == [{"status": "outcome", "n": 1}]
    assert store.samples.estimates(Iteration(db, run_id, 0)).phi_r.max() == pytest.approx(
        1 / (1 + 2.718281828**-3.5), abs=1e-4
    )


def test_a_response_without_its_score_leaves_its_problem_pending(db):
    made = import_responses(
        DATA / "synth_shape.jsonl",
        db.artifacts,
        scale="probability",
        rewards=DATA / "synth_shape_reward_dict.jsonl",
    )
    config = configured(made, sampling={"n": 2, "n_presample": 1}, problems={"n_train": 2})
    run_id = finished(db, config)
    assert store.samples.estimates(Iteration(db, run_id, 0)).pending_ids == [KITES]
    budget = summarise(db, run_id)["iterations"][0]["budget"]
    assert budget["presampled"] + budget["resampled"] + budget["unspent"] == budget["total"] == 4


def test_a_fork_with_another_target_replays_its_own_rest(db, made):
    run_id = finished(db, configured(made))
    other = fork(Iteration(db, run_id, 0))
    plan = plans.commit(
        other,
        Choice(0.0, 0.5, "both", "inlier"),
        made_by="a test",
    )
    assert (plan.allocation, plan.n_unspent) == ({}, 6) and plan.info["n_not_recorded"] == 6
    assert pairing.make_pairs(other) == 0


def test_problems_with_too_few_recorded_responses_are_not_taken(db, made):
    config = configured(made, sampling={"n_presample": 4}, problems={"n_train": 2})
    assert set(store.problems.of_run(db, create_run(db, config), "train")) == {JARS, KITES}
    with pytest.raises(ProblemSetError, match="holds 2 problems"):
        create_run(db, configured(made, sampling={"n_presample": 4}))
    with pytest.raises(ProblemSetError, match=r"None of the 3 problems .*n_presample = 7 recorded"):
        create_run(db, configured(made, sampling={"n": 9, "n_presample": 7}))


@pytest.mark.parametrize("kind", ["train", "evaluate"])
def test_there_is_no_policy_to_train_or_evaluate_and_it_is_said(db, made, kind):
    run_id = finished(db, configured(made))
    runner = JobRunner(db)
    job_id = runner.submit(
        Iteration(runner.db, run_id, 0), kind, {"policy": "before"} if kind == "evaluate" else {}
    )
    runner.run_next()
    runner.close()
    job = store.jobs.get(db, job_id)
    assert job.state == "failed" and "replays recorded responses: there is no policy" in job.error
    assert evaluations(db, run_id) == []


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"reward": {"family": "none"}}, "difficulty.mode is both"),
        ({"sampling": {"sampler": "hf_local"}}, "problems.n_held_out is 0"),
        (
            {"sampling": {"sampler": "hf_local"}, "problems": {"n_held_out": 1}},
            "reward.family is recorded_scores",
        ),
        ({"policy": {"path": "/no/where"}}, "/no/where is not an imported set"),
    ],
)
def test_what_does_not_fit_a_recording_is_named(db, made, changes, named):
    with pytest.raises(Exception, match=named):
        create_run(db, configured(made, **changes))


def test_the_command_line_imports_checks_and_runs_a_study(tmp_path):
    database = tmp_path / "cli.duckdb"
    done = cli(
        "import-responses",
        DATA / "recorded_lines.jsonl",
        "--scale",
        "probability",
        "--check",
        "--json",
        "--db",
        database,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["n_responses"], told["disagreements"]) == (12, [])
    run = cli("run", Path(told["folder"]) / "study.toml", "--db", database, "--json")
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["iterations"][0]["n_pairs"] == 3
    refused = cli("import-responses", DATA / "recorded_lines.jsonl", "--db", database)
    assert refused.returncode == 1 and "--scale on the command line" in refused.stderr


def test_flags_that_disagree_with_our_verdict_are_listed(db, tmp_path):
    row = {
        "question": "What is 1 + 1?",
        "answer": "2",
        "responses": [r"\boxed{2}", r"\boxed{3}", r"\boxed{2.0}"],
        "correct": [True, True, False],
    }
    (tmp_path / "odd.jsonl").write_text(json.dumps(row) + "\n")
    made = import_responses(tmp_path / "odd.jsonl", db.artifacts)
    with Grader(n_workers=1) as grader:
        done = regrade(flagged(Path(made.folder)), grader)
    assert (done.n_graded, [(d.index, d.was, d.is_now) for d in done.disagreements]) == (
        3,
        [(1, "correct", "wrong"), (2, "wrong", "correct")],
    )
    assert "purpose" not in as_table(done.disagreements) and "is not 2." in as_table(
        done.disagreements
    )


class TestReplay:
    """The part of the samplers' conformance suite that a recording can have, inline and in a child
    process.
    """

    @pytest.fixture(params=[Inline, Workers])
    def placement(self, request, tmp_path):
        opened = request.param(tmp_path / "logs")
        yield opened
        opened.release()

    ASKED: ClassVar = [
        Request(id, index, stable_hash(id, index), "")
        for id, n in ((JARS, 5), (KITES, 4), (MINUS, 3))
        for index in range(n)
    ]

    def drawn(self, placement, folder, requests, batch_size=256):
        sampler = placement.get(Backend("recorded", folder, {"batch_size": batch_size}))
        found = [r for batch in sampler.sample(requests, SamplingSettings()) for r in batch]
        assert sorted((r.problem_id, r.index, r.seed) for r in found) == sorted(
            (r.problem_id, r.index, r.seed) for r in requests
        )
        return {(r.problem_id, r.index): (r.text, r.finish_reason, r.n_tokens) for r in found}

    def test_every_request_is_answered_once_whatever_the_batch_size_and_the_order(
        self, placement, made
    ):
        texts = self.drawn(placement, made.folder, self.ASKED)
        assert texts == self.drawn(placement, made.folder, self.ASKED[::-1], batch_size=5)
        assert self.drawn(placement, made.folder, self.ASKED[3:4]).items() <= texts.items()
        assert texts[KITES, 0][1:] == ("length", 11) and "boxed{12}" in texts[JARS, 0][0]
        assert self.drawn(placement, made.folder, []) == {}

    def test_what_is_not_recorded_is_an_error_before_the_first_batch(self, placement, made):
        sampler = placement.get(Backend("recorded", made.folder, {}))
        with pytest.raises(
            SamplerError, match=f"Response 3 of problem {MINUS} is asked for, and 3 are recorded"
        ):
            list(sampler.sample([*self.ASKED, Request(MINUS, 3, 1, "")], SamplingSettings()))
        with pytest.raises(SamplerError, match="is not a problem id"):
            list(
                placement.get(Backend("recorded", made.folder, {})).sample(
                    [Request("p1", 0, 1, "")], SamplingSettings()
                )
            )

    def test_a_folder_that_is_no_set_is_an_error_in_words(self, placement, tmp_path):
        with pytest.raises(SamplerError, match="is not an imported set of responses"):
            list(
                placement.get(Backend("recorded", str(tmp_path), {})).sample([], SamplingSettings())
            )
        with pytest.raises(RewardModelError, match="is not an imported set of responses"):
            placement.get(Backend("recorded_scores", str(tmp_path))).score([])

    def test_scores_are_looked_up_by_key_in_the_order_asked(self, placement, made):
        scores = placement.get(Backend("recorded_scores", made.folder))
        assert [s.scores for s in scores.score([(JARS, "4"), (JARS, "0"), (KITES, "1")])] == [
            (0.7, 0.4),
            (0.9, 0.8),
            (0.7, 0.25),
        ]
        with pytest.raises(RewardModelError, match="Response 9"):
            scores.score([(JARS, "9")])


SLIPS_OF_THE_RECORDING = (r"\text{4:30 p.m.}", "10{,}000")
"""References that the recording compared wrongly: as 4:30p.. it never met, and with a response's
10000.
"""


@pytest.mark.parametrize(
    ("file", "budget"),
    [
        ("math_recorded_responses_100x8.jsonl", {"total": 800, "presampled": 300}),
        ("gsm8k_recorded_solutions.jsonl", {"total": 5276, "presampled": 3957}),
    ],
)
def test_the_real_recorded_sets_run_to_pairs_and_their_flags_agree(datasets, db, file, budget):
    made = import_responses(datasets / file, db.artifacts, scale="logit")
    told = summarise(db, finished(db, configured(made)))["iterations"][0]
    assert told["budget"].items() >= budget.items() and told["n_pairs"] > 0
    assert (
        told["budget"]["presampled"] + told["budget"]["resampled"] + told["budget"]["unspent"]
        == told["budget"]["total"]
    )
    with Grader() as grader:
        done = regrade(flagged(Path(made.folder)), grader)
    others = [one for one in done.disagreements if one.answer not in SLIPS_OF_THE_RECORDING]
    assert others == [], as_table(others)
