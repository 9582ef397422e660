"""A run's figures as drawings: accuracy over policies, difficulty of the problems, curves of a
training, classes over iterations.
"""

import numpy as np

from engine import store
from engine.errors import ConfigError
from engine.figures.comparison import Comparison, accuracy_series, compare
from engine.figures.drawing import Axis, Drawing, Series, draw
from engine.figures.measure import measure
from engine.figures.summary import class_counts_of_commit
from engine.method.difficulty import classify
from engine.study.handle import Iteration
from engine.types import Choice, Difficulty, JobKind

MEASURES = {"mean": "mean of n samples", "greedy": "greedy"}
PLOTS = ("accuracy", "difficulty", "training", "classes")
"""What picture() draws."""


def picture(it: Iteration, what: str, choice: Choice | None = None) -> Drawing:
    """One of PLOTS, of an iteration or of its run.

    Args:
        choice: with difficulty, the classes that the problems are coloured by; None leaves them
            uncoloured.

    Raises: ConfigError for another name, or where there is nothing to draw yet.
    """
    if what == "accuracy":
        return accuracy(compare([measure(it.db, it.run_id)]))
    if what == "difficulty":
        return difficulty(it, choice)
    if what == "training":
        return training(it)
    if what == "classes":
        return classes(it)
    raise ConfigError(f"{what!r} is no plot: it must be one of {', '.join(PLOTS)}.")


def accuracy(comparison: Comparison, measure: str = "mean") -> Drawing:
    """Held-out accuracy over policies with 95 % intervals, a line per run or per group of seeds.

    Raises: ConfigError where no policy is evaluated.
    """
    series = [
        Series(name, [(t, value) for t, value, *_ in points], [(a, b) for *_, a, b in points])
        for name, points in accuracy_series(comparison, measure).items()
    ]
    if not series:
        raise ConfigError("No policy is evaluated yet: there is no accuracy to draw.")
    last = max(t for one in series for t, _ in one.points)
    return draw(
        series,
        title=f"Held-out accuracy, {MEASURES[measure]}",
        x=Axis("policy", (-0.25, last + 0.25), lambda t: f"M{t:.0f}", step=1),
        y=Axis("accuracy", as_text="{:.0%}".format),
    )


def difficulty(it: Iteration, choice: Choice | None = None) -> Drawing:
    """Every problem by its pass rate and process reward; without rewards by the rate alone.

    Raises: ConfigError before any problem's pre-samples are judged.
    """
    e = store.samples.estimates(it)
    if not len(e.n):
        raise ConfigError(f"No problem of iteration {it.number} has all its pre-samples judged.")
    rate = e.n_correct / e.n
    across = np.arange(len(rate), dtype=float) if np.isnan(e.phi_r).any() else e.phi_r
    title = "process reward" if across is e.phi_r else "problem"
    groups = {"problems": np.full(len(rate), True)}
    if choice:
        given = classify(
            e.n_correct, e.n, e.phi_r, tau_l=choice.tau_l, tau_h=choice.tau_h, mode=choice.mode
        )
        groups = {d.name.capitalize(): given == d for d in Difficulty}
    series = [
        Series(f"{name} ({rows.sum():,})", list(zip(across[rows].tolist(), rate[rows].tolist())))
        for name, rows in groups.items()
    ]
    return draw(
        series,
        title=f"Difficulty, iteration {it.number}",
        x=Axis(title),
        y=Axis("pass rate of the pre-samples", (-0.05, 1.05), "{:.0%}".format),
        as_dots=True,
    )


def training(it: Iteration, name: str = "loss") -> Drawing:
    """A metric of the iteration's latest training over its optimiser steps. Raises: ConfigError
    where it logged none.
    """
    job = store.jobs.latest(it, JobKind.TRAIN)
    columns = store.metrics.of_job(it.db, job.id) if job else {"name": np.array([])}
    rows = columns["name"] == name
    if not rows.any():
        raise ConfigError(f"No training of iteration {it.number} has logged {name!r}.")
    points = list(zip(columns["step"][rows].tolist(), columns["value"][rows].tolist()))
    return draw(
        [Series(name, points)],
        title=f"Training of iteration {it.number}: {name}",
        x=Axis("step"),
        y=Axis(name),
    )


def classes(it: Iteration) -> Drawing:
    """Shares of the classes over the committed iterations. Raises: ConfigError before the first
    commit.
    """
    places = [it.at(row.number) for row in store.runs.iterations(it.db, it.run_id)]
    counts = {p.number: class_counts_of_commit(p) for p in places if store.commits.find(p)}
    if not counts:
        raise ConfigError("Nothing is committed yet: there are no classes to draw.")
    series = [
        Series(
            d.name.capitalize(),
            [(t, c[d.name.lower()] / max(sum(c.values()), 1)) for t, c in counts.items()],
        )
        for d in Difficulty
    ]
    return draw(
        series,
        title="Training problems by class",
        x=Axis("iteration", (-0.25, max(counts) + 0.25), step=1),
        y=Axis("share of problems", (0, 1), "{:.0%}".format),
    )
