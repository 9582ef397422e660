"""Plans: what a choice would bind, the commit that binds it, and the rounds that follow it.

There is one plan: the page, the dialog, the commit and the export ask the same function.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from engine import store
from engine.config import RunConfig, require_in_range
from engine.config.backends import draws_itself
from engine.errors import ConfigError, EngineError, StoreConflict
from engine.method.budget import remaining_budget
from engine.method.difficulty import classify
from engine.method.planning import cap_plan, plan_resample, round_budget
from engine.method.seeds import stable_hash
from engine.method.strategies import Presampled, options_of
from engine.method.strategies import strategy as strategy_named
from engine.recorded.replay import open_set
from engine.store import now
from engine.store.commits import Commit
from engine.store.samples import Estimates
from engine.study import decisions
from engine.study.handle import Iteration
from engine.study.progress import progress
from engine.types import Choice, Plan


class AlreadyCommitted(EngineError):
    """Another tab or process committed this iteration first; its plan stands."""


def plan(it: Iteration, choice: Choice, *, known: Estimates | None = None) -> Plan:
    """What committing a choice would bind, computed from the stored pre-samples.

    Args:
        known: the iteration's estimates where the caller has read them; None reads them.

    Raises: ConfigError.
    """
    if not it.config.has_rewards and choice.mode != "accuracy":
        raise ConfigError(
            f'difficulty.mode is "{choice.mode}", and this run has no process reward: use accuracy.'
        )
    e = known or store.samples.estimates(it)
    seen = view(it, e, classes(it, e, choice), strategy=choice.strategy, options=choice.options)
    return _as_recorded(it, plan_resample(seen, choice.strategy, n_pending=e.n_pending))


def classes(it: Iteration, e: Estimates, choice: Choice) -> np.ndarray:
    """The class of every problem under a choice and what a person decided, int8, shape (P,).
    Raises: ConfigError for thresholds that cannot be used.
    """
    require_in_range(it.config, choice.tau_l, choice.tau_h)
    estimated = classify(
        e.n_correct, e.n, e.phi_r, tau_l=choice.tau_l, tau_h=choice.tau_h, mode=choice.mode
    )
    return decisions.forced(it, e.problem_ids, estimated)


def view(
    it: Iteration,
    e: Estimates,
    difficulty: np.ndarray,
    *,
    strategy: str,
    options: Mapping[str, Any] | None = None,
) -> Presampled:
    """What a strategy is shown for its first round.

    Args:
        difficulty: the class of every problem.

    Raises: ConfigError where the iteration's side samples used the budget up.
    """
    options = resolved_options(it.config, strategy, options)
    first_n_correct, first_n = _first_counts(it, e)
    budget = budget_left(it, len(e.problem_ids) + e.n_pending)
    return Presampled(
        problem_ids=e.problem_ids.tolist(),
        n_correct=e.n_correct,
        n=e.n,
        phi_r=e.phi_r,
        difficulty=difficulty,
        first_n_correct=first_n_correct,
        first_n=first_n,
        n_given=np.zeros(len(difficulty), dtype=np.int64),
        budget=round_budget(budget, options.get("n_rounds", 1)),
        budget_left=budget,
        seed=_seed(it, 0),
        options=options,
        excluded=decisions.excluded(it),
        **_texts(it, strategy, e.problem_ids.tolist(), with_resamples=False),
    )


def resolved_options(
    config: RunConfig, strategy: str, options: Mapping[str, Any] | None
) -> dict[str, Any]:
    """A strategy's options, every one with a value. Raises: ConfigError."""
    is_configured = options is None and strategy == config.difficulty.strategy
    chosen = options_of(strategy, config.difficulty.options if is_configured else options)
    if draws_itself(config.training.method) and (n := chosen.get("n_rounds", 1)) != 1:
        raise ConfigError(
            f"difficulty.options.n_rounds is {n}: it must be 1, because training.method is"
            f" {config.training.method}, which draws the whole plan while it trains."
        )
    return chosen


def budget_left(it: Iteration, n_problems: int) -> int:
    """R: what pre-samples and side samples leave of N n.

    Raises: ConfigError if that is less than nothing.
    """
    s, side = it.config.sampling, sum(store.side_samples.counts(it).values())
    budget = remaining_budget(n_problems, s.n, s.n_presample) - side
    if budget < 0:
        raise ConfigError(
            f"Tuning and calibration took {side} responses of iteration {it.number}, {-budget} more"
            " than pre-sampling leaves. Tune or calibrate on fewer problems, or raise sampling.n."
        )
    return budget


