"""Evaluation suites: one policy on several registered problem sets, each sampled by its own rule,
and the mean over the sets.

A set is one run with nothing but an evaluation, so that its responses are stored, resumed and never
drawn twice like any others.

Source: docs/method.md, section 1.7, which the suite "paper" follows.
"""

import json
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from engine import store
from engine.config import (
    DifficultyConfig,
    EvaluationConfig,
    PolicyConfig,
    ProblemsConfig,
    RewardConfig,
    RunConfig,
    SamplingConfig,
    load_config,
    plain_config,
)
from engine.config.checks import check_config
from engine.errors import ConfigError, ProblemSetError, in_one_line
from engine.figures.text import share
from engine.headless.run import evaluate_policy
from engine.jobs.runner import JobRunner
from engine.method.intervals import Interval, bootstrap_mean, wilson
from engine.method.metrics import pass_at_k
from engine.paths import SUITES, expanded
from engine.problems import read_problems
from engine.problems.stored import store_problems
from engine.samplers import resolve
from engine.store import Database
from engine.study import sources
from engine.study.handle import Iteration
from engine.study.runs import create_run
from engine.study.sample_sets import evaluation_sets
from engine.types import Purpose


@dataclass(frozen=True, slots=True)
class SuiteSet:
    """One registered problem set."""

    name: str
    n_problems: int
    """As published."""
    file: str = ""
    """Its name in a folder of sets."""
    source: str = ""
    """A path or a hub data set, where no folder is given; "" where none is registered."""
    n: int = 0
    """Sampled responses per problem; 0 for one greedy response."""
    temperature: float = 0.0
    top_p: float = 1.0


@dataclass(frozen=True, slots=True)
class Suite:
    name: str
    sets: tuple[SuiteSet, ...]


@dataclass(frozen=True, slots=True)
class SetResult:
    """A policy on one set."""

    name: str
    run_id: str
    measure: str
    """greedy, or avg@n."""
    value: Interval
    """Accuracy: Wilson for greedy, else from resampling problems."""
    pass_at_n: Interval | None
    """Unbiased pass@n with the n sampled responses; None for greedy."""
    n: int
    n_problems: int
    n_published: int
    n_rejected: int
    """Rows that could not be used."""


@dataclass(frozen=True, slots=True)
class SuiteResult:
    suite: str
    policy_id: str
    sets: list[SetResult]
    missing: dict[str, str]
    """Sets that were not evaluated, and why."""
    mean: float | None
    """Unweighted over the sets that are there; None without any."""


def load_suite(name: str) -> Suite:
    """A suite that ships ("paper"), or one in a TOML file of the same shape. Raises:
    ConfigError.
    """
    path = expanded(name) if name.endswith(".toml") else SUITES / f"{name}.toml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in SUITES.glob("*.toml")))
        raise ConfigError(f"There is no suite {name}: use {known}, or a .toml file.")
    from pydantic import TypeAdapter, ValidationError

    try:
        suite = TypeAdapter(Suite).validate_python(tomllib.loads(path.read_text(encoding="utf-8")))
    except (ValidationError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path} is not a suite: {in_one_line(error)}.") from None
    return replace(
        suite, sets=tuple(replace(s, source=_resolved(s.source, path.parent)) for s in suite.sets)
    )


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a suite evaluates, and what of the sampling is not a set's own rule."""

    policy: PolicyConfig
    sampling: SamplingConfig = field(default_factory=SamplingConfig)
    """Only sampler, max_new_tokens and batch_size are used."""
    seed: int = 0
    placement: Literal["worker", "inline"] = "worker"


def subject(policy: str) -> Subject:
    """A model folder, a hub id or starter, with the paper's prompt; or the policy of a
    configuration file, sampled as that says.

    Raises: ConfigError for a configuration that cannot be used, or one on recorded responses.
    """
    if Path(policy).suffix not in (".toml", ".json"):
        return Subject(PolicyConfig(policy))
    config = load_config(policy)
    if config.is_recorded:
        raise ConfigError(f"{policy} replays recorded responses: there is no policy to evaluate.")
    return Subject(config.policy, config.sampling, config.seed, config.placement)


def evaluate_suite(
    runner: JobRunner,
    suite: Suite,
    whom: Subject,
    *,
    data: Path | None = None,
    n_max: int | None = None,
) -> SuiteResult:
    """Evaluate a policy on every set that is there. Blocks; called again, it does what is still
    owed.

    Args:
        data: a folder with the sets' files; then nothing else is looked at. None: what the suite
            registers.
        n_max: at most so many problems per set, the first ones; None for all.

    Raises: ConfigError for a policy that is not there; EngineError where a job fails.
    """
    if n_max is not None and n_max < 1:
        raise ConfigError(f"n_max is {n_max}: it must be 1 or more, or left out.")
    results, missing, policy_id = [], {}, ""
    for one in suite.sets:
        try:
            path, n_problems, n_rejected = _problems(runner.db, one, data, n_max)
            config = _config(suite, one, path, n_problems, whom)
            policy_id = sources.policy(config)[1]
            run_id = _run_of(runner.db, config, policy_id) or create_run(runner.db, config)
        except ProblemSetError as error:
            missing[one.name] = str(error)
            continue
        evaluate_policy(runner, run_id, only=Purpose.EVALUATE if one.n else Purpose.GREEDY)
        results.append(_result(runner.db, run_id, policy_id, one, n_rejected))
    mean = float(np.mean([r.value.value for r in results])) if results else None
    return SuiteResult(suite.name, policy_id, results, missing, mean)


