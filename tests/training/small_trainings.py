"""Small trainings on the starter policy: rows that differ, one task, and the weights that came
out.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from engine.config import TrainingConfig
from engine.events import Event, OptimiserStep, PolicySaved
from engine.paths import STARTER
from engine.training import Trainer, TrainingTask
from engine.training.dpo import DpoTrainer
from engine.training.sft import SftTrainer
from engine.types import Preference, Worked

TRAINERS: dict[str, Callable[[], Trainer]] = {"dpo": DpoTrainer, "sft": SftTrainer}
SMALL = TrainingConfig(
    learning_rate=1e-4,
    batch_size=4,
    micro_batch_size=2,
    max_length=128,
    warmup_share=0.0,
    dtype="float32",
)


def question(i: int) -> str:
    return (
        f"On Monday Mia has {30 + i} cups. On Tuesday Mia sells {i} at the market. How many cups"
        " are there on Tuesday?\n"
    )


def right(i: int) -> str:
    return f"By Tuesday it is {30 + i} - {i} = 30.\n\n" + "The answer is \\boxed{30}."


def wrong(i: int) -> str:
    return (
        f"By Tuesday it is {30 + i} + {i} = {30 + 2 * i}.\n\nThe answer is \\boxed{{{30 + 2 * i}}}."
    )


def pairs(n: int, first: int = 1) -> list[Preference]:
    return [
        Preference(f"p{i}", question(i), right(i), wrong(i), 0, 1, 0.9, 0.1)
        for i in range(first, first + n)
    ]


def worked(n: int, first: int = 1) -> list[Worked]:
    return [Worked(f"p{i}", question(i), right(i)) for i in range(first, first + n)]


ROWS = {"dpo": pairs, "sft": worked}


def task(folder: Path, method: str = "dpo", n: int = 8, **changed) -> TrainingTask:
    config = replace(SMALL, method=method, **changed)
    folders = {"work_dir": str(folder / "work"), "policies_dir": str(folder / "policies")}
    return TrainingTask(str(STARTER / "policy"), ROWS[method](n), config, seed=0, **folders)


def trained(told: TrainingTask, should_stop: Callable[[], bool] = lambda: False) -> list[Event]:
    return list(TRAINERS[told.config.method]().train(told, should_stop))


def steps(events: list[Event]) -> list[OptimiserStep]:
    return [event for event in events if isinstance(event, OptimiserStep)]


def saved(events: list[Event]) -> PolicySaved:
    assert isinstance(events[-1], PolicySaved), events[-1]
    return events[-1]


def weights(folder: str | Path) -> dict:
    from safetensors.torch import load_file

    return load_file(Path(folder) / "model.safetensors")


def largest_difference(one: dict, other: dict) -> float:
    assert one.keys() == other.keys()
    return max(float((one[name] - other[name]).abs().max()) for name in one)
