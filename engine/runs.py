"""The commands a person gives between jobs: create a run, commit a plan, build its pairs, begin the next iteration, fork.

Each is one transaction, seconds at most, and knows the store but no model. Heavy work is a job: see tasks and jobs.
"""

import json
import math
import uuid
from dataclasses import replace
from types import SimpleNamespace

from engine import sources
from engine.config import RunConfig, check_servers, parse_config, plain_config
from engine.errors import ConfigError, EngineError, ProblemSetError, StoreConflict
from engine.method.budget import cap_plan, plan_resample
from engine.method.difficulty import classify
from engine.method.pairs import build_pairs
from engine.method.seeds import stable_hash
from engine.recorded.replay import open_set
from engine.sample_sets import sample_set, settings_key
from engine.samplers import resolve_sampler
from engine.store import Database, now, reads
from engine.types import Difficulty, Mode, Plan, Problem, Purpose, SampleSet


class AlreadyCommitted(EngineError):
    """Another tab or process committed this iteration first; its plan stands."""


def create_run(db: Database, config: RunConfig) -> str:
    """Read the problems, find the models, and store a run with its first iteration begun.

    Returns: the run's id, 8 hex digits.
    Raises: ConfigError, ProblemSetError. Nothing is stored then.
    """
    train, held_out = sources.problem_sets(config)
    policy, policy_id = sources.policy(config)
    prm, prm_id = sources.reward(config)
    config = replace(config, sampling=replace(config.sampling, sampler=resolve_sampler(config.sampling.sampler)))
    check_servers(config.sampling)
    run_id = uuid.uuid4().hex[:8]
    with db.transaction() as cursor:
        _require_same_answers(db, [*train, *held_out])
        _insert_problems(db, [*train, *held_out])
        cursor.execute(
            "INSERT INTO policies VALUES (?, ?, NULL, ?) ON CONFLICT (id) DO UPDATE SET path = excluded.path",
            [policy_id, policy, now()],
        )
        cursor.execute(
            "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, NULL, NULL, ?)",
            [run_id, config.name, config.seed, json.dumps(plain_config(config)), prm_id, prm, now()],
        )
        order = sorted(train, key=lambda p: stable_hash(config.seed, "problems", p.id))
        _insert_run_problems(db, run_id, "train", [p.id for p in order])
        _insert_run_problems(db, run_id, "held_out", [p.id for p in held_out])
        _begin(db, run_id, config, 0, policy_id)
    return run_id


def config_of(db: Database, run_id: str) -> RunConfig:
    """The resolved configuration a run was created with. Raises: ConfigError for an unknown run."""
    row = reads.run(db, run_id)
    if row is None:
        raise ConfigError(f"There is no run {run_id} in {db.path}. `status` lists the runs that are there.")
    return parse_config(json.loads(row["config"]))


def plan(
    db: Database, run_id: str, iteration: int, *, tau_l: float, tau_h: float, mode: Mode, strategy: str
) -> Plan:
    """What committing these thresholds would bind, computed from the stored pre-samples."""
    config = config_of(db, run_id)
    if config.reward.family == "none" and mode != "accuracy":
        raise ConfigError(f'difficulty.mode is "{mode}", and this run has no process reward: use accuracy.')
    e = reads.estimates(db, run_id, iteration)
    classes = classify(e.n_correct, e.n, e.phi_r, tau_l=tau_l, tau_h=tau_h, mode=mode)
    planned = plan_resample(
        {id: Difficulty(c) for id, c in zip(e.problem_ids.tolist(), classes.tolist())},
        strategy=strategy,
        n=config.sampling.n,
        n_presample=config.sampling.n_presample,
        seed=stable_hash(config.seed, "allocate", iteration),
        pending=e.pending_ids,
    )
    if not config.is_recorded:
        return planned
    n_recorded = open_set(reads.policy_path(db, reads.iteration(db, run_id, iteration)["policy_id"])).counts()
    return cap_plan(planned, {id: n_recorded[id] - config.sampling.n_presample for id in planned.allocation})


