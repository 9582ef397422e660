"""Plans: what the thresholds and a strategy would bind, the commit that binds it, and the rounds
that follow it.

Each command is one transaction, seconds at most, and knows the store but no model.
"""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.config import RunConfig
from engine.errors import ConfigError, EngineError, StoreConflict
from engine.method.budget import remaining_budget
from engine.method.difficulty import classify
from engine.method.planning import cap_plan, plan_resample, round_budget
from engine.method.seeds import stable_hash
from engine.method.strategies import Presampled, options_of
from engine.recorded.replay import open_set
from engine.store import Database, commit_reads, now, reads, side_reads
from engine.store.reads import Estimates
from engine.study import runs
from engine.types import Mode, Plan


class AlreadyCommitted(EngineError):
    """Another tab or process committed this iteration first; its plan stands."""


def plan(
    db: Database,
    run_id: str,
    iteration: int,
    *,
    tau_l: float,
    tau_h: float,
    mode: Mode,
    strategy: str,
    options: Mapping[str, Any] | None = None,
    known: Estimates | None = None,
) -> Plan:
    """What committing these thresholds would bind, computed from the stored pre-samples.

    Args:
        options: the strategy's own; None for the configuration's where it names this strategy, else
            the defaults.
        known: the iteration's estimates where the caller has read them; None reads them.

    Raises: ConfigError.
    """
    config = runs.config_of(db, run_id)
    if config.reward.family == "none" and mode != "accuracy":
        raise ConfigError(
            f'difficulty.mode is "{mode}", and this run has no process reward: use accuracy.'
        )
    e = known or reads.estimates(db, run_id, iteration)
    classes = classify(e.n_correct, e.n, e.phi_r, tau_l=tau_l, tau_h=tau_h, mode=mode)
    seen = view(db, config, run_id, iteration, e, classes, strategy=strategy, options=options)
    return _as_recorded(
        db, config, run_id, iteration, plan_resample(seen, strategy, n_pending=e.n_pending)
    )


def view(
    db: Database,
    config: RunConfig,
    run_id: str,
    iteration: int,
    e: Estimates,
    classes: np.ndarray,
    *,
    strategy: str,
    options: Mapping[str, Any] | None = None,
) -> Presampled:
    """What a strategy is shown for its first round.

    Raises: ConfigError where the iteration's side samples used the budget up.
    """
    options = resolved_options(config, strategy, options)
    first_n_correct, first_n = _first_counts(db, config, run_id, e)
    budget = budget_left(db, config, run_id, iteration, len(e.problem_ids) + e.n_pending)
    return Presampled(
        problem_ids=e.problem_ids.tolist(),
        n_correct=e.n_correct,
        n=e.n,
        phi_r=e.phi_r,
        difficulty=classes,
        first_n_correct=first_n_correct,
        first_n=first_n,
        n_given=np.zeros(len(classes), dtype=np.int64),
        budget=round_budget(budget, options.get("n_rounds", 1)),
        budget_left=budget,
        seed=_seed(config, iteration, 0),
        options=options,
    )


def resolved_options(
    config: RunConfig, strategy: str, options: Mapping[str, Any] | None
) -> dict[str, Any]:
    """A strategy's options, every one with a value. Raises: ConfigError."""
    is_configured = options is None and strategy == config.difficulty.strategy
    return options_of(strategy, config.difficulty.options if is_configured else options)


def budget_left(
    db: Database, config: RunConfig, run_id: str, iteration: int, n_problems: int
) -> int:
    """R: what pre-samples and side samples leave of N n. Raises: ConfigError if that is less than
    nothing.
    """
    side = sum(side_reads.side_counts(db, run_id, iteration).values())
    budget = remaining_budget(n_problems, config.sampling.n, config.sampling.n_presample) - side
    if budget < 0:
        raise ConfigError(
            f"Tuning and calibration took {side} responses of iteration {iteration}, {-budget} more"
            " than pre-sampling leaves. Tune or calibrate on fewer problems, or raise sampling.n."
        )
    return budget


