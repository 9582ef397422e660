"""A strategy that reads texts is shown how many differ, of pre-samples first, then of all."""

from engine import store
from engine.events import Graded, Sampled, Scored
from engine.store import record
from engine.study import plans
from engine.study.handle import Iteration
from engine.study.runs import create_run
from engine.types import Choice, Response, StepScores, Verdict
from tests.small_runs import small


def answered(db, it, which, owed):
    """Responses of which every second one is right, and texts that differ by the index over 4."""
    keys = [(id, index) for id, indices in owed.items() for index in indices]
    set_id = getattr(it.row, which)
    texts = [Response(id, i, i, f"{i % 2} {i // 4}", "stop", 3) for id, i in keys]
    verdicts = [((id, i), Verdict(i % 2 == 0, "1", "correct")) for id, i in keys]
    scores = [((id, i), StepScores((0.5,))) for id, i in keys]
    for event in (
        Sampled(set_id, texts),
        Graded(set_id, verdicts),
        Scored(set_id, it.run.prm_id, scores),
    ):
        record(db, "no job", 1, event)


def test_a_lookahead_is_shown_how_many_texts_differ_and_hands_out_its_rounds_exactly(db):
    it = Iteration(db, create_run(db, small(difficulty={"strategy": "lookahead"})), 0)
    ids = list(store.problems.of_run(db, it.run_id, "train", 0))
    answered(db, it, "presample_set", dict.fromkeys(ids, range(3)))
    e = store.samples.estimates(it)
    choice = Choice(0.25, 0.65, strategy="lookahead")
    seen = plans.view(it, e, plans.classes(it, e, choice), strategy="lookahead")
    assert (seen.n_correct == 2).all()
    assert (seen.n_right_texts == 1).all() and (seen.n_wrong_texts == 1).all()
    plain = plans.view(it, e, plans.classes(it, e, choice), strategy="boundary")
    assert plain.n_right_texts is None
    plans.commit(it, choice, made_by="a test")
    totals = []
    while True:
        rows = store.commits.allocation(it)
        totals.append(sum(row.n_more for row in rows))
        owed = {row.problem_id: range(3, 3 + row.n_more) for row in rows if row.n_more}
        answered(db, it, "resample_set", owed)
        if not plans.next_round(it):
            break
    assert totals == [15, 30, 45, 60] and store.commits.get(it).n_unspent == 0
    counts = store.repeats.text_counts(it, with_resamples=True)
    given = {row.problem_id: row.n_more for row in store.commits.allocation(it)}
    for id, right, wrong in zip(counts.problem_ids.tolist(), counts.n_right, counts.n_wrong):
        of = lambda odd: len({i // 4 for i in range(3 + given[id]) if i % 2 == odd})  # noqa: B023
        assert (right, wrong) == (of(0), of(1))
