"""A run as figures: what `engine run --json` prints and the Compare page shows."""

from engine.figures.evaluation import Evaluation, evaluations, gain
from engine.method.intervals import Interval
from engine.store import Database, commit_reads, job_rows, reads, side_reads
from engine.study.runs import config_of
from engine.types import Difficulty


def summarise(db: Database, run_id: str) -> dict:
    """{"iterations": [...]}: per iteration the problems, budget, classes, pairs, training,
    evaluations and seconds.
    """
    evaluated = {e.number: e for e in evaluations(db, run_id)}
    return {
        "iterations": [
            _iteration(db, run_id, row, evaluated) for row in reads.iterations(db, run_id)
        ]
    }


def class_counts_of_commit(db: Database, run_id: str, number: int) -> dict[str, int]:
    """Problems per class as committed."""
    rows = commit_reads.given_counts(db, run_id, number)
    return {
        d.name.lower(): sum(row["n"] for row in rows if row["difficulty"] == d) for d in Difficulty
    }


def _iteration(db: Database, run_id: str, row: dict, evaluated: dict[int, Evaluation]) -> dict:
    config, t = config_of(db, run_id), row["iteration"]
    bound, pairs = commit_reads.commit(db, run_id, t), commit_reads.pair_set(db, run_id, t)
    n_problems = config.problems.n_train
    before, after, side = (
        evaluated.get(t),
        evaluated.get(t + 1),
        side_reads.side_counts(db, run_id, t),
    )
    return {
        "iteration": t,
        "n_problems": n_problems,
        "budget": {
            "total": n_problems * config.sampling.n,
            "presampled": reads.n_judged(db, row["presample_set"], "train", run_id, t, None),
            "resampled": reads.n_judged(db, row["resample_set"], "train", run_id, t, None),
            "tuned": side["tune"],
            "calibrated": side["calibrate"],
            "unspent": bound["n_unspent"] if bound else None,
        },
        "classes": class_counts_of_commit(db, run_id, t) if bound else None,
        "n_pending": bound["n_pending"] if bound else None,
        "n_pairs": pairs["n_pairs"] if pairs else None,
        "n_foregone": pairs["n_foregone"] if pairs else None,
        "dpo": _dpo(db, run_id, t),
        "eval": {"before": before and _evaluation(before), "after": after and _evaluation(after)},
        "gain": _ends(gain(before, after)) if before and after else None,
        "policy": {"before": row["policy_id"], "after": reads.next_policy(db, run_id, t)},
        "seconds": _seconds(db, run_id, t),
    }


def _dpo(db: Database, run_id: str, t: int) -> dict | None:
    """Ends of the training's curves; the margins are None for SFT, which has none."""
    job = job_rows.latest(db, run_id, t, "train", done=True) or job_rows.latest(
        db, run_id, t, "train"
    )
    if job is None:
        return None
    columns = job_rows.metrics(db, job["id"])
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


def _evaluation(e: Evaluation) -> dict:
    """greedy and mean are accuracies; n is the number of sampled responses per problem that mean is
    over.
    """
    greedy, mean = e.greedy_interval(), e.mean_interval()
    levels = {
        level: {
            "greedy": _ends(e.greedy_interval(rows)),
            "mean": _ends(e.mean_interval(rows)),
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


def _ends(interval: Interval) -> dict:
    return {"value": interval.value, "low": interval.low, "high": interval.high}


def _seconds(db: Database, run_id: str, t: int) -> dict[str, float]:
    seconds: dict[str, float] = {}
    for job in job_rows.of_run(db, run_id, t):
        name = "_".join(
            [job["kind"], *([job["params"]["policy"]] if job["kind"] == "evaluate" else [])]
        )
        seconds[name] = round(seconds.get(name, 0.0) + job["busy_s"], 2)
    return seconds
