"""What a configuration names, found and checked before anything is stored: problem sets, a policy,
what gives rewards.

Knows files and content, neither the store nor any model's inside.
"""

from dataclasses import astuple

from engine.config import RunConfig
from engine.config.backends import BACKENDS
from engine.config.generative import what_scores_depend_on
from engine.config.implicit import OWN
from engine.config.splitter import BLANK_LINE
from engine.config.tagged import layout_of
from engine.errors import ConfigError, ProblemSetError
from engine.grading.domains import unavailable
from engine.method.budget import remaining_budget
from engine.method.seeds import stable_hash
from engine.models.plausible import require_plausible
from engine.models.weights import content_id, locate
from engine.paths import expanded
from engine.problems import read_problems, require_disjoint
from engine.recorded.replay import open_set
from engine.rewards.heads import require_head
from engine.types import Aggregation, Domain, Problem


def problem_sets(config: RunConfig) -> tuple[list[Problem], list[Problem]]:
    """The problems to train on and those held out, checked against what the run needs. Blocks while
    it reads them.

    Raises: ProblemSetError for too few, or for problems that are in both; ConfigError.
    """
    train = _read("train", config.problems.train, config)
    if config.is_recorded:
        train = _enough_recorded(config, train)
    held_out = (
        _read("held_out", config.problems.held_out, config) if config.problems.n_held_out else []
    )
    remaining_budget(len(train), config.sampling.n, config.sampling.n_presample)
    if len(train) < config.n_train_in_all:
        raise ProblemSetError(
            f"problems.train holds {len(train)} problems, and {config.n_iterations} iterations of"
            f" {config.problems.n_train} need {config.n_train_in_all}. Lower problems.n_train or"
            " n_iterations, or give more problems."
        )
    if len(held_out) < config.problems.n_held_out:
        raise ProblemSetError(
            f"problems.held_out holds {len(held_out)} problems, problems.n_held_out asks for"
            f" {config.problems.n_held_out}. Lower it, or give more problems."
        )
    held_out = held_out[: config.problems.n_held_out]
    require_disjoint(train, held_out)
    _require_checkable(config, {problem.domain for problem in [*train, *held_out]})
    return train, held_out


def _require_checkable(config: RunConfig, domains: set[Domain]) -> None:
    """Raises: ProblemSetError for a domain that cannot be checked here, or not be answered."""
    if lacking := unavailable(domains):
        raise ProblemSetError(lacking)
    if "code" in domains and config.policy.path == "starter" and not config.is_recorded:
        raise ProblemSetError(
            "problems.train or problems.held_out holds problems of code, and policy.path is"
            " starter: it knows the words of its own word problems and no programs. Give another"
            " policy, or replay the recording starter:code (Data page, import-responses)."
        )


def _read(name: str, source: str, config: RunConfig) -> list[Problem]:
    read = read_problems(
        source,
        answerable_only=not config.problems.keep_unanswerable,
        domain=config.problems.domain,
    )
    if read.rejected and not config.problems.skip_broken:
        first = "; ".join(f"line {r.line}, {r.field}: {r.reason}" for r in read.rejected[:3])
        raise ProblemSetError(
            f"problems.{name} ({read.source}) has {len(read.rejected)} lines that cannot be used:"
            f" {first} Mend them, or set problems.skip_broken = true to go on without them."
        )
    return read.problems


def policy(config: RunConfig) -> tuple[str, str]:
    """(path, content id) of M_0. Raises: ConfigError, RecordedSetError."""
    if config.is_recorded:
        recorded = open_set(str(expanded(config.policy.path).resolve()))
        return str(recorded.folder), recorded.about["id"]
    folder = locate(config.policy.path, role="policy", revision=config.policy.revision)
    require_plausible(folder, trust=config.policy.trust_remote_code)
    return str(folder), content_id(folder)


def reward(config: RunConfig) -> tuple[str, str]:
    """(path, id) of what gives rewards; both empty where nothing does. One folder read as two
    families has two ids, and so has one that scores whole responses or answers, or other steps.
    What loads no model here and is not a recording goes by its name and path.

    Raises: ConfigError, RecordedSetError.
    """
    if not config.has_rewards:
        return "", ""
    path, id = _reward_model(config)
    steps, scored, aggregation = (
        config.reward.splitter,
        config.reward.scored,
        config.reward.aggregation,
    )
    if steps != BLANK_LINE:
        id = f"{steps.rule}-{stable_hash(steps.pattern):016x}-{id}"
    if scored != "response":
        id = f"{scored}-{id}"
    return path, aggregated_id(id, aggregation)


def _reward_model(config: RunConfig) -> tuple[str, str]:
    entry = BACKENDS[config.reward.family]
    if entry.name == "implicit":
        return _two_policies(config)
    if entry.loads_model:
        folder = locate(config.reward.path, role="prm", revision=config.reward.revision)
        require_plausible(folder, trust=config.reward.trust_remote_code)
        require_head(config.reward, folder)
        if entry.reads == "text":
            return str(folder), content_id(folder)
        return str(folder), f"{entry.name}-{_layout_id(config)}{content_id(folder)}"
    if entry.reads != "key":
        return config.reward.path, f"{entry.name}-{_layout_id(config)}{config.reward.path}"
    recorded = open_set(str(expanded(config.reward.path).resolve()))
    if recorded.about["scores"] == "none":
        raise ConfigError(
            f"reward.path is {config.reward.path}: no response there has a score. Set reward.family"
            ' = "none" and difficulty.mode = "accuracy".'
        )
    return str(recorded.folder), recorded.about["id"]


def _two_policies(config: RunConfig) -> tuple[str, str]:
    """Of M_t against M_0 the id names M_0 alone: the sample set of a response says which M_t wrote
    it.
    """
    i, r = config.implicit, config.reward
    read_as = f"implicit-{stable_hash(i.coefficient, i.form):016x}"
    if config.is_own_reward:
        return OWN, f"{read_as}-{OWN}-{policy(config)[1]}"
    folder = locate(r.path, role="implicit", revision=r.revision)
    other = locate(i.reference, role="reference", revision=i.reference_revision)
    for one in (folder, other):
        require_plausible(one, trust=r.trust_remote_code)
    return str(folder), f"{read_as}-{content_id(other)}-{content_id(folder)}"


def aggregated_id(id: str, aggregation: Aggregation) -> str:
    """What rewards by an aggregation are filed under; the step scores are those of `id`."""
    return id if aggregation == "min" else f"{aggregation}-{id}"


def _layout_id(config: RunConfig) -> str:
    """One model that is read in two ways has two ids."""
    if config.reward.family == "generative":
        return f"{stable_hash(*what_scores_depend_on(config.generative)):016x}-"
    if config.reward.family == "tagged_lm":
        return f"{stable_hash(*astuple(layout_of(config.tagged_lm))):016x}-"
    return ""


def _enough_recorded(config: RunConfig, problems: list[Problem]) -> list[Problem]:
    """The problems with all their pre-samples recorded: the others could never be classified.

    Raises: ProblemSetError if there is none.
    """
    n_recorded, n_presample = open_set(policy(config)[0]).counts(), config.sampling.n_presample
    usable = [p for p in problems if n_recorded.get(p.id, 0) >= n_presample]
    if not usable:
        raise ProblemSetError(
            f"None of the {len(problems)} problems in problems.train has sampling.n_presample ="
            f" {n_presample} recorded responses in {config.policy.path}. Lower it, or give the"
            " problems that belong to the recording."
        )
    return usable
