"""Training through TRL, on the starter policy, in this process."""

from dataclasses import replace

import pytest
from safetensors.numpy import load_file

from engine.config import TrainingConfig
from engine.errors import TrainingError
from engine.events import Note, OptimiserStep, Planned, PolicySaved
from engine.paths import STARTER
from engine.training import TrainingTask
from engine.training.dpo import DpoTrainer
from engine.types import Preference

QUESTION = (
    "On Monday Mia has 38 cups. On Tuesday Mia sells 13 at the market. How many cups are there on"
    " Tuesday?\n"
)
PAIR = Preference(
    "p",
    QUESTION,
    "By Tuesday it is 38 - 13 = 25.\n\nThe answer is \\boxed{25}.",
    "The answer is \\boxed{51}.",
    0,
    1,
    0.9,
    0.1,
)


def task(tmp_path, n_pairs, **changed):
    config = replace(
        TrainingConfig(
            learning_rate=1e-4, batch_size=2, micro_batch_size=2, max_length=128, dtype="float32"
        ),
        **changed,
    )
    folders = {"work_dir": str(tmp_path / "work"), "policies_dir": str(tmp_path / "policies")}
    return TrainingTask(str(STARTER / "policy"), [PAIR] * n_pairs, config, seed=0, **folders)


def test_a_training_of_one_step_changes_the_weights_and_says_nothing_on_standard_output(
    tmp_path, capfd
):
    events = list(DpoTrainer().train(task(tmp_path, 2), lambda: False))
    saved = events[-1]
    assert isinstance(saved, PolicySaved) and Planned(1, 0, "steps") in events
    before, after = (
        load_file(STARTER / "policy" / "model.safetensors"),
        load_file(f"{saved.path}/model.safetensors"),
    )
    assert any((before[name] != after[name]).any() for name in before)
    assert capfd.readouterr().out == ""


def test_the_first_step_has_no_margin_and_the_later_ones_have(tmp_path):
    events = DpoTrainer().train(task(tmp_path, 8, n_epochs=2), lambda: False)
    margins = [
        event.values["rewards/margins"] for event in events if isinstance(event, OptimiserStep)
    ]
    assert abs(margins[0]) <= 0.001 < margins[-1]


def test_pairs_that_are_too_long_are_left_out_and_counted(tmp_path):
    long = replace(PAIR, chosen="By Tuesday it is 38 - 13 = 25.\n\n" * 30)
    mixed = replace(task(tmp_path, 2), rows=[PAIR, PAIR, long])
    notes = [
        event.text for event in DpoTrainer().train(mixed, lambda: False) if isinstance(event, Note)
    ]
    assert notes == ["1 preference pairs are longer than 128 tokens and were left out."]


def test_no_pair_that_fits_is_refused_with_what_to_do(tmp_path):
    with pytest.raises(TrainingError, match="raise max_length"):
        list(DpoTrainer().train(task(tmp_path, 2, max_length=5), lambda: False))
