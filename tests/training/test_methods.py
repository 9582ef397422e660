"""What DPO, SFT and LoRA share and where they differ, on the starter policy, in this process."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from engine.config.training import LOSSES
from engine.errors import TrainingError, WorkerDied
from engine.events import CheckpointSaved, Note, OptimiserStep
from engine.models.weights import adapter_folder, content_id
from engine.paths import STARTER
from engine.placement import Backend, Remote
from engine.training.saving import OPTIMISER
from engine.types import Worked
from tests.training.small_trainings import (
    largest_difference,
    right,
    saved,
    steps,
    task,
    trained,
    weights,
    worked,
)

LN2 = math.log(2)
BETA = 0.1
FIRST_LOSS = {
    "sigmoid": LN2,
    "hinge": 1.0,
    "ipo": (1 / (2 * BETA)) ** 2,
    "nca_pair": 2 * LN2,
    "bco_pair": 2 * LN2,
    "sppo_hard": 2 * (0.5 / BETA) ** 2,
    "aot": LN2,
    "aot_unpaired": LN2,
    "apo_zero": 1.0,
    "apo_down": 1.0,
    "discopop": 0.5 * LN2 + 0.5,
    "sigmoid_norm": LN2,
}
"""Each loss where policy and reference agree, by its formula."""


def own(**changed) -> dict:
    return {"batch_size": 2, "micro_batch_size": 2, **changed}


def log_probabilities(folder: str, row: Worked) -> torch.Tensor:
    """Of the response's tokens and the end of sequence, from a plain load."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer, model = (
        AutoTokenizer.from_pretrained(folder),
        AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32),
    )
    prompt, whole = (
        tokenizer(text).input_ids
        for text in (row.prompt, row.prompt + row.response + tokenizer.eos_token)
    )
    with torch.no_grad():
        logits = model(torch.tensor([whole])).logits[0]
    every = logits[:-1].log_softmax(-1)[range(len(whole) - 1), whole[1:]]
    return every[len(prompt) - 1 :]


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_takes_an_optimiser_step_and_begins_where_its_formula_says(name, tmp_path):
    events = trained(task(tmp_path, n=2, **own(loss_type=(name,))))
    (step,) = steps(events)
    if name == "sft":
        each = torch.cat([log_probabilities(str(STARTER / "policy"), row) for row in worked(2)])
        assert step.values["loss"] == pytest.approx(-each.mean().item(), abs=1e-4)
    else:
        assert step.values["loss"] == pytest.approx(FIRST_LOSS[name], rel=1e-4)
    assert largest_difference(weights(STARTER / "policy"), weights(saved(events).path)) > 0


def test_losses_add_up_with_their_weights(tmp_path):
    def first_loss(folder: str, **changed) -> float:
        return steps(trained(task(tmp_path / folder, n=2, **own(**changed))))[0].values["loss"]

    sft = first_loss("sft", loss_type=("sft",))
    assert first_loss(
        "both", loss_type=("sigmoid", "sft"), loss_weights=(1.0, 0.5)
    ) == pytest.approx(LN2 + 0.5 * sft, rel=1e-5)


def test_each_of_several_losses_is_logged_by_its_name_and_one_alone_is_not(tmp_path):
    weighted = own(loss_type=("sigmoid", "sft"), loss_weights=(1.0, 0.5))
    logged = steps(trained(task(tmp_path / "both", n=4, n_epochs=3, **weighted)))
    assert len(logged) == 6
    for step in logged:
        parts = step.values["loss/sigmoid"] + 0.5 * step.values["loss/sft"]
        assert step.values["loss"] == pytest.approx(parts, rel=1e-3)
    assert logged[0].values["loss/sigmoid"] == pytest.approx(LN2, rel=1e-4)
    (alone,) = steps(trained(task(tmp_path / "one", n=2)))
    assert not [name for name in alone.values if name.startswith("loss/")]


def test_sft_begins_at_the_mean_negative_log_probability_of_the_response_alone(tmp_path):
    events = trained(task(tmp_path, "sft", n=4, n_epochs=6))
    each = torch.cat([log_probabilities(str(STARTER / "policy"), row) for row in worked(4)])
    logged = steps(events)
    assert logged[0].values["loss"] == pytest.approx(-each.mean().item(), abs=1e-4)
    assert logged[-1].values["loss"] < logged[0].values["loss"]
    assert [event.step for event in logged] == [
        1,
        2,
        3,
        4,
        5,
        6,
    ] and "rewards/margins" not in logged[0].values


def test_solutions_that_are_too_long_are_left_out_and_counted(tmp_path):
    told = task(tmp_path, "sft", n=4)
    long = replace(told.rows[0], response=right(1) * 10)
    events = trained(replace(told, rows=[*told.rows, long]))
    notes = [event.text for event in events if isinstance(event, Note)]
    assert notes == ["1 worked solutions are longer than 128 tokens and were left out."]
    with pytest.raises(TrainingError, match="None of the 1 worked solutions can be trained on"):
        trained(replace(task(tmp_path / "other", "sft"), rows=[long]))


