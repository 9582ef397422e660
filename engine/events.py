"""What phases say while they work. Events go up; nothing here knows who listens.

Every event with rows is recorded together with them in one transaction, several of them at once
where they come fast, so that a number on the screen and the rows behind it can never disagree.
"""

from dataclasses import dataclass

from engine.types import InFlight, Response, StepScores, Verdict

Key = tuple[str, int]
"""(problem id, response index) within a sample set."""

Text = tuple[str, int, str]
"""(problem id, response index, response text)."""


@dataclass(frozen=True, slots=True)
class Planned:
    """How much this job owes in all, and how much of it was there before it started."""

    n_total: int
    n_done: int
    unit: str
    """"responses" or "steps"."""
    n_graded: int | None = None
    """Of the responses done: those with a verdict; None where nothing is graded."""
    n_scored: int | None = None
    """Of the responses done: those with step scores; None where nothing is scored."""


@dataclass(frozen=True, slots=True)
class Seated:
    """Whether the policy and the reward model work one after the other, because both do not fit.
    Nothing of it is stored.
    """

    in_turn: bool


@dataclass(frozen=True, slots=True)
class Loading:
    """Which models are being loaded now, in words; none of them any more where it is empty. Nothing
    of it is stored.
    """

    models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decoding:
    """What the sampler is at while no response finishes. Nothing of it is stored."""

    in_flight: InFlight


@dataclass(frozen=True, slots=True)
class Settled:
    """All that a sample set was owed has been said, and is stored before the phase goes on: what
    follows may read it. Nothing of this event is stored.
    """

    sample_set_id: str


@dataclass(frozen=True, slots=True)
class Sampled:
    sample_set_id: str
    responses: list[Response]
    worked_s: float = 0.0
    """Seconds that were sampled for them, loading not counted."""


@dataclass(frozen=True, slots=True)
class Graded:
    sample_set_id: str
    verdicts: list[tuple[Key, Verdict]]
    worked_s: float = 0.0
    """Seconds that passed while they and nothing before them were graded."""


@dataclass(frozen=True, slots=True)
class Scored:
    sample_set_id: str
    prm_id: str
    scores: list[tuple[Key, StepScores]]
    worked_s: float = 0.0
    """Seconds that were scored for them, loading not counted."""


@dataclass(frozen=True, slots=True)
class Draw:
    """One response that a policy drew while it was trained."""

    response: Response
    verdict: Verdict
    scores: StepScores | None
    """None in a run without rewards."""
    reward: float
    """What it was trained with."""
    is_discarded: bool
    """Its group's rewards were all equal, and another group was drawn instead."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """What was drawn for an optimiser step. A step that is repeated after a kill says the same keys
    again.
    """

    sample_set_id: str
    prm_id: str
    """Whose the scores are; empty without any."""
    step: int
    """The first optimiser step that trains on them."""
    draws: list[Draw]


@dataclass(frozen=True, slots=True)
class OptimiserStep:
    """One logged optimiser step; values are finite numbers keyed by the trainer's own names
    ("loss", "rewards/margins", …).
    """

    step: int
    n_steps: int
    values: dict[str, float]


@dataclass(frozen=True, slots=True)
class StepsBefore:
    """The steps that a resumed training has behind it, as its checkpoint knows them. A kill may lie
    between a checkpoint and the record of its steps: those that are not stored are stored now.
    """

    steps: list[OptimiserStep]
    """By step, ascending."""


@dataclass(frozen=True, slots=True)
class InterimAnswer:
    """One held-out response of a policy that is still in training."""

    response: Response
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class InterimEvaluated:
    """What the policy in training could do after an optimiser step."""

    step: int
    n_problems: int
    """Held-out problems that it answered, each once and greedily."""
    n_correct: int
    samples: list[InterimAnswer]
    """A few of the answers, of the same problems every time."""


@dataclass(frozen=True, slots=True)
class CheckpointSaved:
    step: int
    path: str


@dataclass(frozen=True, slots=True)
class CheckpointKept:
    """The weights of a step lie at path for good: they can become the policy."""

    step: int
    path: str
    n_bytes: int


@dataclass(frozen=True, slots=True)
class PolicySaved:
    """Training is over; the new policy lies at path, an ordinary transformers folder."""

    policy_id: str
    path: str
    step: int | None = None
    """Where the configuration picked its weights: after which step they are."""


@dataclass(frozen=True, slots=True)
class Note:
    """One line for the job's log."""

    text: str


Passing = Decoding | Loading | Seated | Settled
"""Events of which nothing is stored."""

Event = (
    Planned
    | Passing
    | Sampled
    | Graded
    | Scored
    | Drawn
    | OptimiserStep
    | StepsBefore
    | InterimEvaluated
    | CheckpointSaved
    | CheckpointKept
    | PolicySaved
    | Note
)
