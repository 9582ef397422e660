"""What a configuration still lacks on this machine, found without downloading or storing
anything, reading weights, or running a model's own code.

Reads the configuration, local problem files, tokenizers, the hub's cache and the devices. Knows
nothing of runs.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from engine.config import ProblemsConfig, RewardConfig, RunConfig, load_config, require_thresholds
from engine.config.backends import loads_model
from engine.doctor.elsewhere import reward_elsewhere
from engine.doctor.finding import Finding
from engine.doctor.reading import reading
from engine.errors import ConfigError, EngineError
from engine.grading.domains import unavailable
from engine.models import devices
from engine.models.memory import PROMPT_TOKENS, ModelSize, tokens_of
from engine.models.own_code import OwnCode, looking_at
from engine.models.weights import folder_here, size_of
from engine.placement import seating
from engine.placement.waiting import who_waits
from engine.problems import ProblemFile, hub_name, read_problems
from engine.rewards.batched import load_tokenizer
from engine.rewards.heads import require_head
from engine.rewards.implicit import require_same_vocabulary
from engine.samplers import resolve_sampler

TRAINING_PACKAGES = ("torch", "transformers", "trl", "accelerate", "datasets", "math_verify")
WHENCE = {
    "quantile": "thresholds from the pre-samples",
    "calibrated": "thresholds from calibration labels",
}


def is_runnable(findings: list[Finding]) -> bool:
    """Whether `run` would start: nothing is asked for and nothing must be changed."""
    return not any(finding.keeps_from_running for finding in findings)


def examine_config(path: Path) -> list[Finding]:
    """Every finding on a configuration; a file that cannot be read gives one. Blocks while local
    problem files are read.
    """
    try:
        return examine(load_config(path))
    except ConfigError as error:
        return [Finding("configuration", "change", str(error))]


def examine(config: RunConfig) -> list[Finding]:
    """Every finding on a configuration that is checked. Blocks while local problem files are
    read.
    """
    files = _problem_files(config)
    return [
        Finding(
            "configuration",
            "ok",
            f"{config.name}: {config.n_iterations} iterations of {config.problems.n_train:,}"
            " problems",
        ),
        *_thresholds(config),
        *_problems(config, files),
        *_domains(config, files),
        *_models(config),
        *_sampler(config),
        *_packages(config),
        *_memory(config, files),
    ]


def _thresholds(config: RunConfig) -> Iterator[Finding]:
    d = config.difficulty
    try:
        require_thresholds(config)
        given = d.thresholds == "given"
        thresholds = f"tau_l {d.tau_l:g}, tau_h {d.tau_h:g}" if given else WHENCE[d.thresholds]
        mode = f"{d.mode}, accuracy in iteration 0" if config.is_own_reward else d.mode
        yield Finding("difficulty", "ok", f"{thresholds}, mode {mode}, strategy {d.strategy}")
    except ConfigError as error:
        yield Finding("difficulty", "ask", f"{error} That page suggests some from the pre-samples.")


def _problem_files(config: RunConfig) -> dict[str, ProblemFile | EngineError]:
    """What is read of the problem sets that are on this machine, or why it cannot be, by source."""
    p, files = config.problems, {}
    for source in {p.train, p.held_out if p.n_held_out else p.train}:
        if not hub_name(source):
            try:
                files[source] = read_problems(
                    source, answerable_only=not p.keep_unanswerable, domain=p.domain
                )
            except EngineError as error:
                files[source] = error
    return files


def _problems(config: RunConfig, files: dict[str, ProblemFile | EngineError]) -> Iterator[Finding]:
    p = config.problems
    sets = (("train", p.train, config.n_train_in_all), ("held_out", p.held_out, p.n_held_out))
    for name, source, n_wanted in sets:
        about = f"problems.{name}"
        if not n_wanted:
            yield Finding(about, "note", "none is asked for")
        elif hub := hub_name(source):
            yield Finding(
                about,
                "note",
                f"{hub} would be downloaded from the hub; {n_wanted:,} problems are wanted, not"
                " counted here",
            )
        else:
            yield _local_problems(about, source, files[source], n_wanted, p)


def _local_problems(
    about: str,
    source: str,
    problem_file: ProblemFile | EngineError,
    n_wanted: int,
    p: ProblemsConfig,
) -> Finding:
    if isinstance(problem_file, EngineError):
        return Finding(
            about,
            "change",
            f"{about} is {source}: {problem_file} Put your own file or a hub data set there.",
        )
    n = len(problem_file.problems)
    if problem_file.rejected and not p.skip_broken:
        first = problem_file.rejected[0]
        said = (
            f"{len(problem_file.rejected):,} lines cannot be used, the first is line {first.line}:"
            f" {first.reason}"
        )
        return Finding(
            about,
            "change",
            f"{about} is {source}: {said} Mend them, or set problems.skip_broken = true.",
        )
    said = problem_file.about_unanswerable
    what_becomes = "They are kept." if p.keep_unanswerable else "They are left out."
    said = f" {said} {what_becomes}" if said else ""
    if n < n_wanted:
        text = (
            f"{about} is {source}: it holds {n:,} problems, and {n_wanted:,} are wanted. Give more"
            f" problems, or ask for fewer.{said}"
        )
        return Finding(about, "change", text)
    return Finding(
        about, "ok", f"{source}: {n:,} problems, {n_wanted:,} wanted{said and '.'}{said}"
    )


def _domains(config: RunConfig, files: dict[str, ProblemFile | EngineError]) -> Iterator[Finding]:
    """Of problems that are not maths, where there are some: how many, and what they lack."""
    read = [file for file in files.values() if isinstance(file, ProblemFile)]
    counts = Counter(problem.domain for file in read for problem in file.problems)
    named = {config.problems.domain, *counts} - {"maths"}
    if lacking := unavailable(named):
        yield Finding("domains", "change", lacking)
    elif named:
        said = ", ".join(f"{n:,} of {domain}" for domain, n in sorted(counts.items()))
        yield Finding("domains", "ok", f"problems that are here: {said or 'none'}")


def _models(config: RunConfig) -> Iterator[Finding]:
    if not config.is_recorded:
        yield from _policy(config)
    if config.is_own_reward:
        said = "M_t against M_0 from iteration 1 on; M_0 against itself gives 0 to every step"
        yield Finding("reward.path", "ok", said)
    elif loads_model(config.reward.family):
        yield _reward(config.reward)
        if config.reward.family == "implicit":
            yield _reference(config)
        yield from reward_elsewhere(config, _role(config.reward))
    elif config.reward.family == "generative":
        servers = ", ".join(config.generative.base_urls)
        said = f"{config.reward.path}: asked at {servers}, which was not tried"
        yield Finding("reward.path", "note", said)


def _reference(config: RunConfig) -> Finding:
    """Whether it is there, and shares the vocabulary where both are."""
    i, r = config.implicit, config.reward
    finding = _model("implicit", i.reference, "reference", i.reference_revision)
    if finding.status != "ok":
        return replace(finding, about="implicit.reference")
    try:
        ours = folder_here(r.path, role="implicit", revision=r.revision)
        theirs = folder_here(i.reference, role="reference", revision=i.reference_revision)
        if ours and theirs:
            read = [_tokenizer(one, trusted=r.trust_remote_code) for one in (ours, theirs)]
            require_same_vocabulary(str(ours), read[0], str(theirs), read[1])
    except OwnCode as error:
        return Finding("implicit.reference", "ask", str(error), holds_up=False)
    except EngineError as error:
        return Finding("implicit.reference", "change", str(error))
    return replace(finding, about="implicit.reference")


def _tokenizer(folder: Path, *, trusted: bool) -> Any:
    """Without the model's own code. Raises: OwnCode, RewardModelError."""
    with looking_at(folder, trusted=trusted):
        return load_tokenizer(str(folder), trust_remote_code=False)


