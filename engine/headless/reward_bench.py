"""How well a reward model finds the first wrong step, on files in which people marked it.

The model is the one that a configuration names, opened as a run would open it. Nothing is stored.
Source: engine.method.first_errors.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path

from engine.config import RunConfig
from engine.config.backends import reads_as, reward_opening
from engine.config.splitter import Splitter
from engine.errors import ConfigError
from engine.method.first_errors import FirstErrors, best_threshold, first_errors
from engine.method.intervals import Interval
from engine.method.prompts import fill
from engine.method.reward_quality import BAD_STEP
from engine.method.steps import normalise_newlines
from engine.models.weights import locate
from engine.placement import Backend, Placement, open_placement
from engine.problems.first_errors import read_marked
from engine.study import sources

BATCH = 64
"""Solutions that are scored at once, between two words of progress."""
SAID = 3
"""Rejected rows that are named."""
_BLANK_LINES = re.compile(r"\n\s*\n")


@dataclass(frozen=True, slots=True)
class Scored:
    """The solutions of a file that a reward model has said something of."""

    file: str
    labels: list[int]
    scores: list[list[float | None]]
    """Of every step, None where there is no score."""
    n_rejected: int
    """Rows that cannot be used."""
    n_other_steps: int
    """Solutions that the reward model's splitter cuts into other steps than the marked ones."""
    n_unscored: int
    """Solutions of which it is not known where the first wrong step is, such as texts over the
    model's positions.
    """
    rejected: list[str]
    """The first rows that cannot be used, and why."""

    def known_at(self, threshold: float) -> "Scored":
        """Without the solutions in which a step without a score stands ahead of the first one below
        the threshold. One behind it decides nothing: a judge may stop where it saw an error.
        """
        known = [
            (label, own)
            for label, own in zip(self.labels, self.scores)
            if None not in own[: first_known_below(own, threshold)]
        ]
        return replace(
            self,
            labels=[label for label, _ in known],
            scores=[own for _, own in known],
            n_unscored=self.n_unscored + len(self.labels) - len(known),
        )

    def numbers(self) -> list[list[float]]:
        """The scores, infinite where there is none."""
        return [[inf if score is None else score for score in own] for own in self.scores]


@dataclass(frozen=True, slots=True)
class BenchRow:
    """What a reward model finds in one file."""

    scored: Scored
    threshold: float
    figures: FirstErrors


@dataclass(frozen=True, slots=True)
class Bench:
    reward_model: str
    """Its content id, with how it is read."""
    tuned_on: str | None
    """The file on which the threshold was chosen; None where it was given."""
    rows: list[BenchRow]
    mean_f1: float | None
    """Unweighted over the files that have one."""


def reward_bench(
    config: RunConfig,
    files: Sequence[Path],
    *,
    threshold: float | None = None,
    tune: Path | None = None,
    n_max: int | None = None,
    logs: Path,
    say: Callable[[str], object] = lambda words: None,
) -> Bench:
    """Score every file and compare with its marks. Blocks.

    Args:
        threshold: a step below it is called wrong; None: .5, or 0 where rewards have no bounds,
            unless it is tuned.
        tune: the file on which the threshold with the largest F1 is chosen.
        n_max: at most so many solutions per file, the first ones.
        logs: folder for the logs of child processes.

    Raises: ConfigError for a configuration without a reward model that reads texts, or a file to
        tune on that has one kind of solution; ProblemSetError; RewardModelError.
    """
    _require_texts(config)
    if threshold is not None and tune is not None:
        raise ConfigError("Give a threshold, or a file to choose it on, and not both.")
    backend, id = _backend(config)
    placement = open_placement(config.placement, logs)
    try:
        wanted: dict[Path, None] = dict.fromkeys([*([tune] if tune else []), *files])
        scored = {file: _scored(config, placement, backend, file, n_max, say) for file in wanted}
    finally:
        placement.release()
    usual = BAD_STEP if config.has_bounded_rewards else 0.0
    if tune is not None:
        threshold = _tuned(scored[tune].known_at(usual), tune)
    elif threshold is None:
        threshold = usual
    return _bench(id, tune, [scored[file] for file in files], threshold)


def _bench(id: str, tune: Path | None, files: Sequence[Scored], threshold: float) -> Bench:
    known = [file.known_at(threshold) for file in files]
    rows = [BenchRow(s, threshold, first_errors(s.numbers(), s.labels, threshold)) for s in known]
    shares = [row.figures.f1 for row in rows if row.figures.f1 is not None]
    mean = sum(shares) / len(shares) if shares else None
    return Bench(id, str(tune) if tune else None, rows, mean)


