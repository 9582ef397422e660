"""How far a job is and what is left of all it does: sampling, grading and scoring, or optimiser
steps. The page, the command line and the status file say the same.

Pure but for the clock that is handed in. A rate is what a stage did in the seconds it worked, so
that loading, and waiting for another stage, is no part of it.
"""

from dataclasses import dataclass, field

from engine.events import (
    Decoding,
    Event,
    Graded,
    Loading,
    OptimiserStep,
    Planned,
    Sampled,
    Scored,
    Seated,
)
from engine.types import InFlight

SAMPLED, GRADED, SCORED, STEPS = "sampled", "graded", "scored", "steps"
SLOWER = 1.5
"""So many times as long as a sampled response one has to be scored before it is said."""


@dataclass(slots=True)
class Stage:
    """One kind of work of a job."""

    n_done: int
    n_timed: int = 0
    """Of them: done in this attempt."""
    worked_s: float = 0.0
    """Seconds that those took."""
    spell_s: float = 0.0
    """Seconds that the newest of them took: after as long the next ones are due."""
    noted_at: float = 0.0

    def note(self, n: int, worked_s: float, now: float) -> None:
        """Count n as done; those that took no time, such as refused prompts, say nothing of the
        rate.
        """
        self.n_done += n
        if worked_s > 0:
            self.n_timed += n
            self.worked_s += worked_s
            self.spell_s, self.noted_at = worked_s, now

    def cost_s(self) -> float | None:
        """Seconds for one; None before one was timed."""
        return self.worked_s / self.n_timed if self.n_timed else None

    def left_s(self, n_total: int, now: float) -> float | None:
        """Seconds for what is left. They run down until the next ones are due, and wait for
        them.
        """
        n_left, cost_s = n_total - self.n_done, self.cost_s()
        if n_left <= 0:
            return 0.0
        if cost_s is None:
            return None
        return max(n_left * cost_s - min(max(now - self.noted_at, 0.0), self.spell_s), 0.0)