def commit(
    db: Database,
    run_id: str,
    iteration: int,
    *,
    tau_l: float,
    tau_h: float,
    mode: Mode,
    strategy: str,
    made_by: str,
    options: Mapping[str, Any] | None = None,
) -> Plan:
    """Bind a plan. It never changes again; another plan on the same pre-samples is a fork.

    Args:
        made_by: a tab's id, or "cli".

    Raises:
        AlreadyCommitted: somebody was first.
        ConfigError: thresholds that cannot be used, or pre-samples that are not all drawn and
            judged yet.
    """
    existing = commit_reads.commit(db, run_id, iteration)
    if existing:
        raise AlreadyCommitted(_winner(existing))
    if not runs.progress(db, run_id, iteration)["presampled"]:
        raise ConfigError(
            "The pre-samples are not all drawn, graded and scored yet. Wait for the job, or"
            " resume it."
        )
    config = runs.config_of(db, run_id)
    options = resolved_options(config, strategy, options)
    bound = plan(
        db,
        run_id,
        iteration,
        tau_l=tau_l,
        tau_h=tau_h,
        mode=mode,
        strategy=strategy,
        options=options,
    )
    values = {
        "run_id": run_id,
        "iteration": iteration,
        "tau_l": tau_l,
        "tau_h": tau_h,
        "mode": mode,
        "strategy": strategy,
        "seed": _seed(config, iteration, 0),
        "n_unspent": bound.n_unspent,
        "n_pending": bound.n_pending,
        "made_by": made_by,
        "made_at": now(),
        "options": json.dumps(options),
        "n_later": bound.n_later,
    }
    try:
        with db.transaction() as cursor:
            names = ", ".join(values)
            cursor.execute(
                f"INSERT INTO commits ({names}) VALUES ({', '.join('?' * len(values))})",
                list(values.values()),
            )
            _insert_allocation(db, run_id, iteration, bound)
            _insert_round(db, run_id, iteration, 0, sum(bound.allocation.values()))
    except StoreConflict:
        raise AlreadyCommitted(_winner(commit_reads.commit(db, run_id, iteration))) from None
    return bound


def next_round(db: Database, run_id: str, iteration: int) -> bool:
    """Decide the next round of a commit from every response judged so far; False if all rounds are
    decided.

    The earlier rounds must be drawn and judged completely: the decision depends on all of them and
    on nothing else.
    """
    bound, config = commit_reads.commit(db, run_id, iteration), runs.config_of(db, run_id)
    number, options = commit_reads.n_rounds(db, run_id, iteration), json.loads(bound["options"])
    n_rounds = options.get("n_rounds", 1)
    if number >= n_rounds or not bound["n_later"]:
        return False
    seen = _later_view(db, config, run_id, iteration, bound, number, n_rounds, options)
    decided = _as_recorded(db, config, run_id, iteration, plan_resample(seen, bound["strategy"]))
    with db.transaction() as cursor:
        _insert_round(db, run_id, iteration, number, sum(decided.allocation.values()))
        cursor.execute(
            """UPDATE allocations SET n_more = n_more + more.n FROM (SELECT unnest(?::VARCHAR[]) AS
                    id, unnest(?::INTEGER[]) AS n) more
            WHERE run_id = ? AND iteration = ? AND problem_id = more.id""",
            [list(decided.allocation), list(decided.allocation.values()), run_id, iteration],
        )
        cursor.execute(
            "UPDATE commits SET n_later = ?, n_unspent = n_unspent + ? WHERE run_id = ? AND"
            " iteration = ?",
            [decided.n_later, decided.n_unspent, run_id, iteration],
        )
    return True


