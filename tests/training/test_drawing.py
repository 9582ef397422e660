"""GRPO and RLOO through TRL, on groups that the starter policy draws itself, in this process."""

from collections import Counter
from dataclasses import replace
from itertools import count

import pytest

from engine.errors import TrainingError
from engine.events import CheckpointSaved, Note
from engine.paths import STARTER
from engine.training.drawing import is_mixed
from tests.training.small_draws import SIZE, drawn, keys, said, task, trained
from tests.training.small_trainings import largest_difference, saved, steps, weights

LONG = {"checkpoint_every_s": 0.0}


@pytest.mark.parametrize("method", ["grpo", "rloo"])
def test_every_response_of_the_plan_is_drawn_once_judged_and_trained_on(tmp_path, method):
    events = trained(task(tmp_path, method))
    assert [event.step for event in drawn(events)] == [1, 2, 3]
    draws = [draw for event in drawn(events) for draw in event.draws]
    assert sorted(keys(draws)) == sorted(
        (g.problem_id, g.first + i) for g in task(tmp_path).draws.groups for i in range(SIZE)
    )
    assert all(draw.reward == float(draw.verdict.correct) for draw in draws)
    assert all(draw.scores is not None and not draw.is_discarded for draw in draws)
    values = [step.values for step in steps(events)]
    for event, logged in zip(drawn(events), values, strict=True):
        mean = sum(draw.reward for draw in event.draws) / len(event.draws)
        assert logged["reward"] == pytest.approx(mean)
        assert {"entropy", "completions/mean_length", "frac_reward_zero_std"} <= logged.keys()
    assert largest_difference(weights(STARTER / "policy"), weights(saved(events).path)) > 0


def test_the_process_reward_counts_with_its_weight(tmp_path):
    event = drawn(trained(task(tmp_path, n=2, process_weight=0.5)))[0]
    for draw in event.draws:
        assert draw.reward == float(draw.verdict.correct) + 0.5 * draw.scores.reward


def test_a_run_without_a_reward_model_has_verdicts_alone(tmp_path):
    event = drawn(trained(task(tmp_path, n=2, reward_model=None)))[0]
    assert event.prm_id == "" and all(draw.scores is None for draw in event.draws)


@pytest.mark.parametrize(
    "changed",
    [
        {"policy_loss": "dr_grpo", "scale_rewards": "none"},
        {"kl_weight": 0.04, "n_updates": 2, "clip_high": 0.28},
        {"importance": "sequence", "policy_loss": "grpo", "mask_truncated": True},
        {"lora_rank": 4, "kl_weight": 0.04},
    ],
)
def test_trls_variants_of_the_loss_are_settings(tmp_path, changed):
    events = trained(task(tmp_path, n=4, process_weight=1.0, **changed))
    assert len(steps(events)) == 2 * changed.get("n_updates", 1) and saved(events)
    assert ("kl" in steps(events)[0].values) == ("kl_weight" in changed)


def test_groups_without_signal_are_replaced_and_count(tmp_path):
    events = trained(task(tmp_path, n=8, max_redraws=3))
    kept = [[d for d in event.draws if not d.is_discarded] for event in drawn(events)]
    thrown = [d for event in drawn(events) for d in event.draws if d.is_discarded]
    assert thrown and all(len(draws) == 2 * SIZE for draws in kept)
    assert len({key for event in drawn(events) for key in keys(event.draws)}) == sum(
        len(event.draws) for event in drawn(events)
    ), "a discarded draw and the one in its place are two"
    by_group = Counter(is_mixed(thrown[i : i + SIZE]) for i in range(0, len(thrown), SIZE))
    assert by_group == {False: len(thrown) // SIZE}
    assert any(
        isinstance(e, Note) and "groups of the plan are drawn that fill a step" in e.text
        for e in events
    )


@pytest.mark.parametrize(
    "changed",
    [{}, {"n_updates": 2}, {"max_redraws": 1}, {"method": "rloo", "kl_weight": 0.05}],
    ids=["grpo", "two updates", "dynamic", "rloo"],
)
def test_a_training_that_is_stopped_after_every_step_ends_as_an_unbroken_one(tmp_path, changed):
    told = task(tmp_path / "whole", process_weight=0.5, **LONG, **changed)
    whole = trained(told)
    broken = replace(
        told,
        work_dir=str(tmp_path / "broken" / "work"),
        policies_dir=str(tmp_path / "broken" / "policies"),
    )
    events = []
    for attempt in count():
        assert attempt < 10
        more = trained(broken, lambda: True)
        events += more
        if not any(isinstance(event, CheckpointSaved) for event in more):
            break
    assert attempt >= 1 and said(events) == said(whole)
    assert saved(events).policy_id == saved(whole).policy_id


def test_what_is_drawn_does_not_depend_on_how_many_are_drawn_side_by_side(tmp_path):
    told = task(tmp_path / "one", n=2)
    narrow = replace(
        told,
        work_dir=str(tmp_path / "narrow"),
        draws=replace(told.draws, batch_size=3),
    )
    assert said(trained(told)) == said(trained(narrow))


def test_a_prompt_that_leaves_no_room_is_left_out_and_counted(tmp_path):
    told = task(tmp_path, n=8)
    long = {**told.draws.prompts, "p0": told.draws.prompts["p0"] * 8}
    events = trained(replace(told, draws=replace(told.draws, prompts=long)))
    assert {id for event in drawn(events) for id, _ in keys(event.draws)} == {"p1", "p2", "p3"}
    (note,) = [event.text for event in events if isinstance(event, Note)]
    assert note.startswith("2 groups of the plan are not drawn")


def test_a_plan_that_fills_no_step_is_refused_with_what_to_do(tmp_path):
    with pytest.raises(TrainingError, match="Lower training.batch_size or training.group_size"):
        trained(task(tmp_path, n=1))
