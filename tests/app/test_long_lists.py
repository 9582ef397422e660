"""What pages read of long lists is what reading everything gives."""

import numpy as np

from engine.store import Database, reads, response_reads
from engine.store.response_reads import Filter


def test_a_page_of_responses_is_a_slice_of_all_of_them(studio):
    studio.resampled()
    everything = response_reads.page(studio.db, studio.run_id, 0, Filter(), limit=10_000)
    assert len(everything) == response_reads.count(studio.db, studio.run_id, 0, Filter()) > 36
    assert response_reads.page(studio.db, studio.run_id, 0, Filter(), limit=7, offset=5) == everything[5:12]
    order = list(reads.problems(studio.db, studio.run_id, "train", 0))
    places = [(order.index(row["problem_id"]), row["idx"]) for row in everything]
    assert places == sorted(places)


def test_filters_that_need_verdicts_or_scores_count_what_they_list(studio):
    studio.resampled()
    everything = response_reads.page(studio.db, studio.run_id, 0, Filter(), limit=10_000)
    for chosen, fits in (
        (Filter(statuses=["wrong"]), lambda row: row["status"] == "wrong"),
        (Filter(reward_range=(0.0, 0.5)), lambda row: row["reward"] <= 0.5),
        (Filter(statuses=["correct"], reward_range=(0.5, 1.0), phase="resample"), lambda row: row["correct"] and row["phase"] == "resample"),
    ):
        wanted = [row for row in everything if fits(row)]
        assert 0 < len(wanted) < len(everything)
        assert response_reads.page(studio.db, studio.run_id, 0, chosen, limit=10_000) == wanted
        assert response_reads.count(studio.db, studio.run_id, 0, chosen) == len(wanted)


def test_the_figures_of_pairs_are_those_of_their_rows(studio):
    studio.resampled()
    rows = reads.pairs(studio.db, studio.run_id, 0)
    n_problems, margins = reads.pair_figures(studio.db, studio.run_id, 0)
    assert n_problems == len({row["problem_id"] for row in rows})
    assert np.allclose(margins, [row["chosen_reward"] - row["rejected_reward"] for row in rows])
    assert reads.pairs(studio.db, studio.run_id, 0, limit=2, offset=1) == rows[1:3]


def test_questions_come_in_the_order_they_are_asked_for(studio):
    problems = reads.problems(studio.db, studio.run_id, "train", 0)
    ids = list(problems)[::-1]
    assert reads.questions(studio.db, ids) == [problems[id].question for id in ids]
    assert reads.questions(studio.db, []) == []


def test_what_is_judged_is_counted_again_when_more_is_judged(studio):
    def count():
        prm_id = reads.run(studio.db, studio.run_id)["prm_id"]
        return reads.n_judged(studio.db, studio.row["presample_set"], "train", studio.run_id, 0, prm_id)

    assert count() == 0
    studio.presampled()
    assert count() == 36


def test_a_remembered_value_is_read_again_for_another_version_only():
    db, read = Database(":memory:"), iter(range(9))
    values = [db.remembered("key", version, lambda: next(read)) for version in (1, 1, 2, 2, 1)]
    assert values == [0, 0, 1, 1, 2]
    db.close()
