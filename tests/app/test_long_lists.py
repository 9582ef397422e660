"""What pages read of long lists is what reading everything gives."""

from dataclasses import asdict

import numpy as np
import pytest

from engine import store
from engine.store import Database
from engine.store.responses import Filter
from engine.study import overrides
from engine.study.handle import Iteration


def test_a_page_of_responses_is_a_slice_of_all_of_them(studio):
    studio.resampled()
    everything = store.responses.page(
        Iteration(studio.db, studio.run_id, 0), Filter(), limit=10_000
    )
    assert (
        len(everything)
        == store.responses.count(Iteration(studio.db, studio.run_id, 0), Filter())
        > 36
    )
    assert (
        store.responses.page(Iteration(studio.db, studio.run_id, 0), Filter(), limit=7, offset=5)
        == everything[5:12]
    )
    order = list(store.problems.of_run(studio.db, studio.run_id, "train", 0))
    places = [(order.index(row.problem_id), row.idx) for row in everything]
    assert places == sorted(places)


@pytest.mark.parametrize("limit", [1, 2, 5, 8])
def test_pages_of_any_length_follow_each_other_without_a_gap(studio, limit):
    studio.resampled()
    for chosen in (
        Filter(),
        Filter(statuses=["wrong"]),
        Filter(problem_ids=list(store.problems.of_run(studio.db, studio.run_id, "train", 0))[2:7]),
    ):
        everything = store.responses.page(
            Iteration(studio.db, studio.run_id, 0), chosen, limit=10_000
        )
        offsets = range(0, len(everything) + limit, limit)
        pages = [
            store.responses.page(
                Iteration(studio.db, studio.run_id, 0), chosen, limit=limit, offset=offset
            )
            for offset in offsets
        ]
        assert [row for rows in pages for row in rows] == everything and not pages[-1]


def test_a_list_that_was_read_before_holds_what_came_since(studio):
    studio.presampled()
    before = store.responses.count(Iteration(studio.db, studio.run_id, 0), Filter())
    wrong = Filter(statuses=["wrong"])
    n_wrong, (first, *_) = (
        store.responses.count(Iteration(studio.db, studio.run_id, 0), wrong),
        store.responses.page(Iteration(studio.db, studio.run_id, 0), wrong, limit=1),
    )
    studio.answer(studio.row.resample_set, "train", lambda id: [3])
    assert store.responses.count(Iteration(studio.db, studio.run_id, 0), Filter()) == before + 12
    n_wrong += sum(
        row.status == "wrong"
        for row in store.responses.page(
            Iteration(studio.db, studio.run_id, 0), Filter(phase="resample"), limit=99
        )
    )
    overrides.override(
        studio.db,
        first.set_id,
        first.problem_id,
        first.idx,
        correct=True,
        note="",
        made_by="tab 1",
    )
    assert store.responses.count(Iteration(studio.db, studio.run_id, 0), wrong) == n_wrong - 1


def test_filters_that_need_verdicts_or_scores_count_what_they_list(studio):
    studio.resampled()
    everything = store.responses.page(
        Iteration(studio.db, studio.run_id, 0), Filter(), limit=10_000
    )
    for chosen, fits in (
        (Filter(statuses=["wrong"]), lambda row: row.status == "wrong"),
        (Filter(reward_range=(0.0, 0.5)), lambda row: row.reward <= 0.5),
        (Filter(levels=[everything[0].level]), lambda row: row.level == everything[0].level),
        (Filter(text="IT IS 2 + 2 = 5"), lambda row: "2 + 2 = 5" in row.text),
        (
            Filter(statuses=["correct"], reward_range=(0.5, 1.0), phase="resample"),
            lambda row: row.correct and row.phase == "resample",
        ),
    ):
        wanted = [row for row in everything if fits(row)]
        assert 0 < len(wanted) < len(everything)
        assert (
            store.responses.page(Iteration(studio.db, studio.run_id, 0), chosen, limit=10_000)
            == wanted
        )
        assert store.responses.count(Iteration(studio.db, studio.run_id, 0), chosen) == len(wanted)


def test_the_figures_of_pairs_are_those_of_their_rows(studio):
    studio.resampled()
    rows = store.pairs.texts(Iteration(studio.db, studio.run_id, 0))
    n_problems, margins = store.pairs.figures(Iteration(studio.db, studio.run_id, 0))
    assert n_problems == len({row.problem_id for row in rows})
    assert np.allclose(margins, [row.chosen_reward - row.rejected_reward for row in rows])
    assert [
        store.pairs.texts(Iteration(studio.db, studio.run_id, 0), position=row.position)
        for row in rows
    ] == [[row] for row in rows]
    for row, whole in zip(store.pairs.listed(studio.it, limit=2, offset=1), rows[1:3], strict=True):
        assert asdict(row).items() <= asdict(whole).items()


def test_the_playground_begins_with_the_problem_that_is_asked_for_or_the_first(studio):
    problems = list(store.problems.of_run(studio.db, studio.run_id, "train", 0).values())
    for asked, found in (
        (problems[5].id, problems[5]),
        ("no such id", problems[0]),
        (None, problems[0]),
    ):
        assert (
            store.problems.training_problem(Iteration(studio.db, studio.run_id, 0), asked) == found
        )


def test_questions_come_in_the_order_they_are_asked_for(studio):
    problems = store.problems.of_run(studio.db, studio.run_id, "train", 0)
    ids = list(problems)[::-1]
    assert store.problems.questions(studio.db, ids) == [problems[id].question for id in ids]
    assert store.problems.questions(studio.db, []) == []


def test_what_is_judged_is_counted_again_when_more_is_judged(studio):
    def count():
        prm_id = store.runs.get(studio.db, studio.run_id).prm_id
        return store.samples.n_judged(studio.it, studio.row.presample_set, prm_id)

    assert count() == 0
    studio.presampled()
    assert count() == 36


def test_a_remembered_value_is_read_again_for_another_version_only():
    db, read = Database(":memory:"), iter(range(9))
    values = [db.remembered("key", version, lambda: next(read)) for version in (1, 1, 2, 2, 1)]
    assert values == [0, 0, 1, 1, 2]
    db.close()