def _reward(reward: RewardConfig) -> Finding:
    try:
        if folder := folder_here(reward.path, role=_role(reward), revision=reward.revision):
            require_head(reward, folder)
    except ConfigError as error:
        return Finding("reward.path", "change", str(error))
    return _model("reward", reward.path, _role(reward), reward.revision)


def _role(reward: RewardConfig) -> str:
    return "implicit" if reward.family == "implicit" else "prm"


def _policy(config: RunConfig) -> Iterator[Finding]:
    p = config.policy
    yield _model("policy", p.path, "policy", p.revision)
    try:
        folder = folder_here(p.path, role="policy", revision=p.revision)
    except ConfigError:  # said already
        return
    if folder is not None:
        yield from reading(config, folder)


def _model(table: str, path: str, role: str, revision: str | None) -> Finding:
    try:
        folder = folder_here(path, role=role, revision=revision)
    except ConfigError as error:
        return Finding(f"{table}.path", "change", str(error))
    if folder is not None:
        return Finding(f"{table}.path", "ok", f"{path}: in {folder}")
    pinned = (
        f"at revision {revision}"
        if revision
        else f"at its newest revision; {table}.revision pins one"
    )
    return Finding(f"{table}.path", "note", f"{path} would be downloaded from the hub, {pinned}")


