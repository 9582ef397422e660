"""One iteration of HS-STaR and the rounds of a study: which phase follows which. Start here.

    M_t ── (tune) ── presample ── look ── commit ── resample ── pairs ── train ── M_{t+1} ──
    evaluate ──► next iteration

Where training.method draws its own responses (grpo, rloo), resample and pairs fall away: the policy
draws what the plan says while it is trained.

Pure: it knows neither the store nor any model. A person walks this line in the dashboard, `auto`
walks it on the command line, and both ask the same function what comes next.

Follows HS-STaR's algorithm, docs/method.md, section 1.1. Departure: the thresholds are a person's,
or the configuration's.
"""

from dataclasses import dataclass
from enum import StrEnum

from engine.types import JobKind


class Phase(StrEnum):
    """What an iteration waits for."""

    TUNE = "tune"
    PRESAMPLE = "presample"
    COMMIT = "commit"
    RESAMPLE = "resample"
    TRAIN = "train"
    NEXT = "next"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an iteration is."""

    tuned: bool
    """True where nothing is to be tuned."""
    presampled: bool
    committed: bool
    resampled: bool
    """True from the commit on where the policy draws while it is trained."""
    n_rows: int | None
    """Pairs to train on, or kept responses for SFT; None before the pool is whole. Where the policy
    draws while it is trained: the responses that fill whole steps; None before the commit.
    """
    next_policy: str | None
    """None before training is done."""


def next_phase(progress: Progress) -> Phase:
    """The phase that an iteration waits for.

    An iteration without a single row cannot be trained and goes on with the policy it has.

    >>> presampled = Progress(True, True, False, False, n_rows=None, next_policy=None)
    >>> next_phase(presampled).value
    'commit'
    """
    if not progress.tuned:
        return Phase.TUNE
    if not progress.presampled:
        return Phase.PRESAMPLE
    if not progress.committed:
        return Phase.COMMIT
    if not progress.resampled:
        return Phase.RESAMPLE
    if progress.n_rows and progress.next_policy is None:
        return Phase.TRAIN
    return Phase.NEXT


def job_of(phase: Phase) -> JobKind | None:
    """The job that does a phase; None for what waits for a person: the commit, and the next
    iteration.

    >>> job_of(Phase.PRESAMPLE), job_of(Phase.COMMIT)
    (<JobKind.PRESAMPLE: 'presample'>, None)
    """
    return JobKind(phase) if phase in set(JobKind) else None
