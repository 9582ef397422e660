"""What pages read of long lists is what reading everything gives."""

import numpy as np
import pytest

from engine.store import Database, commit_reads, reads, response_reads
from engine.store.response_reads import Filter
from engine.study import overrides


def test_a_page_of_responses_is_a_slice_of_all_of_them(studio):
    studio.resampled()
    everything = response_reads.page(studio.db, studio.run_id, 0, Filter(), limit=10_000)
    assert len(everything) == response_reads.count(studio.db, studio.run_id, 0, Filter()) > 36
    assert (
        response_reads.page(studio.db, studio.run_id, 0, Filter(), limit=7, offset=5)
        == everything[5:12]
    )
    order = list(reads.problems(studio.db, studio.run_id, "train", 0))
    places = [(order.index(row["problem_id"]), row["idx"]) for row in everything]
    assert places == sorted(places)


@pytest.mark.parametrize("limit", [1, 2, 5, 8])
def test_pages_of_any_length_follow_each_other_without_a_gap(studio, limit):
    studio.resampled()
    for chosen in (
        Filter(),
        Filter(statuses=["wrong"]),
        Filter(problem_ids=list(reads.problems(studio.db, studio.run_id, "train", 0))[2:7]),
    ):
        everything = response_reads.page(studio.db, studio.run_id, 0, chosen, limit=10_000)
        offsets = range(0, len(everything) + limit, limit)
        pages = [
            response_reads.page(studio.db, studio.run_id, 0, chosen, limit=limit, offset=offset)
            for offset in offsets
        ]
        assert [row for rows in pages for row in rows] == everything and not pages[-1]


def test_a_list_that_was_read_before_holds_what_came_since(studio):
    studio.presampled()
    before = response_reads.count(studio.db, studio.run_id, 0, Filter())
    wrong = Filter(statuses=["wrong"])
    n_wrong, (first, *_) = (
        response_reads.count(studio.db, studio.run_id, 0, wrong),
        response_reads.page(studio.db, studio.run_id, 0, wrong, limit=1),
    )
    studio.answer(studio.row["resample_set"], "train", lambda id: [3])
    assert response_reads.count(studio.db, studio.run_id, 0, Filter()) == before + 12
    n_wrong += sum(
        row["status"] == "wrong"
        for row in response_reads.page(
            studio.db, studio.run_id, 0, Filter(phase="resample"), limit=99
        )
    )
    overrides.override(
        studio.db,
        first["set_id"],
        first["problem_id"],
        first["idx"],
        correct=True,
        note="",
        made_by="tab 1",
    )
    assert response_reads.count(studio.db, studio.run_id, 0, wrong) == n_wrong - 1


def test_filters_that_need_verdicts_or_scores_count_what_they_list(studio):
    studio.resampled()
    everything = response_reads.page(studio.db, studio.run_id, 0, Filter(), limit=10_000)
    for chosen, fits in (
        (Filter(statuses=["wrong"]), lambda row: row["status"] == "wrong"),
        (Filter(reward_range=(0.0, 0.5)), lambda row: row["reward"] <= 0.5),
        (
            Filter(statuses=["correct"], reward_range=(0.5, 1.0), phase="resample"),
            lambda row: row["correct"] and row["phase"] == "resample",
        ),
    ):
        wanted = [row for row in everything if fits(row)]
        assert 0 < len(wanted) < len(everything)
        assert response_reads.page(studio.db, studio.run_id, 0, chosen, limit=10_000) == wanted
        assert response_reads.count(studio.db, studio.run_id, 0, chosen) == len(wanted)


def test_the_figures_of_pairs_are_those_of_their_rows(studio):
    studio.resampled()
    rows = commit_reads.pairs(studio.db, studio.run_id, 0)
    n_problems, margins = commit_reads.pair_figures(studio.db, studio.run_id, 0)
    assert n_problems == len({row["problem_id"] for row in rows})
    assert np.allclose(margins, [row["chosen_reward"] - row["rejected_reward"] for row in rows])
    assert [
        commit_reads.pairs(studio.db, studio.run_id, 0, position=row["position"]) for row in rows
    ] == [[row] for row in rows]
    without_texts = [
        {name: value for name, value in row.items() if name not in ("chosen", "rejected")}
        for row in rows
    ]
    assert (
        commit_reads.pair_list(studio.db, studio.run_id, 0, limit=2, offset=1) == without_texts[1:3]
    )


def test_the_playground_begins_with_the_problem_that_is_asked_for_or_the_first(studio):
    problems = list(reads.problems(studio.db, studio.run_id, "train", 0).values())
    for asked, found in (
        (problems[5].id, problems[5]),
        ("no such id", problems[0]),
        (None, problems[0]),
    ):
        assert reads.training_problem(studio.db, studio.run_id, 0, asked) == found


def test_questions_come_in_the_order_they_are_asked_for(studio):
    problems = reads.problems(studio.db, studio.run_id, "train", 0)
    ids = list(problems)[::-1]
    assert reads.questions(studio.db, ids) == [problems[id].question for id in ids]
    assert reads.questions(studio.db, []) == []


def test_what_is_judged_is_counted_again_when_more_is_judged(studio):
    def count():
        prm_id = reads.run(studio.db, studio.run_id)["prm_id"]
        return reads.n_judged(
            studio.db, studio.row["presample_set"], "train", studio.run_id, 0, prm_id
        )

    assert count() == 0
    studio.presampled()
    assert count() == 36


def test_a_remembered_value_is_read_again_for_another_version_only():
    db, read = Database(":memory:"), iter(range(9))
    values = [db.remembered("key", version, lambda: next(read)) for version in (1, 1, 2, 2, 1)]
    assert values == [0, 0, 1, 1, 2]
    db.close()