@pytest.mark.parametrize("method", ["dpo", "sft"])
def test_a_merged_lora_policy_computes_what_base_and_adapter_compute(method, tmp_path):
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    made = saved(trained(task(tmp_path, method, lora_rank=4, lora_alpha=8, learning_rate=1e-2)))
    assert content_id(Path(made.path)) == made.policy_id == Path(made.path).name
    assert not [file.name for file in Path(made.path).iterdir() if "adapter" in file.name]
    base, merged = (
        AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32)
        for path in (STARTER / "policy", made.path)
    )
    tokens = torch.arange(3, 40).unsqueeze(0)
    with torch.no_grad():
        before = base(tokens).logits
        adapted = PeftModel.from_pretrained(base, adapter_folder(Path(made.path)))(tokens).logits
        assert (merged(tokens).logits - adapted).abs().max() < 1e-4 < (adapted - before).abs().max()


def test_the_reference_of_lora_is_the_model_without_its_adapter(tmp_path):
    full, lora = (
        steps(trained(task(tmp_path / name, lora_rank=rank)))
        for name, rank in (("full", None), ("lora", 4))
    )
    assert lora[0].values["logps/chosen"] == pytest.approx(full[0].values["logps/chosen"], abs=1e-4)
    assert (
        lora[0].values["rewards/margins"] == pytest.approx(0.0, abs=1e-5)
        and lora[-1].values["rewards/margins"] != 0.0
    )


LORA = {"lora_rank": 4, "lora_dropout": 0.1}


@pytest.mark.parametrize("setting", [{"method": "sft"}, {"method": "sft", **LORA}, LORA], ids=str)
def test_a_training_that_is_stopped_and_resumed_gives_the_weights_of_the_unbroken_one(
    setting, tmp_path
):
    changed = {"n": 16, "learning_rate": 1e-3, **setting}
    unbroken = trained(task(tmp_path / "unbroken", **changed))
    asked = iter([False, True])
    first = trained(task(tmp_path / "broken", **changed), lambda: next(asked))
    assert [event.step for event in first if isinstance(event, CheckpointSaved)] == [2]
    torch.manual_seed(1)  # what else this process drew must not matter
    second = trained(task(tmp_path / "broken", **changed))
    assert [event.step for event in steps(first) + steps(second)] == [1, 2, 3, 4]
    assert saved(second).policy_id == saved(unbroken).policy_id != content_id(STARTER / "policy")


def test_a_killed_lora_sft_child_leaves_checkpoints_that_end_with_the_same_weights(tmp_path):
    setting = {"n": 120, "lora_rank": 4, "learning_rate": 1e-3, "checkpoint_every_s": 0.0}
    unbroken = saved(trained(task(tmp_path / "unbroken", "sft", **setting)))
    told, first = (
        task(tmp_path / "broken", "sft", **setting),
        Remote(Backend("sft"), tmp_path / "logs"),
    )
    with pytest.raises(WorkerDied):
        for event in first.train(told, lambda: False):
            if isinstance(event, OptimiserStep) and event.step == 3:
                first.kill()
    second = trained(told)
    assert 1 < steps(second)[0].step < 30, "it goes on from a checkpoint in the middle"
    assert saved(second).policy_id == unbroken.policy_id


def test_two_trainings_with_an_inherited_optimiser_are_one_that_is_twice_as_long(tmp_path):
    settings = {"n": 4, "inherit_optimizer": True, "learning_rate": 1e-3}
    whole = saved(trained(task(tmp_path / "whole", "sft", **settings, n_epochs=4)))
    half = saved(trained(task(tmp_path / "half", "sft", **settings, n_epochs=2)))
    rest = task(tmp_path / "rest", "sft", **settings, n_epochs=2)
    rest = replace(rest, policy_path=half.path, inherit_from=str(tmp_path / "half" / "work"))
    fresh = replace(rest, inherit_from=None, work_dir=str(tmp_path / "fresh"))
    assert largest_difference(weights(saved(trained(rest)).path), weights(whole.path)) < 1e-6
    assert largest_difference(weights(saved(trained(fresh)).path), weights(whole.path)) > 1e-4
    assert {
        int(of["step"]) for of in torch.load(tmp_path / "rest" / "work" / OPTIMISER).values()
    } == {4}
    assert not list(Path(half.path).glob("*.pt")), "the optimiser's state is not part of a policy"


def test_an_inherited_rate_is_constant_and_warms_up_once(tmp_path):
    settings = {"n": 16, "inherit_optimizer": True, "warmup_share": 0.5}
    first = trained(task(tmp_path / "first", "sft", **settings))
    then = task(tmp_path / "then", "sft", **settings)
    then = replace(
        then, policy_path=saved(first).path, inherit_from=str(tmp_path / "first" / "work")
    )
    assert [event.values["learning_rate"] for event in steps(first)] == [5e-5, 1e-4, 1e-4, 1e-4]
    assert [event.values["learning_rate"] for event in steps(trained(then))] == [1e-4] * 4


def test_an_optimiser_state_of_other_weights_is_refused(tmp_path):
    first = task(tmp_path / "first", "sft", n=4, inherit_optimizer=True)
    trained(first)
    state = torch.load(tmp_path / "first" / "work" / OPTIMISER)
    state[0]["exp_avg"] = torch.zeros(3)
    torch.save(state, tmp_path / "first" / "work" / OPTIMISER)
    with pytest.raises(TrainingError, match="is of other weights than the 54 tensors"):
        trained(
            replace(
                task(tmp_path / "then", "sft", n=4, inherit_optimizer=True),
                inherit_from=first.work_dir,
            )
        )