def commit(
    db: Database, run_id: str, iteration: int, *, tau_l: float, tau_h: float, mode: Mode, strategy: str, made_by: str
) -> Plan:
    """Bind a plan. It never changes again; another plan on the same pre-samples is a fork.

    Args:
        made_by: a tab's id, or "cli".

    Raises:
        AlreadyCommitted: somebody was first.
        ConfigError: thresholds that cannot be used, or pre-samples that are not all drawn and judged yet.
    """
    existing = reads.commit(db, run_id, iteration)
    if existing:
        raise AlreadyCommitted(_winner(existing))
    if not progress(db, run_id, iteration)["presampled"]:
        raise ConfigError("The pre-samples are not all drawn, graded and scored yet. Wait for the job, or resume it.")
    bound = plan(db, run_id, iteration, tau_l=tau_l, tau_h=tau_h, mode=mode, strategy=strategy)
    seed = stable_hash(config_of(db, run_id).seed, "allocate", iteration)
    try:
        with db.transaction() as cursor:
            cursor.execute(
                "INSERT INTO commits VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [run_id, iteration, tau_l, tau_h, mode, strategy, seed, bound.n_unspent, bound.n_pending, made_by, now()],
            )
            n = len(bound.difficulty)
            db.insert(
                "allocations",
                {
                    "run_id": [run_id] * n,
                    "iteration": [iteration] * n,
                    "problem_id": list(bound.difficulty),
                    "difficulty": [int(d) for d in bound.difficulty.values()],
                    "n_more": [bound.allocation.get(id, 0) for id in bound.difficulty],
                },
            )
    except StoreConflict:
        raise AlreadyCommitted(_winner(reads.commit(db, run_id, iteration))) from None
    return bound


def make_pairs(db: Database, run_id: str, iteration: int) -> int:
    """Build and store an iteration's preference pairs from its pool, once.

    Returns: the number of pairs.
    """
    stored = reads.pair_set(db, run_id, iteration)
    if stored:
        return stored["n_pairs"]
    config = config_of(db, run_id)
    is_scored = config.reward.family != "none"
    by_problem: dict[str, list[SimpleNamespace]] = {}
    for row in reads.pool(db, run_id, iteration):
        by_problem.setdefault(row["problem_id"], []).append(SimpleNamespace(**row))
    chosen: list[tuple[SimpleNamespace, SimpleNamespace]] = []
    for problem_id in sorted(by_problem):
        judged = by_problem[problem_id]
        seed = stable_hash(config.seed, "pairs", iteration, problem_id)
        p = config.pairs
        scored = [r for r in judged if r.reward is not None] if is_scored else [_without_reward(r) for r in judged]
        found = build_pairs(scored, seed=seed, dedupe=p.dedupe, cap=p.cap, drop_truncated=p.drop_truncated)
        chosen += [(scored[right], scored[wrong]) for right, wrong in found]
    n = len(chosen)
    with db.transaction() as cursor:
        cursor.execute(
            "INSERT INTO pair_sets VALUES (?, ?, ?, ?, ?)",
            [run_id, iteration, n, reads.n_foregone(db, run_id, iteration), now()],
        )
        db.insert(
            "pairs",
            {
                "run_id": [run_id] * n,
                "iteration": [iteration] * n,
                "position": list(range(n)),
                "problem_id": [right.problem_id for right, _ in chosen],
                "chosen_index": [right.idx for right, _ in chosen],
                "rejected_index": [wrong.idx for _, wrong in chosen],
                "chosen_reward": [right.reward if is_scored else math.nan for right, _ in chosen],
                "rejected_reward": [wrong.reward if is_scored else math.nan for _, wrong in chosen],
            },
        )
    return n


