"""A problem without a right response is called unreached, with how high its pass rate can be,
wherever it is listed.
"""

from engine import store
from engine.study import pairing
from tests.app.shown import said, show, table_with


def test_unreached_problems_are_said_on_difficulty_responses_and_plan(studio):
    studio.resampled()
    pairing.make_pairs(studio.it)
    e = store.samples.estimates(studio.it)
    unsolved = e.problem_ids[e.n_correct == 0].tolist()
    at = show("difficulty")
    assert f"{len(unsolved)} unreached: none of their 3 responses is right" in said(at)
    assert "at most 63%" in said(at)
    counts = store.commits.pool_counts(studio.it)
    never = dict(zip(counts["problem_id"].tolist(), counts["n"].tolist()))
    right = dict(zip(counts["problem_id"].tolist(), counts["n_correct"].tolist()))
    never = {id: n for id, n in never.items() if not right[id]}
    solved = next(id for id in right if right[id])
    some = next(iter(never))
    at = show("responses", problem=some)
    assert f"Unreached: none of {never[some]} responses is right" in said(at)
    assert "Unreached" not in said(show("responses", problem=solved))
    at = show("plan")
    table = table_with(at, "Responses, all wrong")
    assert table["Problems"].astype(int).sum() == len(never)
