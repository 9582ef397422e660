"""Training: TRL's trainers as generators of events."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from engine.config import TrainingConfig
from engine.events import Event
from engine.grading.extraction import Extraction
from engine.types import Preference, Reference, Request, SamplingSettings, Worked


@dataclass(frozen=True, slots=True)
class Interim:
    """What the policy in training is asked every so many steps, and how its answers are graded."""

    every: int
    """Optimiser steps between two evaluations."""
    requests: list[Request]
    """One per held-out problem."""
    references: dict[str, Reference]
    """By problem id."""
    settings: SamplingSettings
    """Greedy."""
    batch_size: int
    """Responses side by side."""
    rules: Extraction = field(default_factory=Extraction)


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
    interim: Interim | None = None
    """None: the policy is not evaluated while it is trained."""
    checkpoint: str | None = None
    """The folder of kept weights that become the policy as they are: nothing is trained then."""


class Trainer(Protocol):
    def train(self, task: TrainingTask, should_stop: Callable[[], bool]) -> Iterator[Event]:
        """Train and yield Planned, OptimiserStep, InterimEvaluated, CheckpointSaved, CheckpointKept
        and at last PolicySaved; one that goes on from a checkpoint begins with StepsBefore.

        should_stop is asked after every optimiser step; when it says so, a checkpoint is saved and
        the generator ends without PolicySaved. Blocks between events. Raises: TrainingError.
        """
        ...

    def close(self) -> None: ...