def as_rows(result: SuiteResult) -> list[dict[str, str]]:
    """One row per set, as per cent with intervals; missing sets last, with the reason."""
    rows = [
        {
            "set": r.name,
            "problems": f"{r.n_problems:,} of {r.n_published:,}",
            "measure": r.measure,
            "accuracy": share(r.value),
            "pass": f"pass@{r.n} {share(r.pass_at_n)}" if r.pass_at_n else "",
        }
        for r in result.sets
    ]
    n_all = len(result.sets) + len(result.missing)
    mean = "–" if result.mean is None else f"{100 * result.mean:.1f}"
    of = (
        f"of {n_all} sets"
        if not result.missing
        else f"of {len(result.sets)} sets, {len(result.missing)} of {n_all} missing"
    )
    blank = {"problems": "", "pass": ""}
    return [
        *rows,
        {**blank, "set": "mean", "measure": of, "accuracy": mean},
        *(
            {**blank, "set": name, "measure": "missing", "accuracy": why}
            for name, why in result.missing.items()
        ),
    ]


def _resolved(source: str, folder: Path) -> str:
    return str((folder / source).resolve()) if source and (folder / source).exists() else source


def _problems(
    db: Database, one: SuiteSet, data: Path | None, n_max: int | None
) -> tuple[str, int, int]:
    """(file, problems, rejected rows) of a set, kept beside the database. Raises: ProblemSetError
    where it is missing.
    """
    source = str(data / one.file) if data else one.source
    if data and not (data / one.file).is_file():
        raise ProblemSetError(f"There is no {one.file} in {data}.")
    if not source:
        raise ProblemSetError(
            "No source is registered: name a folder that holds it with --data, or write its source"
            " into the suite's file."
        )
    read = read_problems(source)
    stored_set = store_problems(db.artifacts, read.problems[:n_max], name=f"{one.name} {source}")
    return str(stored_set.path), stored_set.n_problems, len(read.rejected)


def _config(suite: Suite, one: SuiteSet, path: str, n_problems: int, whom: Subject) -> RunConfig:
    """A run that only evaluates; a run must name training problems, so it names one that is never
    sampled.
    """
    config = RunConfig(
        name=f"{suite.name}: {one.name}",
        problems=ProblemsConfig("starter:train", path, n_train=1, n_held_out=n_problems),
        policy=whom.policy,
        reward=RewardConfig("", family="none"),
        seed=whom.seed,
        n_iterations=1,
        placement=whom.placement,
        sampling=replace(resolve(whom.sampling), n=2, n_presample=1),
        difficulty=DifficultyConfig(mode="accuracy"),
        evaluation=EvaluationConfig(n=max(one.n, 1), temperature=one.temperature, top_p=one.top_p),
    )
    check_config(config)
    return config


def _of_evaluation(config: dict[str, Any]) -> dict[str, Any]:
    """A stored configuration without its name and the tables that no evaluation looks at: their
    defaults change, and what "auto" means there is decided when a run is created.
    """
    beside = ("name", "pairs", "training", "init")
    return {name: v for name, v in config.items() if name not in beside}


def _run_of(db: Database, config: RunConfig, policy_id: str) -> str | None:
    """The run that evaluates exactly this already, finished or not, whatever it is called."""
    wanted = _of_evaluation(json.loads(json.dumps(plain_config(config))))
    same = [
        run.id for run in store.runs.listed(db) if _of_evaluation(json.loads(run.config)) == wanted
    ]
    return next((id for id in same if Iteration(db, id, 0).row.policy_id == policy_id), None)


def _result(db: Database, run_id: str, policy_id: str, one: SuiteSet, n_rejected: int) -> SetResult:
    greedy, sampled = evaluation_sets(Iteration(db, run_id, 0).config, policy_id, 0)
    n_correct = np.asarray(
        store.samples.verdict_columns(db, (sampled if one.n else greedy).id, run_id)["n_correct"]
    )
    return SetResult(
        name=one.name,
        run_id=run_id,
        measure=f"avg@{one.n}" if one.n else "greedy",
        value=(
            bootstrap_mean(n_correct / one.n)
            if one.n
            else wilson(int(n_correct.sum()), len(n_correct))
        ),
        pass_at_n=bootstrap_mean(pass_at_k(one.n, n_correct, one.n)) if one.n else None,
        n=max(one.n, 1),
        n_problems=len(n_correct),
        n_published=one.n_problems,
        n_rejected=n_rejected,
    )
