"""A run as figures: what `engine run --json` prints and the Compare page shows."""

from dataclasses import asdict
from typing import Any

from engine import store
from engine.config.backends import draws_itself
from engine.figures.evaluation import Evaluation, evaluations, gain
from engine.store import Database
from engine.store.commits import Commit
from engine.study.handle import Iteration
from engine.study.plan_groups import last_settings, n_given, n_planned
from engine.types import Difficulty, JobKind


def summarise(db: Database, run_id: str) -> dict[str, Any]:
    """{"iterations": [...]}: per iteration the problems, budget, classes, pairs, training,
    evaluations and seconds.
    """
    evaluated = {e.number: e for e in evaluations(db, run_id)}
    return {"iterations": figures_of_all(db, run_id, evaluated)}


def figures_of_all(
    db: Database, run_id: str, evaluated: dict[int, Evaluation]
) -> list[dict[str, Any]]:
    """Those of every iteration. evaluated: see figures_of."""
    rows = store.runs.iterations(db, run_id)
    return [figures_of(Iteration(db, run_id, row.number), evaluated) for row in rows]


def class_counts_of_commit(it: Iteration) -> dict[str, int]:
    """Problems per class as committed."""
    rows = store.commits.given_counts(it)
    return {d.name.lower(): sum(row.n for row in rows if row.difficulty == d) for d in Difficulty}


def figures_of(it: Iteration, evaluated: dict[int, Evaluation]) -> dict[str, Any]:
    """One iteration's.

    Args:
        evaluated: complete evaluations by the t of M_t.
    """
    commit, pairs = store.commits.find(it), store.pairs.find_set(it)
    before, after = evaluated.get(it.number), evaluated.get(it.number + 1)
    return {
        "iteration": it.number,
        "n_problems": it.config.problems.n_train,
        "budget": _budget(it, commit),
        "classes": class_counts_of_commit(it) if commit else None,
        "n_pending": commit.n_pending if commit else None,
        "n_pairs": pairs.n_pairs if pairs else None,
        "n_foregone": pairs.n_foregone if pairs else None,
        "dpo": _dpo(it),
        "eval": {"before": before and _evaluation(before), "after": after and _evaluation(after)},
        "gain": asdict(gain(before, after)) if before and after else None,
        "policy": {"before": it.row.policy_id, "after": store.runs.next_policy(it)},
        "seconds": _seconds(it),
    }


def _budget(it: Iteration, commit: Commit | None) -> dict[str, int | None]:
    side, drawn = store.side_samples.counts(it), store.draws.counts(it)
    no_step = 0
    if commit and draws_itself(it.config.training.method):
        no_step = n_given(it) - n_planned(it, last_settings(it))
    return {
        "total": it.config.problems.n_train * it.config.sampling.n,
        "presampled": store.samples.n_judged(it, it.row.presample_set, None),
        "resampled": store.samples.n_judged(it, it.row.resample_set, None),
        "reused": store.resamples.n_reused(it),
        "drawn": drawn.n,
        "discarded": drawn.n_discarded,
        "tuned": side["tune"],
        "calibrated": side["calibrate"],
        "unspent": commit.n_unspent + no_step if commit else None,
    }


def _dpo(it: Iteration) -> dict[str, Any] | None:
    """Ends of the training's curves; the margins are None for SFT, which has none."""
    kind = JobKind.TRAIN
    job = store.jobs.latest(it, kind, done=True) or store.jobs.latest(it, kind)
    if job is None:
        return None
    columns = store.metrics.of_job(it.db, job.id)
    curves: dict[str, list[float]] = {}
    for name, value in zip(columns["name"].tolist(), columns["value"].tolist()):
        curves.setdefault(name, []).append(value)
    if "loss" not in curves:
        return None
    loss, margin = curves["loss"], curves.get("rewards/margins", [None])
    return {
        "n_steps": len(loss),
        "first_loss": loss[0],
        "first_margin": margin[0],
        "last_loss": loss[-1],
        "last_margin": margin[-1],
    }


def _evaluation(e: Evaluation) -> dict[str, Any]:
    """greedy and mean are accuracies; n is the number of sampled responses per problem that mean is
    over.
    """
    greedy, mean = e.greedy_interval(), e.mean_interval()
    levels = {
        level: {
            "greedy": asdict(e.greedy_interval(rows)),
            "mean": asdict(e.mean_interval(rows)),
            "n_problems": int(rows.sum()),
        }
        for level in sorted(set(e.levels.tolist()))
        if level and (rows := e.levels == level).any()
    }
    return {
        "greedy": greedy.value,
        "mean": mean.value,
        "n": e.n,
        "n_problems": len(e.problem_ids),
        "greedy_interval": [greedy.low, greedy.high],
        "mean_interval": [mean.low, mean.high],
        "levels": levels,
    }


def _seconds(it: Iteration) -> dict[str, float]:
    seconds: dict[str, float] = {}
    for job in store.jobs.of_run(it.db, it.run_id, it.number):
        is_evaluation = job.kind is JobKind.EVALUATE
        name = f"{job.kind}_{job.params['policy']}" if is_evaluation else str(job.kind)
        seconds[name] = round(seconds.get(name, 0.0) + job.busy_s, 2)
    return seconds
