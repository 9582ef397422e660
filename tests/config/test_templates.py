"""Templates: same budget, same models; and DAST's worked examples in a real prompt. No model is
loaded.
"""

import pytest

from engine import store
from engine.config.templates import TEMPLATES, from_template
from engine.errors import ConfigError
from engine.events import Sampled
from engine.figures.lengths import level_lengths
from engine.method.dast import Level
from engine.method.strategies import options_of
from engine.store import record
from engine.study import pairing, plans
from engine.study.handle import Iteration
from engine.study.runs import begin_next_iteration, create_run
from engine.study.worked_examples import prompts_with_examples
from engine.types import Choice, Response
from tests.small_runs import judge, small


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_template_is_a_valid_configuration_with_the_same_budget_and_models(name):
    base = small()
    config = from_template(base, name)
    assert (
        config.policy,
        config.reward,
        config.problems.n_train,
        config.sampling.n,
        config.sampling.n_presample,
    ) == (
        base.policy,
        base.reward,
        base.problems.n_train,
        base.sampling.n,
        base.sampling.n_presample,
    )
    options_of(config.difficulty.strategy, config.difficulty.options)
    assert config.name == f"small, {TEMPLATES[name].label}" and (config.tuning.n_problems > 0) == (
        name == "b_star"
    )


def test_a_template_over_another_one_is_the_template_itself():
    for name in TEMPLATES:
        if name in ("b_star", "dast_l_sft", "dast_l_dpo", "dast_s"):
            continue
        over = from_template(from_template(small(), "dast_p_dpo"), name)
        assert over.difficulty == from_template(small(), name).difficulty


def test_an_unknown_template_is_refused_by_name():
    with pytest.raises(ConfigError, match="There is no template hs-star: use one of hs_star"):
        from_template(small(), "hs-star")


def test_worked_examples_are_of_the_problems_level_never_itself_and_never_in_pre_samples(
    db,
):
    run_id = create_run(db, small(sampling={"n_examples": 2}, problems={"per_iteration": "fixed"}))
    judge(db, run_id, correct=lambda problem, index: problem < 6)
    row = store.runs.get_iteration(Iteration(db, run_id, 0))
    pre, re = (store.samples.get(db, id) for id in (row.presample_set, row.resample_set))
    assert (pre.settings.n_examples, re.settings.n_examples) == (0, 2)
    problems = store.problems.of_run(db, run_id, "train", 0)
    ids, shown_as = list(problems), prompts_with_examples(Iteration(db, run_id, 0), re, problems)
    prompts = shown_as(problems)
    for position, id in enumerate(ids):
        shown = [
            other
            for other in ids
            if problems[other].solution in prompts[id] and problems[other].question in prompts[id]
        ]
        assert len(shown) == 2 and id not in shown
        assert all((ids.index(other) < 6) == (position < 6) for other in shown)
        assert prompts[id].endswith(f"{problems[id].question}\n")


def test_lengths_are_told_by_level_before_and_after_the_commit(db):
    run_id = create_run(
        db, small(problems={"per_iteration": "fixed"}, difficulty={"strategy": "dast"})
    )
    right = lambda problem, index: problem < 2 or (problem > 3 and index % 3 == 0)
    judge(db, run_id, correct=right)
    assert level_lengths(Iteration(db, run_id, 0)) == []
    given = plans.commit(
        Iteration(db, run_id, 0),
        Choice(0.2, 0.8, "both", "dast"),
        made_by="a test",
    ).allocation
    resample_set, long = (
        store.runs.get_iteration(Iteration(db, run_id, 0)).resample_set,
        "one step\n\nanother\n\nthe last",
    )
    record(
        db,
        "j",
        1,
        Sampled(
            resample_set,
            [Response(id, 3 + i, i, long, "stop", 9) for id, n in given.items() for i in range(n)],
        ),
    )
    found = {row.level: row for row in level_lengths(Iteration(db, run_id, 0))}
    assert {level: row.n_problems for level, row in found.items()} == {
        Level.EASY: 2,
        Level.HARD: 8,
        Level.UNSOLVED: 2,
    }
    assert [row.before.n_responses for row in found.values()] == [6, 24, 6] and {
        row.before.mean_steps for row in found.values()
    } == {1}
    assert sum(row.after.n_responses for row in found.values() if row.after) == sum(given.values())
    assert {
        (row.after.mean_steps, row.after.mean_tokens) for row in found.values() if row.after
    } == {(3, 9)}


def test_levels_are_cut_where_the_commit_cut_them(db):
    options = {"cutoffs": [0.2, 0.3]}
    run_id = create_run(
        db,
        small(
            problems={"per_iteration": "fixed"}, difficulty={"strategy": "dast", "options": options}
        ),
    )
    judge(db, run_id, correct=lambda problem, index: problem > 3 and index == 0)
    plans.commit(
        Iteration(db, run_id, 0),
        Choice(0.2, 0.8, "both", "dast"),
        made_by="a test",
    )
    assert {row.level: row.n_problems for row in level_lengths(Iteration(db, run_id, 0))} == {
        Level.EASY: 8,
        Level.UNSOLVED: 4,
    }


def test_templates_that_need_it_sample_the_same_problems_in_every_iteration(db):
    run_id = create_run(db, from_template(small(n_iterations=2), "rest_em"))
    judge(db, run_id, correct=lambda *_: False)
    plans.commit(
        Iteration(db, run_id, 0),
        Choice(0.2, 0.8, "both", "uniform"),
        made_by="a test",
    )
    pairing.make_pairs(Iteration(db, run_id, 0))
    assert begin_next_iteration(db, run_id).number == 1
    assert list(store.problems.of_run(db, run_id, "train", 0)) == list(
        store.problems.of_run(db, run_id, "train", 1)
    )
