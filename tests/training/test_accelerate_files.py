"""The files for several GPUs, read as accelerate's launcher reads them; nothing is launched."""

from pathlib import Path

import pytest

from engine.config import TrainingConfig
from engine.placement import child_command, trainer_backend

FOLDER = Path(__file__).resolve().parents[2] / "data" / "configs" / "accelerate"


@pytest.mark.parametrize(
    ("name", "kind", "stage"), [("fsdp.yaml", "FSDP", None), ("zero2.yaml", "DEEPSPEED", 2)]
)
def test_a_shipped_file_is_what_accelerates_own_loader_and_launcher_understand(name, kind, stage):
    from accelerate.commands.config.config_args import load_config_from_file
    from accelerate.commands.launch import _validate_launch_command, launch_command_parser

    path = FOLDER / name
    assert load_config_from_file(str(path)).distributed_type == kind
    told = TrainingConfig(n_processes=4, accelerate_config=str(path))
    command = child_command(trainer_backend(told))
    arguments, _, _ = _validate_launch_command(
        launch_command_parser().parse_args([*command[3:], "7"])
    )
    assert (arguments.use_fsdp, arguments.use_deepspeed, arguments.zero_stage) == (
        kind == "FSDP",
        kind == "DEEPSPEED",
        stage,
    )
    assert (arguments.num_processes, arguments.module) == (4, True)
    assert (arguments.training_script, arguments.training_script_args) == (
        "engine.placement.worker",
        ["7"],
    )
    assert "Not run by us" in path.read_text()


def test_every_shipped_file_is_tested():
    assert {path.name for path in FOLDER.iterdir()} == {"fsdp.yaml", "zero2.yaml"}


def test_one_process_needs_no_launcher():
    assert child_command(trainer_backend(TrainingConfig(method="sft")))[1:] == [
        "-m",
        "engine.placement.worker",
    ]
