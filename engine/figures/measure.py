"""A run as figures that can be set beside another's: what was done, what it cost, what it gave.
Reads one database per run, and no text.

What one run says has intervals over problems. See comparison for several runs.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from engine import store
from engine.config import RunConfig, TrackingConfig
from engine.errors import ConfigError
from engine.figures.evaluation import Evaluation, evaluations, gain
from engine.figures.summary import figures_of_all
from engine.method.difficulty import classify
from engine.method.intervals import Interval
from engine.method.seeds import stable_hash
from engine.paths import expanded
from engine.store import Database
from engine.store.commits import Commit
from engine.store.comparison import Yielded
from engine.study.handle import Iteration
from engine.study.resolved import is_by_rule, resolved_config
from engine.study.runs import pick_run
from engine.types import Difficulty

UNITS = ("responses", "tokens", "seconds")
"""What pairs and gain are counted per 1,000 of."""


@dataclass(frozen=True, slots=True)
class Done:
    """What was done with the budget, in words; several values where iterations differ."""

    strategy: str
    mode: str
    training: str
    problems: str
    """fresh or fixed: whether iterations have problems of their own."""


@dataclass(frozen=True, slots=True)
class Spent:
    """The budget of one iteration in responses, and what came of it."""

    iteration: int
    total: int
    presampled: int
    resampled: int
    reused: int
    """Of the resamples: those that other runs had drawn with the same requests."""
    drawn: int
    """While the policy was trained, over all trainings of the iteration."""
    discarded: int
    """Of the drawn: those whose group was replaced by another one."""
    tuned: int
    calibrated: int
    unspent: int | None
    """None before the commit. What fills no optimiser step of grpo or rloo is among it."""
    n_tokens: int
    seconds: float
    """Wall seconds of sampling, grading, scoring and training, evaluations left out."""
    n_pairs: int | None
    """None before pairs are built."""

    @property
    def sampled(self) -> int:
        return self.presampled + self.resampled + self.drawn + self.tuned + self.calibrated


@dataclass(frozen=True, slots=True)
class Accuracy:
    """M_number on the held-out problems, with intervals over problems."""

    number: int
    n: int
    """Sampled responses per problem behind mean."""
    n_problems: int
    greedy: Interval
    mean: Interval
    gain: Interval | None
    """Of mean over M_0, paired; None for M_0 itself, and where it was not evaluated."""


@dataclass(frozen=True, slots=True)
class Part:
    """A run's figures on one level or class."""

    n_responses: int
    """To training problems of this level, or committed to this class."""
    n_pairs: int
    pairs_per_1000: float | None
    """Per 1,000 of those responses; None without any."""
    gain: Interval | None
    """Last policy over M_0 on held-out problems of this level or class; a class is M_0's, by its
    own sampled responses, so it holds regression to the mean: compare it between runs, not with
    zero.
    """


@dataclass(frozen=True, slots=True)
class Compared:
    """One run."""

    label: str
    """FILE:RUN, the run alone within one file, or the name it has there."""
    run_id: str
    name: str
    seed: int
    group: str
    """Equal for runs equal but for seed and name."""
    done: Done
    spent: list[Spent]
    accuracy: list[Accuracy]
    pairs_per_1000: dict[str, float | None]
    """By UNITS, over the iterations that have pairs."""
    gain_per_1000: dict[str, Interval | None]
    """By UNITS: the last policy's gain, over the iterations before it."""
    levels: dict[str, Part]
    classes: dict[str, Part]


@dataclass(frozen=True, slots=True)
class Measured:
    """A run as it was read, with what pairing needs."""

    compared: Compared
    evaluations: dict[int, Evaluation]
    config: RunConfig
    notes: list[str]
    """What the configuration cannot say."""


def measure_files(names: list[str]) -> list[Measured]:
    """Runs named as FILE or FILE:RUN, in that order, every one once; a file alone means its newest
    run. Files are closed again.

    Raises: ConfigError for a file or run that is not there; StoreLocked for a file that another
    process owns.
    """
    asked = [file_and_run(name) for name in names]
    measured: dict[tuple[Path, str | None], Measured] = {}
    for path in dict.fromkeys(path for path, _ in asked):
        db = Database(path)
        try:
            measured |= {
                (path, run_id): measure(db, pick_run(db, run_id), file=path.name)
                for own, run_id in asked
                if own == path
            }
        finally:
            db.close()
    return list(
        {
            (path, measured[path, run_id].compared.run_id): measured[path, run_id]
            for path, run_id in asked
        }.values()
    )


def measure(db: Database, run_id: str, *, file: str = "", label: str = "") -> Measured:
    """Everything about one run that is compared. Reads no text; blocks for seconds at most.

    Args:
        file: put before the run's id as its label.
        label: what the run is called instead; another one for every run that is compared.

    Raises: ConfigError for an unknown run.
    """
    config, notes = resolved_config(db, run_id)
    by_policy = {e.number: e for e in evaluations(db, run_id)}
    figures = figures_of_all(db, run_id, by_policy)
    spent = _spent(db, run_id, figures)
    places = [Iteration(db, run_id, row["iteration"]) for row in figures]
    commits = [commit for it in places if (commit := store.commits.find(it))]
    change = (
        gain(by_policy[0], by_policy[max(by_policy)])
        if len(by_policy) > 1 and 0 in by_policy
        else None
    )
    rows = store.comparison.training_yield(db, run_id)
    choices = sorted({repr(_choice(config, c)) for c in commits})
    group = stable_hash("group", repr(_kind(config)), figures[0]["policy"]["before"], *choices)
    compared = Compared(
        label=label or (f"{file}:{run_id}" if file else run_id),
        run_id=run_id,
        name=store.runs.get(db, run_id).name,
        seed=config.seed,
        group=f"{group:016x}"[:8],
        done=_done(config, commits),
        spent=spent,
        accuracy=[_accuracy(e, by_policy.get(0)) for e in by_policy.values()],
        pairs_per_1000={unit: _pairs_per_1000(spent, unit) for unit in UNITS},
        gain_per_1000={
            unit: _gain_per_1000(spent, unit, change, max(by_policy, default=0)) for unit in UNITS
        },
        levels=_levels(rows, by_policy),
        classes=_classes(rows, by_policy),
    )
    return Measured(compared, by_policy, config, notes)


