"""Tags on problems: put on and taken off at any time, with who and when. No model is loaded."""

import pytest

from engine import store
from engine.errors import ConfigError
from engine.study import tags
from engine.study.handle import Iteration
from engine.study.runs import fork
from tests.small_runs import judge
from tests.study.small_studies import committed


@pytest.fixture
def it(db, run_id):
    judge(db, run_id)
    return Iteration(db, run_id, 0)


def ids_of(it):
    return list(store.problems.of_run(it.db, it.run_id, "train", 0))


def test_a_tag_is_a_row_with_who_and_when_and_taking_it_off_is_one_too(it):
    first, second, *_ = ids_of(it)
    tags.put(it, [first, second], "  hard   one ", made_by="tab 1")
    tags.put(it, [second], "odd", made_by="tab 2")
    tags.put(it, [first, second], "hard one", made_by="tab 3")
    assert store.tags.n_rows(it.db, it.run_id) == 3, "what is there already is not put there again"
    assert store.tags.by_problem(it.db, it.run_id) == {
        first: ["hard one"],
        second: ["hard one", "odd"],
    }
    tags.put(it, [first, second], "odd", made_by="tab 1", wanted=False)
    assert tags.names(it) == ["hard one"] and store.tags.n_rows(it.db, it.run_id) == 4
    (one, _) = store.tags.holding(it.db, it.run_id)
    assert one.made_by == "tab 1" and one.made_at


def test_tags_can_be_changed_after_the_commit_and_go_with_a_fork(it):
    first = ids_of(it)[0]
    tags.put(it, [first], "before", made_by="cli")
    committed(it.db, it.run_id)
    tags.put(it, [first], "after", made_by="cli")
    other = fork(it)
    assert store.tags.by_problem(it.db, other.run_id) == {first: ["before", "after"]}
    tags.put(other, [first], "before", made_by="cli", wanted=False)
    assert tags.names(it) == ["after", "before"] and tags.names(other) == ["after"]


@pytest.mark.parametrize(("text", "why"), [(" ", "is empty"), ("x" * 41, "1 to 40 characters")])
def test_a_tag_that_is_none_is_refused(it, text, why):
    with pytest.raises(ConfigError, match=why):
        tags.put(it, ids_of(it)[:1], text, made_by="cli")


def test_only_problems_of_the_run_are_tagged(it):
    with pytest.raises(ConfigError, match="nobody is no problem of this run"):
        tags.put(it, ["nobody"], "x", made_by="cli")