@dataclass(slots=True)
class Pace:
    """One attempt of a job, as its events tell."""

    job_id: str
    n_total: int | None = None
    """None before it is known what is owed."""
    unit: str = ""
    stages: dict[str, Stage] = field(default_factory=dict)
    in_turn: bool = False
    """Scoring begins when everything is sampled."""
    loading: tuple[str, ...] = ()
    n_tokens: int = 0
    """Of the responses that were sampled in this attempt."""
    in_flight: InFlight | None = None
    began_at: float = 0.0
    """When it was known what is owed: a training's first step begins then."""

    def note(self, event: Event, now: float) -> None:
        """Count what happened at a time of a monotonic clock."""
        match event:
            case Planned():
                self._plan(event, now)
            case Seated():
                self.in_turn = event.in_turn
            case Loading():
                self.loading = event.models
            case Decoding():
                self.in_flight = event.in_flight
            case Sampled():
                self.n_tokens += sum(r.n_tokens for r in event.responses)
                self._count(SAMPLED, len(event.responses), event.worked_s, now)
            case Graded():
                self._count(GRADED, len(event.verdicts), event.worked_s, now)
            case Scored():
                self._count(SCORED, len(event.scores), event.worked_s, now)
            case OptimiserStep():
                self._step(event, now)

    def share(self) -> float | None:
        """The part of all work that is done, from 0 to 1; None before it is known what is owed.

        Stages that work side by side are as far as the last of them; of stages in turn each counts
        the same.
        """
        if not self.n_total:
            return None
        shares = [min(stage.n_done / self.n_total, 1.0) for stage in self.stages.values()]
        return sum(shares) / len(shares) if self.in_turn else min(shares)

    def left_s(self, now: float) -> float | None:
        """Seconds until all is done; None as long as a stage that has work to do has no rate."""
        if not self.n_total:
            return None
        lefts = [stage.left_s(self.n_total, now) for stage in self.stages.values()]
        known = [left for left in lefts if left is not None]
        if len(known) < len(lefts):
            return None
        return sum(known) if self.in_turn else max(known)

    def per_s(self) -> float | None:
        """Whole responses, or steps, per second; None as left_s."""
        costs = [stage.cost_s() for stage in self.stages.values()]
        known = [cost for cost in costs if cost]
        if not known or len(known) < len(costs):
            return None
        return 1 / (sum(known) if self.in_turn else max(known))

    def scoring_is_slower(self) -> float | None:
        """How many times as long a response is scored as it is sampled, where that keeps the
        sampler waiting; None where it does not, or neither is known yet.
        """
        costs = [stage.cost_s() for name in (SAMPLED, SCORED) if (stage := self.stages.get(name))]
        if self.in_turn or len(costs) < 2 or not costs[0] or not costs[1]:
            return None
        ratio = costs[1] / costs[0]
        return ratio if ratio >= SLOWER else None

    def tokens_per_s(self) -> float | None:
        """Tokens of finished responses by the seconds that were sampled; None before the first."""
        sampled = self.stages.get(SAMPLED)
        return self.n_tokens / sampled.worked_s if sampled and sampled.worked_s else None

    def _plan(self, event: Planned, now: float) -> None:
        """A later plan of the same attempt (a resampling in rounds) keeps what was timed."""
        counts = {SAMPLED: event.n_done, GRADED: event.n_graded, SCORED: event.n_scored}
        if event.unit == STEPS:
            counts = {STEPS: event.n_done}
        for name, n_done in counts.items():
            if n_done is not None:
                self.stages.setdefault(name, Stage(n_done)).n_done = n_done
        self.n_total, self.unit, self.loading, self.began_at = event.n_total, event.unit, (), now

    def _count(self, name: str, n: int, worked_s: float, now: float) -> None:
        self.stages.setdefault(name, Stage(0)).note(n, worked_s, now)
        if self.stages[name].n_done >= (self.n_total or 0) and name == SAMPLED:
            self.in_flight = None

    def _step(self, event: OptimiserStep, now: float) -> None:
        stage = self.stages.setdefault(STEPS, Stage(0))
        since = max(stage.noted_at, self.began_at)
        stage.note(event.step - stage.n_done, now - since, now)
        self.n_total, self.unit = event.n_steps, STEPS


def said(pace: Pace, now: float) -> str:
    """Counts, what is loaded or running, rate and time left, in one line."""
    if pace.n_total is None:
        return "loading the model"
    parts = [_counts(pace)]
    if pace.loading:
        parts.append(f"loading {' and '.join(pace.loading)}")
    if pace.in_flight:
        parts.append(_running(pace.in_flight))
    if pace.share() == 1.0:
        return " · ".join([*parts, "saving the policy" if pace.unit == STEPS else "storing"])
    rate, left = pace.per_s(), pace.left_s(now)
    if rate:
        parts.append(f"{rate:.1f} {pace.unit}/s")
    if slower := pace.scoring_is_slower():
        parts.append(f"sampling waits for scoring, which takes {slower:.1f} times as long")
    if left is not None:
        parts.append(f"{duration(left)} left")
    elif pace.in_turn and (sampling := pace.stages[SAMPLED].left_s(pace.n_total, now)):
        parts.append(f"{duration(sampling)} of sampling left, then scoring")
    return " · ".join(parts)


def duration(seconds: float) -> str:
    """Seconds as a person says them."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _counts(pace: Pace) -> str:
    first, *others = pace.stages.items()
    text = f"{first[1].n_done:,} of {pace.n_total:,} {pace.unit}"
    if all(stage.n_done == first[1].n_done for _, stage in others):
        return text
    return ", ".join([f"{text} {first[0]}", *(f"{s.n_done:,} {name}" for name, s in others)])


def _running(in_flight: InFlight) -> str:
    tokens = "" if in_flight.n_tokens is None else f", {in_flight.n_tokens:,} tokens sampled"
    return f"{in_flight.n_responses:,} running{tokens}"
