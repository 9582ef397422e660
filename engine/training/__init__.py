"""Training: TRL's trainers as generators of events."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from engine.config import TrainingConfig
from engine.events import Event
from engine.types import Preference, SamplingSettings, Worked


@dataclass(frozen=True, slots=True)
class TrainingTask:
    """Everything a trainer is told. The reference policy of DPO is the policy's own frozen copy."""

    policy_path: str
    rows: list[Preference] | list[Worked]
    """Preference pairs for DPO, worked solutions for SFT."""
    config: TrainingConfig
    seed: int
    work_dir: str
    """Where checkpoints go; training resumes from the newest one in it."""
    policies_dir: str
    """The new policy is saved in here, in a folder named by its content; a LoRA adapter beside it,
    in ID-adapter.
    """
    settings: SamplingSettings = field(default_factory=SamplingSettings)
    """How the prompts are read, as they were when the responses were sampled."""
    trust_remote_code: bool = False
    inherit_from: str | None = None
    """The work folder of the training whose optimiser state this one goes on with; None begins with
    a fresh optimiser.
    """


class Trainer(Protocol):
    def train(self, task: TrainingTask, should_stop: Callable[[], bool]) -> Iterator[Event]:
        """Train and yield Planned, OptimiserStep, CheckpointSaved and at last PolicySaved; one that
        goes on from a checkpoint begins with StepsBefore.

        should_stop is asked after every optimiser step; when it says so, a checkpoint is saved and
        the generator ends without PolicySaved. Blocks between events. Raises: TrainingError.
        """
        ...

    def close(self) -> None: ...
