"""A comparison as tables of text: for a terminal, a page and a report."""

from collections.abc import Mapping

from engine.figures.comparison import Comparison, Group, Paired
from engine.figures.measure import UNITS, Compared
from engine.method.intervals import Interval

CLASSES = "Levels and classes"
NOTES = {
    CLASSES: (
        "A held-out problem's class follows from M0's own sampled responses, the same that its gain"
        " is measured from. So the gain of a class holds regression to the mean: the luckiest"
        " problems (Inlier) lose and the unluckiest (Outlier) gain, even without any training."
        " Compare a class between runs, not with zero."
    )
}
"""What has to be known to read a table, by its title; it stands beneath it."""


def as_text(comparison: Comparison) -> str:
    """What differs in the budgets, then every table that has rows, with what one has to know to
    read it.
    """
    said = "\n".join(comparison.differences) or ("Same budget." if len(comparison.runs) > 1 else "")
    parts = [
        part
        for title, rows in tables(comparison).items()
        if rows
        for part in (table(rows), NOTES.get(title, ""))
    ]
    return "\n\n".join(part for part in (said, *parts) if part)


def tables(comparison: Comparison) -> dict[str, list[dict[str, str]]]:
    """Rows by title: budgets, accuracy by policy, what 1,000 of each unit gave, levels and classes,
    seeds, and pairs of groups.
    """
    names = {group.id: group.name for group in comparison.groups}
    several = [g for g in comparison.groups if any(len(a.seeds) > 1 for a in g.accuracy)]
    return {
        "Budget": [row for run in comparison.runs for row in _budget(run, names)],
        "Accuracy": [row for run in comparison.runs for row in _accuracy(run)],
        "Per 1,000": [_per_1000(run) for run in comparison.runs],
        CLASSES: [row for run in comparison.runs for row in _parts(run)],
        "Over seeds": [row for g in several for row in _seeds(g)],
        "Paired between groups": [_paired(p, names) for p in comparison.paired],
    }


def table(rows: list[dict[str, str]]) -> str:
    """Rows in columns as wide as their widest cell; "" without rows."""
    if not rows:
        return ""
    widths = {name: max(len(name), *(len(row[name]) for row in rows)) for name in rows[0]}
    lines = [{name: name for name in widths}, *rows]
    return "\n".join(
        "  ".join(line[name].ljust(width) for name, width in widths.items()).rstrip()
        for line in lines
    )


def points(interval: Interval | None) -> str:
    """A difference of two accuracies, in points: +6.8 [+4.3, +9.4]; – for None."""
    return (
        "–"
        if interval is None
        else f"{100 * interval.value:+.1f} [{100 * interval.low:+.1f}, {100 * interval.high:+.1f}]"
    )


def share(interval: Interval | None) -> str:
    """An accuracy in per cent: 49.6 [46.0, 53.1]; – for None."""
    return (
        "–"
        if interval is None
        else f"{100 * interval.value:.1f} [{100 * interval.low:.1f}, {100 * interval.high:.1f}]"
    )


def _count(n: float | None) -> str:
    return "–" if n is None else f"{n:,.0f}"


def _budget(run: Compared, names: Mapping[str, str]) -> list[dict[str, str]]:
    d = run.done
    return [
        {
            "run": run.label,
            "seed": str(run.seed),
            "group": names[run.group],
            "strategy": d.strategy,
            "mode": d.mode,
            "training": d.training,
            "problems": d.problems,
            "iteration": str(s.iteration),
            "presampled": _count(s.presampled),
            "resampled": _count(s.resampled),
            "of them reused": _count(s.reused),
            "drawn in training": _count(s.drawn),
            "of them discarded": _count(s.discarded),
            "tuned": _count(s.tuned),
            "calibrated": _count(s.calibrated),
            "unspent": _count(s.unspent),
            "total": _count(s.total),
            "pairs": _count(s.n_pairs),
            "tokens": _count(s.n_tokens),
            "seconds": _count(s.seconds),
        }
        for s in run.spent
    ]


def _accuracy(run: Compared) -> list[dict[str, str]]:
    return [
        {
            "run": run.label,
            "policy": f"M{a.number}",
            "problems": _count(a.n_problems),
            "greedy %": share(a.greedy),
            "n": str(a.n),
            "mean of n %": share(a.mean),
            "gain over M0": points(a.gain),
        }
        for a in run.accuracy
    ]


def _per_1000(run: Compared) -> dict[str, str]:
    pairs = {
        f"pairs / 1,000 {unit}": "–"
        if run.pairs_per_1000[unit] is None
        else f"{run.pairs_per_1000[unit]:.2f}"
        for unit in UNITS
    }
    gains = {f"points / 1,000 {unit}": _small(run.gain_per_1000[unit]) for unit in UNITS}
    return {"run": run.label, **pairs, **gains}


def _small(interval: Interval | None) -> str:
    """Points with three significant digits: a gain per 1,000 tokens is small."""
    return (
        "–"
        if interval is None
        else f"{100 * interval.value:+.3g} [{100 * interval.low:+.3g}, {100 * interval.high:+.3g}]"
    )


def _parts(run: Compared) -> list[dict[str, str]]:
    return [
        {
            "run": run.label,
            "part": f"{kind} {name}",
            "responses": _count(part.n_responses),
            "pairs": _count(part.n_pairs),
            "pairs / 1,000": "–" if part.pairs_per_1000 is None else f"{part.pairs_per_1000:.1f}",
            "gain over M0": points(part.gain),
        }
        for kind, parts in (("level", run.levels), ("class", run.classes))
        for name, part in parts.items()
    ]


def _seeds(group: Group) -> list[dict[str, str]]:
    return [
        {
            "group": group.name,
            "strategy": group.done.strategy,
            "policy": f"M{a.number}",
            "seeds": str(len(a.seeds)),
            "greedy %": share(a.greedy_interval),
            "mean of n %": share(a.mean_interval),
        }
        for a in group.accuracy
    ]


def _paired(p: Paired, names: Mapping[str, str]) -> dict[str, str]:
    return {
        "groups": f"{names[p.second]} − {names[p.first]}",
        "policy": f"M{p.number}",
        "seeds": str(len(p.seeds)),
        "problems": _count(p.n_problems),
        "paired difference in points": points(p.difference),
    }
