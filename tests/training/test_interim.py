"""A policy that is evaluated while it is trained: nothing of the training changes."""

import random
from dataclasses import replace

import numpy as np
import pytest

from engine.errors import ConfigError
from engine.events import InterimEvaluated
from engine.training import Interim
from engine.training.interim import undisturbed
from engine.types import Reference, Request, SamplingSettings
from tests.small_runs import small
from tests.training.small_trainings import question, saved, steps, task, trained, weights

ACCURACY = "held_out/accuracy"
EVALUATED = {"evaluate_every_steps": 2}
SETTINGS = SamplingSettings(temperature=0.0, top_p=1.0, max_new_tokens=60)


def asked(n: int = 5) -> Interim:
    """The right answer of question(i) is 30 for every i."""
    requests = [Request(f"h{i}", 0, 0, question(10 + i)) for i in range(n)]
    references = {r.problem_id: Reference("30") for r in requests}
    return Interim(2, requests, references, SETTINGS, batch_size=2)


def evaluated(folder, method="dpo", **changed):
    return replace(task(folder, method, n=8, n_epochs=2, **changed), interim=asked())


def points(events) -> dict[int, float]:
    return {s.step: s.values[ACCURACY] for s in steps(events) if ACCURACY in s.values}


VARIANTS = {
    "dpo": ("dpo", {}),
    "sft": ("sft", {}),
    "lora with dropout": ("sft", {"lora_rank": 2, "lora_dropout": 0.2}),
    "dpo in bfloat16, checkpointed": ("dpo", {"dtype": "bfloat16", "gradient_checkpointing": True}),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_weights_are_the_same_to_the_bit_with_and_without(variant, tmp_path):
    method, changed = VARIANTS[variant]
    without = trained(task(tmp_path / "without", method, n=8, n_epochs=2, **changed))
    random.seed(3)
    np.random.seed(3)
    told = evaluated(tmp_path / "with", method, **changed)
    events = trained(told)
    assert saved(events).policy_id == saved(without).policy_id
    ours, theirs = (weights(saved(e).path) for e in (events, without))
    assert all((ours[name] == theirs[name]).all() for name in theirs)
    assert sorted(points(events)) == [2, 4]
    curves = [[s.values["loss"] for s in steps(e)] for e in (events, without)]
    assert curves[0] == curves[1]


def test_every_evaluation_says_how_many_were_right_and_keeps_the_same_problems(tmp_path):
    events = trained(evaluated(tmp_path))
    done = [e for e in events if isinstance(e, InterimEvaluated)]
    assert [e.step for e in done] == [2, 4] and {e.n_problems for e in done} == {5}
    for e in done:
        assert [s.response.problem_id for s in e.samples] == ["h0", "h1", "h2", "h3"]
        assert e.n_correct >= sum(s.verdict.correct for s in e.samples)
        assert all(s.verdict.status != "error" for s in e.samples)
    assert points(events) == {e.step: e.n_correct / 5 for e in done}
    assert {s.values["held_out/n"] for s in steps(events) if ACCURACY in s.values} == {5.0}


def test_a_resumed_training_has_the_same_points_and_each_of_them_once(tmp_path):
    whole = trained(evaluated(tmp_path / "whole", checkpoint_every_s=0.0))
    told = evaluated(tmp_path / "broken", checkpoint_every_s=0.0)
    asks = iter([False, True])
    first = trained(told, lambda: next(asks))
    rest = trained(told)
    assert sorted(points(first)) == [2] and sorted(points(rest)) == [4]
    assert points(first) | points(rest) == points(whole)
    assert saved(rest).policy_id == saved(whole).policy_id


def test_a_training_can_end_on_the_accuracy_also_after_a_resume(tmp_path):
    stop = {"stop_on": ACCURACY, "stop_above": -1.0, "stop_window": 2, "checkpoint_every_s": 0.0}
    told = replace(evaluated(tmp_path, **EVALUATED, **stop), rows=task(tmp_path, n=16).rows)
    asks = iter([False, False, True])
    trained(told, lambda: next(asks))
    rest = trained(told)
    assert [s.step for s in steps(rest)] == [4], "two evaluations, one of them before the resume"
    note = next(e.text for e in rest if "Ended early" in getattr(e, "text", ""))
    assert "on average over 2 evaluations, above training.stop_above = -1" in note


def test_modes_and_random_numbers_go_on_where_they_were():
    import torch

    model = torch.nn.Sequential(torch.nn.Dropout(0.5), torch.nn.Linear(2, 2))
    model.train()
    model[1].eval()
    draw = lambda: (torch.rand(3).tolist(), np.random.rand(3).tolist(), random.random())
    states = torch.get_rng_state(), np.random.get_state(), random.getstate()
    undrawn = draw()
    for put, state in zip((torch.set_rng_state, np.random.set_state, random.setstate), states):
        put(state)
    with pytest.raises(ZeroDivisionError), undisturbed(model):
        assert not any(module.training for module in model.modules())
        draw()
        raise ZeroDivisionError
    assert [m.training for m in model.modules()] == [True, True, False]
    assert draw() == undrawn


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"n_processes": 2, "batch_size": 4, **EVALUATED}, "0 with n_processes > 1"),
        ({"stop_on": ACCURACY, "stop_below": 0.1}, "while evaluate_every_steps is 0"),
    ],
)
def test_what_cannot_be_evaluated_is_refused_in_a_sentence(changed, why):
    with pytest.raises(ConfigError, match=why):
        small(training=changed)


def test_the_initialisation_has_no_held_out_problems():
    with pytest.raises(ConfigError, match=r"init.evaluate_every_steps is 2: it must be 0"):
        small(init=EVALUATED)