def commit(it: Iteration, choice: Choice, *, made_by: str) -> Plan:
    """Bind a plan. It never changes again; another plan on the same pre-samples is a fork.

    Args:
        made_by: a tab's id, or "cli".

    Raises:
        AlreadyCommitted: somebody was first.
        ConfigError: thresholds that cannot be used, or pre-samples that are not all drawn and
            judged yet.
    """
    if existing := store.commits.find(it):
        raise AlreadyCommitted(_winner(existing))
    if not progress(it).presampled:
        raise ConfigError(
            "The pre-samples are not all drawn, graded and scored yet. Wait for the job, or"
            " resume it."
        )
    options = resolved_options(it.config, choice.strategy, choice.options)
    final_plan = plan(it, replace(choice, options=options))
    row = Commit(
        run_id=it.run_id,
        number=it.number,
        tau_l=choice.tau_l,
        tau_h=choice.tau_h,
        mode=choice.mode,
        strategy=choice.strategy,
        options=options,
        seed=_seed(it, 0),
        n_unspent=final_plan.n_unspent,
        n_later=final_plan.n_later,
        n_pending=final_plan.n_pending,
        made_by=made_by,
        made_at=now(),
    )
    try:
        store.commits.add(it, row, final_plan)
    except StoreConflict:
        raise AlreadyCommitted(_winner(store.commits.get(it))) from None
    return final_plan


def next_round(it: Iteration) -> bool:
    """Decide the next round of a commit from every response judged so far; False if all rounds are
    decided.

    The earlier rounds must be drawn and judged completely: the decision depends on all of them and
    on nothing else.
    """
    commit_row, round_number = store.commits.get(it), store.commits.n_rounds(it)
    if round_number >= commit_row.options.get("n_rounds", 1) or not commit_row.n_later:
        return False
    seen = _later_view(it, commit_row, round_number)
    decided = _as_recorded(it, plan_resample(seen, commit_row.strategy))
    store.commits.add_round(it, round_number, decided)
    return True


def _later_view(it: Iteration, commit_row: Commit, round_number: int) -> Presampled:
    counts, given = store.commits.pool_counts(it), store.commits.allocation(it)
    e = store.samples.estimates(it)
    rewards = dict(zip(e.problem_ids.tolist(), e.phi_r.tolist()))
    first_n_correct, first_n = _first_counts(it, e)
    first = dict(zip(e.problem_ids.tolist(), zip(first_n_correct.tolist(), first_n.tolist())))
    ids = [row.problem_id for row in given]
    n_rounds_left = commit_row.options.get("n_rounds", 1) - round_number
    return Presampled(
        problem_ids=ids,
        n_correct=np.asarray(counts["n_correct"]),
        n=np.asarray(counts["n"]),
        phi_r=np.array([rewards[id] for id in ids]),
        difficulty=np.array([row.difficulty for row in given], dtype=np.int8),
        first_n_correct=np.array([first[id][0] for id in ids]),
        first_n=np.array([first[id][1] for id in ids]),
        n_given=np.array([row.n_more for row in given]),
        budget=round_budget(commit_row.n_later, n_rounds_left),
        budget_left=commit_row.n_later,
        seed=_seed(it, round_number),
        options={**strategy_named(commit_row.strategy).options, **commit_row.options},
        excluded=decisions.excluded(it),
        **_texts(it, commit_row.strategy, ids, with_resamples=True),
    )


def _texts(
    it: Iteration, strategy: str, problem_ids: list[str], *, with_resamples: bool
) -> dict[str, np.ndarray]:
    """How many texts of these problems differ, where the strategy wants to know."""
    if not strategy_named(strategy).reads_texts:
        return {}
    counts = store.repeats.text_counts(it, with_resamples=with_resamples)
    row_of = {id: row for row, id in enumerate(counts.problem_ids.tolist())}
    rows = [row_of[id] for id in problem_ids]
    return {"n_right_texts": counts.n_right[rows], "n_wrong_texts": counts.n_wrong[rows]}


def _first_counts(it: Iteration, e: Estimates) -> tuple[np.ndarray, np.ndarray]:
    """(n_correct, n) of M_0's pre-samples where every iteration uses the same problems, else of
    this iteration's.
    """
    if it.config.problems.per_iteration != "fixed":
        return e.n_correct, e.n
    first = store.samples.estimates(it.at(0))
    counts = dict(zip(first.problem_ids.tolist(), zip(first.n_correct.tolist(), first.n.tolist())))
    pairs = [
        counts.get(id, (k, n))
        for id, k, n in zip(e.problem_ids.tolist(), e.n_correct.tolist(), e.n.tolist())
    ]
    n_correct, n = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return n_correct, n


def _as_recorded(it: Iteration, planned: Plan) -> Plan:
    """The plan, cut to what is recorded where responses are replayed."""
    if not it.config.is_recorded:
        return planned
    n_recorded = open_set(store.runs.policy_path(it.db, it.row.policy_id)).counts()
    n_presample = it.config.sampling.n_presample
    used = {row.problem_id: row.n_more + n_presample for row in store.commits.allocation(it)}
    return cap_plan(
        planned, {id: n_recorded[id] - used.get(id, n_presample) for id in planned.allocation}
    )


def _seed(it: Iteration, round_number: int) -> int:
    later = [round_number] if round_number else []
    return stable_hash(it.config.seed, "allocate", it.number, *later)


def _winner(row: Commit) -> str:
    return (
        f"This iteration was committed by {row.made_by} at {row.made_at:%H:%M:%S} UTC with"
        f" tau_l {row.tau_l:.3f} and tau_h {row.tau_h:.3f}. That plan stands; to try another"
        " one, fork the run."
    )