def _require_texts(config: RunConfig) -> None:
    if not config.has_rewards or reads_as(config.reward.family) == "key" or config.is_own_reward:
        raise ConfigError(
            f'reward.family is "{config.reward.family}" with reward.path {config.reward.path!r}:'
            " a reward model is needed that reads texts by itself. Name one in the configuration."
        )
    if config.reward.family == "outcome":
        raise ConfigError(
            'reward.family is "outcome": it scores responses as a whole, and no step of them.'
        )


def _backend(config: RunConfig) -> tuple[Backend, str]:
    path, id = sources.reward(config)
    given = {}
    if config.reward.family == "implicit":
        i = config.implicit
        other = locate(i.reference, role="reference", revision=i.reference_revision)
        given["reference"] = str(other)
    name, options = reward_opening(config, id.split("-")[-1], **given)
    return Backend(name, path, options), id


def _tuned(scored: Scored, file: Path) -> float:
    try:
        return best_threshold(scored.numbers(), scored.labels)
    except ValueError:
        raise ConfigError(
            f"{file} has solutions of one kind only: a threshold is chosen where some have an"
            " error and some have none. Name another file with --tune, or give --threshold."
        ) from None


def _scored(
    config: RunConfig,
    placement: Placement,
    backend: Backend,
    file: Path,
    n_max: int | None,
    say: Callable[[str], object],
) -> Scored:
    marked, splitter = read_marked(file), config.reward.splitter
    solutions = marked.solutions[:n_max]
    texts = [as_response(solution.steps, splitter) for solution in solutions]
    usable = [(s, text) for s, text in zip(solutions, texts) if text is not None]
    items = [(_read(config, solution.question), text) for solution, text in usable]
    labels, scores = [], []
    for start in range(0, len(items), BATCH):
        batch = placement.get(backend).score(items[start : start + BATCH])
        for (solution, _), own in zip(usable[start:], batch):
            if own.reward is not None and len(own.scores) == len(solution.steps):
                labels.append(solution.label)
                scores.append(list(own.scores))
        say(f"{file.name}: {min(start + BATCH, len(items)):,} of {len(items):,} solutions scored")
    return Scored(
        file.name,
        labels,
        scores,
        n_rejected=len(marked.rejected),
        n_other_steps=len(solutions) - len(usable),
        n_unscored=len(usable) - len(labels),
        rejected=[f"line {line}: {reason}" for line, reason in marked.rejected[:SAID]],
    )


def _read(config: RunConfig, question: str) -> str:
    """What the reward model reads of a question."""
    if reads_as(config.reward.family) in ("text", "sampled"):
        return fill(config.train_settings().prompt_template, question)
    return question


def as_response(steps: Sequence[str], splitter: Splitter) -> str | None:
    """The steps as one response, blank lines between them and none within; None where the splitter
    does not cut it into just these.

    >>> as_response(["2 + 2\\n\\n= 4", "so 4"], Splitter())
    '2 + 2\\n= 4\\n\\nso 4'
    """
    written = [_BLANK_LINES.sub("\n", normalise_newlines(step).strip()) for step in steps]
    text = "\n\n".join(written)
    return text if splitter.split(text) == written else None


def first_known_below(scores: Sequence[float | None], threshold: float) -> int:
    """The first step whose score is below a threshold; how many there are where none is.

    >>> first_known_below([1.0, None, 0.2, None], 0.5)
    2
    """
    below = (at for at, s in enumerate(scores) if s is not None and s < threshold)
    return next(below, len(scores))


def as_table(bench: Bench) -> list[dict[str, str | int | float | None]]:
    """A row per file, for a terminal or JSON."""
    return [
        {
            "file": row.scored.file,
            "solutions": len(row.scored.labels),
            "threshold": round(row.threshold, 5),
            "accuracy with an error": _share(row.figures.on_wrong),
            "accuracy without": _share(row.figures.on_right),
            "F1": None if row.figures.f1 is None else round(row.figures.f1, 4),
            "rejected": row.scored.n_rejected,
            "other steps": row.scored.n_other_steps,
            "without a score": row.scored.n_unscored,
        }
        for row in bench.rows
    ]


def _share(interval: Interval | None) -> str | None:
    if interval is None:
        return None
    return f"{interval.value:.3f} [{interval.low:.3f}, {interval.high:.3f}]"