def _sampler(config: RunConfig) -> Iterator[Finding]:
    try:
        yield Finding("sampling.sampler", "ok", resolve_sampler(config.sampling.sampler))
    except ConfigError as error:
        yield Finding("sampling.sampler", "change", str(error))


def _packages(config: RunConfig) -> Iterator[Finding]:
    needed = ("math_verify",) if config.is_recorded else TRAINING_PACKAGES
    missing = [name for name in needed if find_spec(name) is None]
    if missing:
        yield Finding(
            "packages", "change", f"Not installed: {', '.join(missing)}. Install requirements.txt."
        )
    else:
        yield Finding("packages", "ok", f"installed: {', '.join(needed)}")


def _memory(config: RunConfig, files: dict[str, ProblemFile | EngineError]) -> Iterator[Finding]:
    """What will be loaded where, as it would be with everything released."""
    here = devices.here()[: 1 if config.placement == "inline" else None]
    try:
        sampler = resolve_sampler(config.sampling.sampler)
    except ConfigError:
        return
    policy, reward = _sizes(config)
    longest = _longest_prompt(config, files)
    seats = seating.seat(
        seating.policy_load(config, sampler, policy, here, prompt_tokens=longest),
        seating.reward_load(config, reward, here),
    )
    loads = [load for load in (seats.policy, seats.reward) if load is not None]
    if not config.is_recorded:
        row = longest + config.sampling.max_new_tokens
        loads.append(
            seating.training_load(config, config.training, policy, here[0], row_tokens=row)
        )
    for load in loads:
        training_apart = load.task == "training" and len(here) > 1
        fits = training_apart or load.fits(load.device.free)
        yield Finding(
            f"memory, {load.task}",
            "ok" if fits else "change",
            load.summary() if fits else load.refusal(),
            need_bytes=load.need.least if load.need else None,
        )
    if seats.policy and seats.reward:
        beside = (
            "side by side" if seats.together else "in turn: all responses first, then all scores"
        )
        yield Finding("placement", "note", f"policy and reward model are loaded {beside}")
    if said := who_waits(config, sampler, policy, reward, here):
        yield Finding("waiting", "note", said)


def _longest_prompt(config: RunConfig, files: dict[str, ProblemFile | EngineError]) -> int:
    """Tokens of the longest prompt, as a rule, where the problems are on this machine."""
    read = [file for file in files.values() if isinstance(file, ProblemFile)]
    lengths = [tokens_of(problem.question) for file in read for problem in file.problems]
    if not lengths:
        return PROMPT_TOKENS
    template = config.policy.prompt_template + config.policy.system
    return tokens_of(template) + (1 + config.sampling.n_examples) * max(lengths)


def _sizes(config: RunConfig) -> tuple[ModelSize | None, ModelSize | None]:
    """Of the policy and the reward model; None where it is unknown or there is none."""
    loaded = (not config.is_recorded, loads_model(config.reward.family))
    sizes = []
    for model, role, is_loaded in (
        (config.policy, "policy", loaded[0]),
        (config.policy if config.is_own_reward else config.reward, _role(config.reward), loaded[1]),
    ):
        try:
            folder = (
                folder_here(model.path, role=role, revision=model.revision) if is_loaded else None
            )
        except ConfigError:
            folder = None
        sizes.append(size_of(folder, model.n_parameters) if is_loaded else None)
    return sizes[0], sizes[1]
