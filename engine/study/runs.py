"""The commands a person gives between jobs: create a run, build its pairs, begin the next
iteration, fork. Commits: see plans.

Each is one transaction, seconds at most, and knows the store but no model. Heavy work is a job: see
tasks and jobs.
"""

import json
import uuid
from dataclasses import replace

from engine.config import RunConfig, parse_config, plain_config
from engine.config.checks import check_servers
from engine.errors import ConfigError, ProblemSetError
from engine.method.seeds import stable_hash
from engine.samplers import resolve_sampler
from engine.store import Database, commit_reads, job_rows, now, reads
from engine.store.reads import EVERY
from engine.study import sources
from engine.study.sample_sets import sample_set, settings_key
from engine.study.training_rows import n_training_rows
from engine.types import Problem, Purpose, SampleSet, SamplingSettings


def create_run(db: Database, config: RunConfig) -> str:
    """Read the problems, find the models, and store a run with its first iteration begun.

    Returns: the run's id, 8 hex digits.
    Raises: ConfigError, ProblemSetError. Nothing is stored then.
    """
    train, held_out = sources.problem_sets(config)
    policy, policy_id = sources.policy(config)
    prm, prm_id = sources.reward(config)
    config = replace(
        config, sampling=replace(config.sampling, sampler=resolve_sampler(config.sampling.sampler))
    )
    check_servers(config.sampling)
    run_id = uuid.uuid4().hex[:8]
    with db.transaction() as cursor:
        _require_same_answers(db, [*train, *held_out])
        _insert_problems(db, [*train, *held_out])
        cursor.execute(
            "INSERT INTO policies VALUES (?, ?, NULL, ?) ON CONFLICT (id) DO UPDATE SET path ="
            " excluded.path",
            [policy_id, policy, now()],
        )
        cursor.execute(
            "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, NULL, NULL, ?)",
            [
                run_id,
                config.name,
                config.seed,
                json.dumps(plain_config(config)),
                prm_id,
                prm,
                now(),
            ],
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
        raise ConfigError(
            f"There is no run {run_id} in {db.path}. `status` lists the runs that are there."
        )
    return parse_config(json.loads(row["config"]))


def pick_run(db: Database, run_id: str | None) -> str:
    """The run that is meant; None means the newest. Raises: ConfigError if it is not there."""
    known = [row["id"] for row in reads.runs(db)]
    run_id = run_id or (known[0] if known else None)
    if run_id not in known:
        raise ConfigError(
            f"There is no run {run_id or 'yet'} in {db.path}. `status` lists the runs that are"
            " there."
        )
    return run_id


def begin_next_iteration(db: Database, run_id: str) -> int:
    """Give the run N problems it never used, or the same ones again, and the policy its last
    training made.

    Returns: the new iteration's number.
    Raises: ProblemSetError with how many problems are left; ConfigError if the last iteration is
    not trained.
    """
    config = config_of(db, run_id)
    last = reads.iterations(db, run_id)[-1]
    policy_id = reads.next_policy(db, run_id, last["iteration"])
    if policy_id is None and n_training_rows(db, run_id, last["iteration"], config) == 0:
        policy_id = last["policy_id"]
    if policy_id is None:
        raise ConfigError(
            f"Iteration {last['iteration']} has no trained policy yet. Train it first, then begin"
            " the next one."
        )
    with db.transaction():
        _begin(db, run_id, config, last["iteration"] + 1, policy_id)
    return last["iteration"] + 1


def fork(db: Database, run_id: str, iteration: int) -> str:
    """A new run that refers to the same pre-samples of one iteration, to be committed in another
    way.

    What came before that iteration is shared; resamples are drawn for the fork itself, and its full
    budget is counted.

    Returns: the new run's id. Raises: ConfigError for an unknown run or iteration.
    """
    config = config_of(db, run_id)
    origin = reads.iteration(db, run_id, iteration)
    if origin is None:
        raise ConfigError(f"Run {run_id} has no iteration {iteration} to fork at.")
    new_id = uuid.uuid4().hex[:8]
    settings = reads.samples(db, origin["presample_set"]).settings
    _, own = _training_sets(config, origin["policy_id"], iteration, new_id, settings)
    with db.transaction() as cursor:
        cursor.execute(
            """INSERT INTO runs SELECT ?, name || ' (fork)', seed, config, prm_id, prm_path, id, ?,
                    ? FROM runs WHERE id = ?""",
            [new_id, iteration, now(), run_id],
        )
        cursor.execute(
            """INSERT INTO run_problems SELECT ?, role, position, problem_id,
            CASE WHEN iteration <= ? THEN iteration END FROM run_problems WHERE run_id = ?""",
            [new_id, iteration, run_id],
        )
        for table, columns in {**_HISTORY, **_BEFORE_COMMIT}.items():
            cursor.execute(
                f"INSERT INTO {table} (run_id, {columns}) SELECT ?, {columns} FROM {table} WHERE"
                " run_id = ? AND iteration < ?",
                [new_id, run_id, iteration + (table in _BEFORE_COMMIT)],
            )
        _store_set(db, own)
        cursor.execute(
            "INSERT INTO iterations VALUES (?, ?, ?, ?, ?, ?)",
            [new_id, iteration, origin["policy_id"], origin["presample_set"], own.id, now()],
        )
    return new_id


def progress(db: Database, run_id: str, iteration: int) -> dict:
    """What of an iteration is stored: the facts that engine.walk.next_phase decides on."""
    config = config_of(db, run_id)
    row, prm_id = reads.iteration(db, run_id, iteration), reads.run(db, run_id)["prm_id"]
    if row is None:
        raise ConfigError(f"Run {run_id} has no iteration {iteration}.")
    n_problems = config.problems.n_train
    n_presampled = reads.n_judged(db, row["presample_set"], "train", run_id, iteration, prm_id)
    bound = commit_reads.commit(db, run_id, iteration)
    return {
        "tuned": is_tuned(db, run_id, iteration),
        "presampled": n_presampled >= n_problems * config.sampling.n_presample,
        "committed": bound is not None,
        "resampled": commit_reads.pair_set(db, run_id, iteration) is not None,
        "n_rows": n_training_rows(db, run_id, iteration, config),
        "next_policy": reads.next_policy(db, run_id, iteration),
    }


def is_tuned(db: Database, run_id: str, iteration: int) -> bool:
    """Whether the iteration's settings are bound, because they were tuned or because nothing is to
    be tuned.
    """
    return (
        config_of(db, run_id).tuning.n_problems == 0
        or reads.tuning(db, run_id, iteration) is not None
    )


def evaluation_sets(
    db: Database, run_id: str, number: int, policy_id: str
) -> tuple[SampleSet, SampleSet]:
    """The greedy and the sampled set with which M_number is evaluated on the run's held-out
    problems.
    """
    config = config_of(db, run_id)
    both = (
        (Purpose.GREEDY, config.greedy_settings()),
        (Purpose.EVALUATE, config.evaluation_settings()),
    )
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


def set_training_sets(db: Database, run_id: str, row: dict, settings: SamplingSettings) -> None:
    """Draw an iteration with other settings than the configuration's. Raises: ConfigError once
    pre-samples were ordered.

    Args:
        row: the iteration.
    """
    if job_rows.latest(db, run_id, row["iteration"], "presample"):
        raise ConfigError(
            f"Iteration {row['iteration']} has pre-samples already: its settings cannot change any"
            " more."
        )
    shared, own = _training_sets(
        config_of(db, run_id), row["policy_id"], row["iteration"], run_id, settings
    )
    with db.transaction() as cursor:
        _store_set(db, shared)
        _store_set(db, own)
        cursor.execute(
            "UPDATE iterations SET presample_set = ?, resample_set = ? WHERE run_id = ? AND"
            " iteration = ?",
            [shared.id, own.id, run_id, row["iteration"]],
        )


def store_set(db: Database, samples: SampleSet) -> None:
    """Make a sample set known; known already changes nothing."""
    with db.transaction():
        _store_set(db, samples)


_HISTORY = {
    "iterations": "iteration, policy_id, presample_set, resample_set, created_at",
    "commits": (
        "iteration, tau_l, tau_h, mode, strategy, seed, n_unspent, n_pending, made_by, made_at,"
        " options, n_later"
    ),
    "allocations": "iteration, problem_id, difficulty, n_more, in_pool",
    "rounds": "iteration, round, n_allocated, decided_at",
    "pair_sets": "iteration, n_pairs, n_foregone, created_at",
    "pairs": (
        "iteration, position, problem_id, chosen_index, rejected_index, chosen_reward,"
        " rejected_reward"
    ),
}
"""Tables a fork copies the earlier iterations of, and their columns after run_id."""

_BEFORE_COMMIT = {
    "side_samples": "iteration, set_id, problem_id, n",
    "tunings": "iteration, temperature, tau, made_by, made_at",
}
"""Tables a fork copies the forked iteration of, too."""


def _insert_problems(db: Database, problems: list[Problem]) -> None:
    names = ("id", "question", "answer", "level", "solution")
    db.insert(
        "problems", {name: [getattr(p, name) for p in problems] for name in names}, or_ignore=True
    )


def _require_same_answers(db: Database, problems: list[Problem]) -> None:
    """Stored verdicts were given by stored answers, and runs share them: one question has one
    answer per database.
    """
    stored = dict(db.tuples("SELECT id, answer FROM problems"))
    other = [p for p in problems if stored.get(p.id, p.answer) != p.answer]
    if other:
        first = other[0]
        raise ProblemSetError(
            f"{len(other)} problems are in {db.path} with another answer, and verdicts given by it."
            f" The first: {first.id} "
            f'"{first.question[:60]}" has {stored[first.id]!r} there and {first.answer!r} here.'
            " Give another file with --db."
        )


def _insert_run_problems(db: Database, run_id: str, role: str, ids: list[str]) -> None:
    n = len(ids)
    columns = {
        "run_id": [run_id] * n,
        "role": [role] * n,
        "position": list(range(n)),
        "problem_id": ids,
    }
    db.insert("run_problems", columns)


def _begin(db: Database, run_id: str, config: RunConfig, number: int, policy_id: str) -> None:
    if config.problems.per_iteration == "fresh" or number == 0:
        _take_problems(db, run_id, config, number)
    shared, own = _training_sets(config, policy_id, number, run_id, config.train_settings())
    _store_set(db, shared)
    _store_set(db, own)
    db.cursor().execute(
        "INSERT INTO iterations VALUES (?, ?, ?, ?, ?, ?)",
        [run_id, number, policy_id, shared.id, own.id, now()],
    )


def _take_problems(db: Database, run_id: str, config: RunConfig, number: int) -> None:
    n_left = db.row(
        "SELECT count(*) AS n FROM run_problems WHERE run_id = ? AND role = 'train' AND iteration"
        " IS NULL",
        [run_id],
    )["n"]
    if n_left < config.problems.n_train:
        raise ProblemSetError(
            f"{n_left} problems that this run never used are left, and an iteration takes"
            f" {config.problems.n_train}. Start a new run with more problems, or with a smaller"
            " problems.n_train."
        )
    db.cursor().execute(
        """UPDATE run_problems SET iteration = ? WHERE run_id = ? AND role = 'train' AND problem_id
                IN (
            SELECT problem_id FROM run_problems WHERE run_id = ? AND role = 'train' AND iteration
                IS NULL
            ORDER BY position LIMIT ?)""",
        [
            number if config.problems.per_iteration == "fresh" else EVERY,
            run_id,
            run_id,
            config.problems.n_train,
        ],
    )


def _training_sets(
    config: RunConfig, policy_id: str, iteration: int, run_id: str, settings: SamplingSettings
) -> tuple[SampleSet, SampleSet]:
    """The pre-samples that runs share, and the resamples that are this run's own."""
    shared, own = (
        sample_set(
            policy_id=policy_id,
            purpose=purpose,
            iteration=iteration,
            seed=config.seed,
            settings=own_settings,
            sampler=config.sampling.sampler,
            owner=owner,
        )
        for purpose, owner, own_settings in (
            (Purpose.PRESAMPLE, "", settings),
            (Purpose.RESAMPLE, run_id, config.resample_settings(settings)),
        )
    )
    return shared, own


def _store_set(db: Database, s: SampleSet) -> None:
    db.cursor().execute(
        "INSERT OR IGNORE INTO sample_sets VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            s.id,
            s.policy_id,
            str(s.purpose),
            s.iteration,
            s.seed,
            settings_key(s.settings),
            s.sampler,
            s.owner,
            now(),
        ],
    )