def _spent(db: Database, run_id: str, figures: list[dict[str, Any]]) -> list[Spent]:
    tokens, seconds = store.comparison.tokens(db, run_id), store.comparison.seconds(db, run_id)
    return [
        Spent(
            row["iteration"],
            **row["budget"],
            n_pairs=row["n_pairs"],
            n_tokens=tokens.get(row["iteration"], 0),
            seconds=round(seconds.get(row["iteration"], 0.0), 2),
        )
        for row in figures
    ]


def file_and_run(name: str) -> tuple[Path, str | None]:
    file, colon, run_id = name.rpartition(":")
    path = expanded(name) if not colon or expanded(name).exists() else expanded(file)
    if not path.is_file():
        raise ConfigError(f"There is no database at {path}. Name a file, or FILE:RUN.")
    return path.resolve(), run_id if colon and path == expanded(file) else None


def _kind(config: RunConfig) -> RunConfig:
    """What two runs share that differ in seed and name alone. The policy counts by its content, not
    by its path, and where a run is watched does not count.
    """
    own = {"seed": 0, "name": "", "tracking": TrackingConfig()}
    return replace(config, **own, policy=replace(config.policy, path=""))


def _choice(config: RunConfig, commit: Commit) -> tuple:
    """Thresholds that a rule read from the data differ between seeds: the rule is what is
    shared.
    """
    c = commit.choice
    if is_by_rule(config, commit):
        return c.mode, c.strategy, json.dumps(c.options)
    return c.tau_l, c.tau_h, c.mode, c.strategy, json.dumps(c.options)


def _done(config: RunConfig, commits: list[Commit]) -> Done:
    def of(name: str) -> str:
        names = ", ".join(dict.fromkeys(getattr(c, name) for c in commits))
        return names or getattr(config.difficulty, name)

    t = config.training
    training = t.method + (" from base" if t.start == "base" else "")
    return Done(
        of("strategy"),
        of("mode"),
        "none" if config.is_recorded else training,
        config.problems.per_iteration,
    )


def _accuracy(e: Evaluation, first: Evaluation | None) -> Accuracy:
    change = gain(first, e) if first is not None and e.number else None
    return Accuracy(
        e.number, e.n, len(e.problem_ids), e.greedy_interval(), e.mean_interval(), change
    )


def _amount(spent: list[Spent], unit: str) -> float:
    return sum(
        {"responses": s.sampled, "tokens": s.n_tokens, "seconds": s.seconds}[unit] for s in spent
    )


def _pairs_per_1000(spent: list[Spent], unit: str) -> float | None:
    n_pairs = sum(s.n_pairs for s in spent if s.n_pairs is not None)
    amount = _amount([s for s in spent if s.n_pairs is not None], unit)
    return 1000 * n_pairs / amount if amount else None


def _gain_per_1000(
    spent: list[Spent], unit: str, change: Interval | None, last: int
) -> Interval | None:
    amount = _amount([s for s in spent if s.iteration < last], unit)
    return change.scaled(1000 / amount) if change and amount else None


def _levels(rows: list[Yielded], by_policy: dict[int, Evaluation]) -> dict[str, Part]:
    names = {row.level for row in rows} | {
        level for e in by_policy.values() for level in e.levels.tolist()
    }
    return {
        name: _part(
            [row for row in rows if row.level == name],
            by_policy,
            lambda first, name=name: first.levels == name,
        )
        for name in sorted(names - {""})
    }


def _classes(rows: list[Yielded], by_policy: dict[int, Evaluation]) -> dict[str, Part]:
    def held_out(first: Evaluation, d: Difficulty) -> np.ndarray:
        n_correct = np.rint(first.pass_rate * first.n).astype(int)
        return classify(n_correct, first.n, None, tau_l=0, tau_h=1, mode="accuracy") == d

    return {
        d.name.lower(): _part(
            [row for row in rows if row.difficulty == d],
            by_policy,
            lambda first, d=d: held_out(first, d),
        )
        for d in Difficulty
    }


def _part(
    rows: list[Yielded],
    by_policy: dict[int, Evaluation],
    chosen: Callable[[Evaluation], np.ndarray],
) -> Part:
    n_responses, n_pairs = sum(row.n_responses for row in rows), sum(row.n_pairs for row in rows)
    change = None
    if 0 in by_policy and len(by_policy) > 1 and (own := chosen(by_policy[0])).any():
        change = gain(by_policy[0], by_policy[max(by_policy)], own)
    return Part(n_responses, n_pairs, 1000 * n_pairs / n_responses if n_responses else None, change)