def begin_next_iteration(db: Database, run_id: str) -> int:
    """Give the run N problems it never used, and the policy its last training made.

    Returns: the new iteration's number.
    Raises: ProblemSetError with how many problems are left; ConfigError if the last iteration is not trained.
    """
    config = config_of(db, run_id)
    last = reads.iterations(db, run_id)[-1]
    policy_id = reads.next_policy(db, run_id, last["iteration"])
    pairs = reads.pair_set(db, run_id, last["iteration"])
    if policy_id is None and pairs and pairs["n_pairs"] == 0:
        policy_id = last["policy_id"]
    if policy_id is None:
        raise ConfigError(f"Iteration {last['iteration']} has no trained policy yet. Train it first, then begin the next one.")
    with db.transaction():
        _begin(db, run_id, config, last["iteration"] + 1, policy_id)
    return last["iteration"] + 1


def fork(db: Database, run_id: str, iteration: int) -> str:
    """A new run that refers to the same pre-samples of one iteration, to be committed in another way.

    What came before that iteration is shared; resamples are drawn for the fork itself, and its full budget is counted.

    Returns: the new run's id. Raises: ConfigError for an unknown run or iteration.
    """
    config = config_of(db, run_id)
    origin = reads.iteration(db, run_id, iteration)
    if origin is None:
        raise ConfigError(f"Run {run_id} has no iteration {iteration} to fork at.")
    new_id = uuid.uuid4().hex[:8]
    own = _resample_set(config, origin["policy_id"], iteration, new_id)
    with db.transaction() as cursor:
        cursor.execute(
            """INSERT INTO runs SELECT ?, name || ' (fork)', seed, config, prm_id, prm_path, id, ?, ? FROM runs WHERE id = ?""",
            [new_id, iteration, now(), run_id],
        )
        cursor.execute(
            """INSERT INTO run_problems SELECT ?, role, position, problem_id,
            CASE WHEN iteration <= ? THEN iteration END FROM run_problems WHERE run_id = ?""",
            [new_id, iteration, run_id],
        )
        for table, columns in _HISTORY.items():
            cursor.execute(
                f"INSERT INTO {table} SELECT ?, {columns} FROM {table} WHERE run_id = ? AND iteration < ?",
                [new_id, run_id, iteration],
            )
        _store_set(db, own)
        cursor.execute(
            "INSERT INTO iterations VALUES (?, ?, ?, ?, ?, ?)",
            [new_id, iteration, origin["policy_id"], origin["presample_set"], own.id, now()],
        )
    return new_id


def progress(db: Database, run_id: str, iteration: int) -> dict:
    """What of an iteration is stored: the facts that engine.iteration.next_phase decides on."""
    config = config_of(db, run_id)
    row, prm_id = reads.iteration(db, run_id, iteration), reads.run(db, run_id)["prm_id"]
    if row is None:
        raise ConfigError(f"Run {run_id} has no iteration {iteration}.")
    n_problems = config.problems.n_train
    n_presampled = reads.n_judged(db, row["presample_set"], "train", run_id, iteration, prm_id)
    bound, pairs = reads.commit(db, run_id, iteration), reads.pair_set(db, run_id, iteration)
    return {
        "presampled": n_presampled >= n_problems * config.sampling.n_presample,
        "committed": bound is not None,
        "resampled": pairs is not None,
        "n_pairs": pairs["n_pairs"] if pairs else None,
        "next_policy": reads.next_policy(db, run_id, iteration),
    }


def evaluation_sets(db: Database, run_id: str, number: int, policy_id: str) -> tuple[SampleSet, SampleSet]:
    """The greedy and the sampled set with which M_number is evaluated on the run's held-out problems."""
    config = config_of(db, run_id)
    both = ((Purpose.GREEDY, config.greedy_settings()), (Purpose.EVALUATE, config.evaluation_settings()))
    return tuple(
        sample_set(
            policy_id=policy_id,
            purpose=purpose,
            iteration=number,
            seed=config.seed,
            settings=settings,
            sampler=config.sampling.sampler,
        )
        for purpose, settings in both
    )


def store_set(db: Database, samples: SampleSet) -> None:
    """Make a sample set known; known already changes nothing."""
    with db.transaction():
        _store_set(db, samples)


