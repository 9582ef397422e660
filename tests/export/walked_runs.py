"""A run on which everything happened that an export holds, without a model."""

from engine import store
from engine.events import Draw, Drawn, Graded, Sampled, Scored
from engine.store import Database, now, record
from engine.study import pairing, plans, tags
from engine.study.handle import Iteration
from engine.study.overrides import override
from engine.study.sample_sets import evaluation_sets, make_known, sample_set
from engine.study.side_samples import place_order
from engine.types import Choice, Purpose, Response, StepScores, Verdict
from tests.small_runs import judge


def walked(db: Database, run_id: str) -> None:
    """One iteration up to its pairs, with hostile texts, an override, a refused score and an
    evaluation of M_0.
    """
    it = Iteration(db, run_id, 0)
    first = next(iter(store.problems.of_run(db, run_id, "train", 0)))
    hostile_presamples(it, first)
    judge(db, run_id)
    calibrated(it)
    override(db, it.row.presample_set, first, 1, correct=True, note="=right", made_by="a test")
    for wanted in (True, False):
        tags.put(it, [first], "=odd", made_by="a test", wanted=wanted)
    resampled_and_paired(it.again())
    evaluated(it.again())
    one_metric(it.again())


def hostile_presamples(it: Iteration, problem_id: str) -> None:
    """Three pre-samples of a problem whose texts and numbers are hard to write down."""
    keys = [(problem_id, i) for i in range(3)]
    responses = [
        Response(id, i, 2**64 - 1 - i, f"=1+1\r\n\u2028'{i}\x00\ud800", "length", 3)
        for id, i in keys
    ]
    verdicts = [
        (key, Verdict(key[1] == 0, None, "correct" if key[1] == 0 else "no_answer", ""))
        for key in keys
    ]
    scores = [(key, StepScores((0.1 + 0.2, 1 / 3))) for key in keys]
    prm_id = store.runs.get(it.db, it.run_id).prm_id
    record(it.db, "j", 1, Sampled(it.row.presample_set, responses))
    record(it.db, "j", 1, Graded(it.row.presample_set, verdicts))
    record(it.db, "j", 1, Scored(it.row.presample_set, prm_id, scores))


def calibrated(it: Iteration) -> None:
    """Side samples of two problems, one more each than were ordered."""
    settings = it.config.train_settings()
    order = place_order(it, purpose=Purpose.CALIBRATE, settings=settings, n_problems=2, n=3)
    keys = [(id, i) for id in order.problem_ids for i in range(4)]
    responses = [Response(id, i, i, "side", "stop", 1) for id, i in keys]
    record(it.db, "j", 1, Sampled(order.set_id, responses))


def resampled_and_paired(it: Iteration) -> None:
    plan = plans.commit(it, Choice(0.1, 0.9, "both", "boundary"), made_by="=a test")
    owed = {id: range(3, 3 + n) for id, n in plan.allocation.items()}
    judge(it.db, it.run_id, which="resample_set", owed=owed)
    pairing.make_pairs(it.again())


def evaluated(it: Iteration) -> None:
    """Greedy and sampled responses of M_0 to the held-out problems, all of them correct."""
    held_out = store.problems.of_run(it.db, it.run_id, "held_out")
    for samples in evaluation_sets(it.config, it.row.policy_id, 0):
        make_known(it.db, samples)
        n = 1 if samples.purpose == "greedy" else 2
        keys = [(id, i) for id in held_out for i in range(n)]
        responses = [Response(id, i, i, "-5", "stop", 1) for id, i in keys]
        verdicts = [(key, Verdict(True, "-5", "correct")) for key in keys]
        record(it.db, "j", 1, Sampled(samples.id, responses))
        record(it.db, "j", 1, Graded(samples.id, verdicts))


def one_metric(it: Iteration) -> None:
    """And one response, which that training drew."""
    job_id = store.jobs.add(it, "train", {})
    drawn_in(it, job_id)
    row = {
        "job_id": job_id,
        "attempt": 1,
        "step": 1,
        "n_steps": 2,
        "name": "loss",
        "value": 0.1,
        "logged_at": now(),
    }
    it.db.insert("metrics", {name: [value] for name, value in row.items()})


def drawn_in(it: Iteration, job_id: str) -> None:
    settings = store.samples.get(it.db, it.row.presample_set).settings
    about = {"iteration": 0, "seed": 1, "sampler": "hf_local", "owner": job_id}
    samples = sample_set(
        policy_id=it.row.policy_id, purpose=Purpose.TRAIN, settings=settings, **about
    )
    make_known(it.db, samples)
    id = next(iter(store.problems.of_run(it.db, it.run_id, "train", 0)))
    response = Response(id, 0, 2**64 - 3, "=drawn", "stop", 2)
    draw = Draw(response, Verdict(False, "1", "wrong"), StepScores((0.5,)), -0.25, True)
    record(it.db, job_id, 1, Drawn(samples.id, it.run.prm_id, 1, [draw]))