def _later_view(
    db: Database,
    config: RunConfig,
    run_id: str,
    iteration: int,
    bound: dict,
    number: int,
    n_rounds: int,
    options: dict,
) -> Presampled:
    counts, given = (
        commit_reads.pool_counts(db, run_id, iteration),
        commit_reads.allocation(db, run_id, iteration),
    )
    e = reads.estimates(db, run_id, iteration)
    rewards = dict(zip(e.problem_ids.tolist(), e.phi_r.tolist()))
    first_n_correct, first_n = _first_counts(db, config, run_id, e)
    first = dict(zip(e.problem_ids.tolist(), zip(first_n_correct.tolist(), first_n.tolist())))
    ids = [row["problem_id"] for row in given]
    return Presampled(
        problem_ids=ids,
        n_correct=np.asarray(counts["n_correct"]),
        n=np.asarray(counts["n"]),
        phi_r=np.array([rewards[id] for id in ids]),
        difficulty=np.array([row["difficulty"] for row in given], dtype=np.int8),
        first_n_correct=np.array([first[id][0] for id in ids]),
        first_n=np.array([first[id][1] for id in ids]),
        n_given=np.array([row["n_more"] for row in given]),
        budget=round_budget(bound["n_later"], n_rounds - number),
        budget_left=bound["n_later"],
        seed=_seed(config, iteration, number),
        options=options,
    )


def _first_counts(
    db: Database, config: RunConfig, run_id: str, e: Estimates
) -> tuple[np.ndarray, np.ndarray]:
    """(n_correct, n) of M_0's pre-samples where every iteration uses the same problems, else of
    this iteration's.
    """
    if config.problems.per_iteration != "fixed":
        return e.n_correct, e.n
    first = reads.estimates(db, run_id, 0)
    counts = dict(zip(first.problem_ids.tolist(), zip(first.n_correct.tolist(), first.n.tolist())))
    pairs = [
        counts.get(id, (k, n))
        for id, k, n in zip(e.problem_ids.tolist(), e.n_correct.tolist(), e.n.tolist())
    ]
    n_correct, n = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return n_correct, n


def _as_recorded(
    db: Database, config: RunConfig, run_id: str, iteration: int, planned: Plan
) -> Plan:
    """The plan, cut to what is recorded where responses are replayed."""
    if not config.is_recorded:
        return planned
    n_recorded = open_set(
        reads.policy_path(db, reads.iteration(db, run_id, iteration)["policy_id"])
    ).counts()
    used = {
        row["problem_id"]: row["n_more"] + config.sampling.n_presample
        for row in commit_reads.allocation(db, run_id, iteration)
    }
    return cap_plan(
        planned,
        {
            id: n_recorded[id] - used.get(id, config.sampling.n_presample)
            for id in planned.allocation
        },
    )


def _insert_allocation(db: Database, run_id: str, iteration: int, bound: Plan) -> None:
    n = len(bound.difficulty)
    db.insert(
        "allocations",
        {
            "run_id": [run_id] * n,
            "iteration": [iteration] * n,
            "problem_id": list(bound.difficulty),
            "difficulty": [int(d) for d in bound.difficulty.values()],
            "n_more": [bound.allocation.get(id, 0) for id in bound.difficulty],
            "in_pool": [id in bound.pool for id in bound.difficulty],
        },
    )


def _insert_round(db: Database, run_id: str, iteration: int, number: int, n_allocated: int) -> None:
    db.cursor().execute(
        "INSERT INTO rounds VALUES (?, ?, ?, ?, ?)", [run_id, iteration, number, n_allocated, now()]
    )


def _seed(config: RunConfig, iteration: int, number: int) -> int:
    return stable_hash(config.seed, "allocate", iteration, *([number] if number else []))


def _winner(row: dict) -> str:
    return (
        f"This iteration was committed by {row['made_by']} at {row['made_at']:%H:%M:%S} UTC with"
        f" tau_l {row['tau_l']:.3f} and tau_h {row['tau_h']:.3f}. That plan stands; to try another"
        " one, fork the run."
    )