_HISTORY = {
    "iterations": "iteration, policy_id, presample_set, resample_set, created_at",
    "commits": "iteration, tau_l, tau_h, mode, strategy, seed, n_unspent, n_pending, made_by, made_at",
    "allocations": "iteration, problem_id, difficulty, n_more",
    "pair_sets": "iteration, n_pairs, n_foregone, created_at",
    "pairs": "iteration, position, problem_id, chosen_index, rejected_index, chosen_reward, rejected_reward",
}
"""Tables a fork copies the earlier iterations of, and their columns after run_id."""


def _insert_problems(db: Database, problems: list[Problem]) -> None:
    names = ("id", "question", "answer", "level", "solution")
    db.insert("problems", {name: [getattr(p, name) for p in problems] for name in names}, or_ignore=True)


def _require_same_answers(db: Database, problems: list[Problem]) -> None:
    """Stored verdicts were given by stored answers, and runs share them: one question has one answer per database."""
    stored = dict(db.tuples("SELECT id, answer FROM problems"))
    other = [p for p in problems if stored.get(p.id, p.answer) != p.answer]
    if other:
        first = other[0]
        raise ProblemSetError(
            f"{len(other)} problems are in {db.path} with another answer, and verdicts given by it. The first: {first.id} "
            f'"{first.question[:60]}" has {stored[first.id]!r} there and {first.answer!r} here. Give another file with --db.'
        )


def _insert_run_problems(db: Database, run_id: str, role: str, ids: list[str]) -> None:
    n = len(ids)
    columns = {"run_id": [run_id] * n, "role": [role] * n, "position": list(range(n)), "problem_id": ids}
    db.insert("run_problems", columns)


def _begin(db: Database, run_id: str, config: RunConfig, number: int, policy_id: str) -> None:
    n_left = db.row(
        "SELECT count(*) AS n FROM run_problems WHERE run_id = ? AND role = 'train' AND iteration IS NULL", [run_id]
    )["n"]
    if n_left < config.problems.n_train:
        raise ProblemSetError(
            f"{n_left} problems that this run never used are left, and an iteration takes {config.problems.n_train}. "
            "Start a new run with more problems, or with a smaller problems.n_train."
        )
    db.cursor().execute(
        """UPDATE run_problems SET iteration = ? WHERE run_id = ? AND role = 'train' AND problem_id IN (
            SELECT problem_id FROM run_problems WHERE run_id = ? AND role = 'train' AND iteration IS NULL
            ORDER BY position LIMIT ?)""",
        [number, run_id, run_id, config.problems.n_train],
    )
    shared = sample_set(
        policy_id=policy_id,
        purpose=Purpose.PRESAMPLE,
        iteration=number,
        seed=config.seed,
        settings=config.train_settings(),
        sampler=config.sampling.sampler,
    )
    own = _resample_set(config, policy_id, number, run_id)
    _store_set(db, shared)
    _store_set(db, own)
    db.cursor().execute(
        "INSERT INTO iterations VALUES (?, ?, ?, ?, ?, ?)", [run_id, number, policy_id, shared.id, own.id, now()]
    )


def _resample_set(config: RunConfig, policy_id: str, iteration: int, run_id: str) -> SampleSet:
    return sample_set(
        policy_id=policy_id,
        purpose=Purpose.RESAMPLE,
        iteration=iteration,
        seed=config.seed,
        settings=config.train_settings(),
        sampler=config.sampling.sampler,
        owner=run_id,
    )


def _store_set(db: Database, s: SampleSet) -> None:
    db.cursor().execute(
        "INSERT OR IGNORE INTO sample_sets VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [s.id, s.policy_id, str(s.purpose), s.iteration, s.seed, settings_key(s.settings), s.sampler, s.owner, now()],
    )


def _without_reward(response: SimpleNamespace) -> SimpleNamespace:
    """A response as pairing takes it where nothing is scored: all tie, so the lower index goes first."""
    return SimpleNamespace(**{**vars(response), "reward": 0.0})


def _winner(row: dict) -> str:
    return (
        f"This iteration was committed by {row['made_by']} at {row['made_at']:%H:%M:%S} UTC with tau_l {row['tau_l']:.3f} and "
        f"tau_h {row['tau_h']:.3f}. That plan stands; to try another one, fork the run."
    )
