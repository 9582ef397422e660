"""The arena over imported recordings: which rule gets most out of the same responses at the same
budget, with intervals from resampling problems, paired against a baseline.

Nothing is stored, no model is loaded.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from engine.errors import ConfigError
from engine.grading import Grader
from engine.grading.extraction import Extraction
from engine.method.arena import Contender, Played, Recording, Rules, each_once, play
from engine.method.intervals import Interval, bootstrap_mean, bootstrap_ratio
from engine.method.strategies import strategies, strategy
from engine.paths import RECORDINGS
from engine.recorded import import_responses
from engine.recorded.about import Scale
from engine.recorded.counted import counted
from engine.recorded.replay import RecordedSet, open_set
from engine.types import Mode

N_RESAMPLES = 2_000
MARKED = 0.05
"""A comparison in which more of what a rule gave is not recorded than this is marked."""
N_RATES = 11
"""Places on the curve of the allocation over the pass rate."""


@dataclass(frozen=True, slots=True)
class ArenaRow:
    """One rule on one recording at one budget."""

    recording: str
    rule: str
    per_problem: float
    """The budget: responses per problem, pre-samples included."""
    n_problems: int
    responses: float
    """Drawn in all."""
    pairs: Interval
    distinct: Interval
    """Pairs whose correct texts differ, and whose wrong ones do."""
    covered: Interval
    """Problems with a pair."""
    signal: Interval
    """Mean variance of the verdicts that a response is drawn beside, in [0, .25]."""
    all_right: Interval
    """Share of the responses on problems that are all right."""
    all_wrong: Interval
    not_recorded: float
    """Of what the rule gave: the share that nobody recorded, and that is not drawn."""
    ahead: Interval | None
    """Distinct pairs more than the baseline has, paired by problem; None for the baseline."""
    curve: tuple[tuple[float, float], ...]
    """(pass rate over all recorded responses, further responses per problem)."""

    @property
    def is_marked(self) -> bool:
        """Whether so much is not recorded that the comparison says little."""
        return self.not_recorded > MARKED


@contextmanager
def opened(source: Path, scale: Scale | None = None) -> Iterator[RecordedSet]:
    """An imported set's folder, or a file that is imported for as long as this lasts; scores of the
    recordings that ship are probabilities. Raises: RecordedSetError, ProblemSetError.
    """
    if (source / "about.json").is_file():
        yield open_set(str(source.resolve()))
        return
    if scale is None and source.resolve().parent == RECORDINGS.resolve():
        scale = "probability"
    with TemporaryDirectory() as folder:
        imported = import_responses(source, Path(folder), scale=scale)
        yield RecordedSet(imported.folder)


def load(recorded: RecordedSet, n_presample: int) -> tuple[Recording, int]:
    """A set's responses as columns, and how many problems are left out because they have fewer than
    n_presample. Blocks while it grades what has no flag. Raises: ConfigError where none is left.
    """
    with Grader() as grader:
        whole = counted(recorded, grader, Extraction())
    is_in = whole.n >= n_presample
    if not is_in.any():
        raise ConfigError(
            f"No problem of {recorded.about['name']} has {n_presample} recorded responses: take"
            " fewer pre-samples."
        )
    ids = [id for id, wanted in zip(whole.problem_ids, is_in.tolist()) if wanted]
    columns = (whole.n, whole.correct, whole.reward, whole.text)
    return Recording(ids, *(column[is_in] for column in columns)), int((~is_in).sum())


def contenders(names: Sequence[str], mode: Mode | None, recording: Recording) -> list[Contender]:
    """Rules by name with their own options, the baseline first; without names all of
    them, HS-STaR's Boundary first.

    Args:
        mode: None for both signals, or accuracy where the recording has no rewards.

    Raises: ConfigError for an unknown rule, or a mode that reads rewards where there are none.
    """
    chosen = mode or ("both" if recording.has_rewards else "accuracy")
    if chosen != "accuracy" and not recording.has_rewards:
        raise ConfigError(
            f'The mode is "{chosen}", and the recording has no rewards: use accuracy.'
        )
    return [Contender(strategy(name).name, chosen) for name in names or strategies()]


def play_all(
    sources: Sequence[Path],
    choose: Callable[[Recording], Sequence[Contender]],
    per_problem: Sequence[float],
    rules: Rules,
    *,
    scale: Scale | None = None,
    say: Callable[[str], object] = lambda words: None,
) -> list[ArenaRow]:
    """The arena on every recording in turn; problems with too few responses are left out and said.

    Raises: ConfigError, RecordedSetError, ProblemSetError.
    """
    rows: list[ArenaRow] = []
    for source in dict.fromkeys(sources):
        with opened(source, scale) as recorded:
            recording, n_left_out = load(recorded, rules.n_presample)
            n_rejected = recorded.about["n_rejected"]
            name = _unlike(recorded.about["name"], [row.recording for row in rows])
        if n_rejected:
            say(f"{name}: {n_rejected:,} rows cannot be used and are left out")
        if n_left_out:
            say(f"{name}: {n_left_out:,} problems have too few responses and are left out")
        rows += arena(name, recording, choose(recording), per_problem, rules, say=say)
    return rows


def arena(
    name: str,
    recording: Recording,
    contenders: Sequence[Contender],
    per_problem: Sequence[float],
    rules: Rules,
    *,
    n_resamples: int = N_RESAMPLES,
    say: Callable[[str], object] = lambda words: None,
) -> list[ArenaRow]:
    """Every rule at every budget; the first contender is the baseline. Blocks.

    Args:
        per_problem: budgets as responses per problem, pre-samples included.

    Raises: ConfigError.
    """
    rows: list[ArenaRow] = []
    n_problems = len(recording.n)
    contenders = each_once(contenders)
    for each in dict.fromkeys(per_problem):
        budget = round(each * n_problems)
        played = play(recording, contenders, [budget], rules)
        base = played[contenders[0].name, budget]
        for contender in contenders:
            own = played[contender.name, budget]
            against = None if own is base else base
            rows.append(_row(name, contender, each, own, against, n_resamples))
        say(f"{name}: {each:g} responses per problem")
    return rows


def _unlike(name: str, others: Sequence[str]) -> str:
    """The name, with a number behind it where another recording has the same."""
    numbered = (name if n == 1 else f"{name} ({n})" for n in count(1))
    return next(wanted for wanted in numbered if wanted not in others)


def _row(
    name: str,
    contender: Contender,
    per_problem: float,
    played: Played,
    base: Played | None,
    n_resamples: int,
) -> ArenaRow:
    c, n = played.columns, len(played.columns["spent"])

    def total(values: np.ndarray) -> Interval:
        return bootstrap_mean(values, n_resamples=n_resamples).scaled(n)

    def share(values: np.ndarray) -> Interval:
        return bootstrap_ratio(values, c["spent"], n_resamples=n_resamples)

    given = played.by_rate[1].sum() + c["refused"].sum()
    return ArenaRow(
        recording=name,
        rule=contender.name,
        per_problem=per_problem,
        n_problems=n,
        responses=float(c["spent"].sum()),
        pairs=total(c["pairs"]),
        distinct=total(c["distinct"]),
        covered=total(c["covered"]),
        signal=share(c["signal"]),
        all_right=share(c["all_right"]),
        all_wrong=share(c["all_wrong"]),
        not_recorded=float(c["refused"].sum() / given) if given else 0.0,
        ahead=None if base is None else total(c["distinct"] - base.columns["distinct"]),
        curve=_curve(*played.by_rate),
    )


def _curve(rate: np.ndarray, given: np.ndarray) -> tuple[tuple[float, float], ...]:
    """Mean of what was given, by pass rate in N_RATES equal parts."""
    part = np.minimum((rate * N_RATES).astype(np.int64), N_RATES - 1)
    n = np.bincount(part, minlength=N_RATES)
    sums = np.bincount(part, weights=given, minlength=N_RATES)
    rates = np.bincount(part, weights=rate, minlength=N_RATES)
    return tuple((rates[i] / n[i], sums[i] / n[i]) for i in range(N_RATES) if n[i])


def as_table(rows: Sequence[ArenaRow]) -> list[dict[str, str]]:
    """A row per rule and budget, every interval as value [low, high]."""

    def said(interval: Interval | None, digits: int = 0) -> str:
        if interval is None:
            return "–"
        value, low, high = (
            f"{v:,.{digits}f}" for v in (interval.value, interval.low, interval.high)
        )
        return f"{value} [{low}, {high}]"

    return [
        {
            "recording": row.recording,
            "per problem": f"{row.per_problem:g}",
            "rule": row.rule,
            "responses": f"{row.responses:,.0f}",
            "pairs": said(row.pairs),
            "distinct pairs": said(row.distinct),
            "against the first": said(row.ahead),
            "problems covered": said(row.covered),
            "signal": said(row.signal, 4),
            "all right": said(row.all_right, 3),
            "all wrong": said(row.all_wrong, 3),
            "not recorded": f"{row.not_recorded:.1%}" + (" (!)" if row.is_marked else ""),
        }
        for row in rows
    ]
