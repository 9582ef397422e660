"""What a committed plan becomes where the policy draws its responses while it is trained: groups of
equal size in whole steps, their sample set, and how each is judged.
"""

from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import Any

from engine import store
from engine.config import TrainingConfig, training_config
from engine.config.backends import BACKENDS, reads_as
from engine.method.groups import whole_groups
from engine.method.prompts import fill
from engine.method.seeds import response_seed, stable_hash
from engine.study.handle import Iteration
from engine.study.sample_sets import make_known, sample_set, settings_key
from engine.training import Draws, Group, RewardModelTold
from engine.types import JobKind, Problem, Purpose, SampleSet


def planned_groups(it: Iteration, training: TrainingConfig) -> list[str]:
    """The problem of every group of a committed plan, in the order in which they are drawn. Raises:
    ConfigError for an iteration without a commit.
    """
    store.commits.get(it)
    allocation = {row.problem_id: row.n_more for row in store.commits.allocation(it)}
    n_per_step = max(training.batch_size // training.group_size, 1)
    seed = stable_hash(it.config.seed, "groups", it.number)
    return whole_groups(allocation, training.group_size, n_per_step, seed=seed)


def n_planned(it: Iteration, training: TrainingConfig) -> int:
    """Responses that a training draws of a committed plan."""
    return len(planned_groups(it, training)) * training.group_size


def n_given(it: Iteration) -> int:
    """Responses that a committed plan gives, whether or not they fill whole steps."""
    return sum(row.n_more for row in store.commits.allocation(it))


def last_settings(it: Iteration) -> TrainingConfig:
    """Those of the iteration's last training; the run's own before there is one."""
    job = store.jobs.latest(it, JobKind.TRAIN)
    return training_config(it.config.training, job.params) if job else it.config.training


@dataclass(frozen=True, slots=True)
class RewardModelAt:
    """Where an iteration's reward model is, and what it is opened with."""

    backend: str
    """Its family, or what reads that elsewhere."""
    path: str
    options: dict[str, Any]


def draws(
    it: Iteration,
    training: TrainingConfig,
    job_id: str,
    policy_id: str,
    reward_model: RewardModelAt | None,
) -> Draws:
    """What one training is told to draw. Makes its sample set known.

    Args:
        job_id: whose set it is.
        policy_id: the policy that it starts from.
        reward_model: None in a run without rewards.
    """
    problems = store.problems.of_run(it.db, it.run_id, "train", it.number)
    samples = _samples(it, training, job_id, policy_id)
    make_known(it.db, samples)
    groups = _groups(samples, planned_groups(it, training), training.group_size)
    ids = {group.problem_id for group in groups}
    template = samples.settings.prompt_template
    return Draws(
        sample_set_id=samples.id,
        groups=groups,
        prompts={id: fill(template, problems[id].question) for id in ids},
        references={id: problems[id].reference for id in ids},
        batch_size=it.config.sampling.batch_size,
        rules=it.config.extraction(),
        reward_model=reward_model
        and _reward_model(it, samples, {id: problems[id] for id in ids}, reward_model),
    )


def _samples(it: Iteration, training: TrainingConfig, job_id: str, policy_id: str) -> SampleSet:
    """The set of one training's draws, read as the pre-samples were."""
    return sample_set(
        policy_id=policy_id,
        purpose=Purpose.TRAIN,
        iteration=it.number,
        seed=it.config.seed,
        settings=store.samples.get(it.db, it.row.presample_set).settings,
        sampler=training.generation,
        owner=job_id,
        graded=it.config.extraction().key(),
    )


def _groups(samples: SampleSet, problem_ids: list[str], size: int) -> list[Group]:
    seed = partial(
        response_seed,
        samples.seed,
        samples.policy_id,
        samples.purpose,
        samples.iteration,
        settings_key(samples.settings),
    )
    n_before: Counter[str] = Counter()
    groups: list[Group] = []
    for id in problem_ids:
        first = n_before[id]
        groups.append(Group(id, first, [seed(id, first + i) for i in range(size)]))
        n_before[id] += size
    return groups


def _reward_model(
    it: Iteration, samples: SampleSet, problems: dict[str, Problem], at: RewardModelAt
) -> RewardModelTold:
    c, template = it.config.reward, samples.settings.prompt_template
    whole = reads_as(c.family) in ("text", "sampled")
    return RewardModelTold(
        opens=BACKENDS[at.backend].opens,
        path=at.path,
        options=at.options,
        prm_id=it.run.prm_id,
        prompts={
            id: fill(template, p.question) if whole else p.question for id, p in problems.items()
        },
        scored=c.scored,
        aggregation=c.aggregation,
    )
