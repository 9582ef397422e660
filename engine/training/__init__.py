"""Training: TRL's trainers as generators of events."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from engine.config import TrainingConfig
from engine.events import Event
from engine.grading.extraction import Extraction
from engine.types import (
    Aggregation,
    Preference,
    Reference,
    Request,
    SamplingSettings,
    ScoredPart,
    Worked,
)


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
class Group:
    """Responses to one problem whose rewards are compared with each other."""

    problem_id: str
    first: int
    """Index of its first response among the problem's own in this training."""
    seeds: list[int]
    """One per response."""


@dataclass(frozen=True, slots=True)
class RewardModelTold:
    """A reward model that is opened in the training's own process."""

    opens: str
    """As BackendEntry.opens."""
    path: str
    options: dict[str, Any]
    prm_id: str
    prompts: dict[str, str]
    """By problem id, as it reads them."""
    scored: ScoredPart
    aggregation: Aggregation


@dataclass(frozen=True, slots=True)
class Draws:
    """What a policy in training draws, in this order, and how that is judged."""

    sample_set_id: str
    groups: list[Group]
    """The whole plan; all of one size."""
    prompts: dict[str, str]
    """By problem id, as the policy reads them."""
    references: dict[str, Reference]
    batch_size: int
    """Responses side by side."""
    rules: Extraction = field(default_factory=Extraction)
    reward_model: RewardModelTold | None = None


@dataclass(frozen=True, slots=True)
class TrainingTask:
    """Everything a trainer is told. The reference policy of DPO is the policy's own frozen copy."""

    policy_path: str
    rows: list[Preference] | list[Worked]
    """Preference pairs for DPO, worked solutions for SFT; none for what draws its own."""
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
    draws: Draws | None = None
    """For what draws its own responses."""
    checkpoint: str | None = None
    """The folder of kept weights that become the policy as they are: nothing is trained then."""


class Trainer(Protocol):
    def train(self, task: TrainingTask, should_stop: Callable[[], bool]) -> Iterator[Event]:
        """Train and yield Planned, Drawn, OptimiserStep, InterimEvaluated, CheckpointSaved,
        CheckpointKept and at last PolicySaved; one that goes on from a checkpoint begins with
        StepsBefore.

        should_stop is asked after every optimiser step; when it says so, a checkpoint is saved and
        the generator ends without PolicySaved. Blocks between events. Raises: TrainingError.
        """
        ...

    def close(self) -> None: ...
