"""What the settings of a run mean together: every value that cannot be used is named in a sentence
before a model is loaded. What each may be by itself stands beside it in its table.
"""

from dataclasses import asdict, fields

from engine.config.addresses import checked_url
from engine.config.backends import (
    NO_REWARD,
    Role,
    backend_names,
    draws_itself,
    takers,
)
from engine.config.ranges import read, require
from engine.config.reward_checks import check_reward_together, require_pattern
from engine.config.run import RunConfig
from engine.config.tables import JudgeConfig, SamplingConfig
from engine.config.training_checks import check_training_together
from engine.errors import ConfigError
from engine.method.budget import remaining_budget
from engine.method.difficulty import check_thresholds
from engine.method.prompts import check_template
from engine.method.strategies import options_of


def check_config(config: RunConfig) -> None:
    """Types and ranges of a configuration that was not read but put together, and what it means.

    Raises: ConfigError for the first value that cannot be used.
    """
    read(RunConfig, asdict(config))
    check_together(config)


def check_together(config: RunConfig) -> None:
    """What the settings mean together. Raises: ConfigError for the first value that cannot be
    used.
    """
    for setting, known in named_backends().items():
        table, _, name = setting.partition(".")
        value = getattr(getattr(config, table), name)
        require(setting, value, value in known, f"one of {', '.join(known)}")
    remaining_budget(config.problems.n_train, config.sampling.n, config.sampling.n_presample)
    check_template(config.policy.prompt_template)
    d, t = config.difficulty, config.training
    options_of(d.strategy, d.options)
    given = [tau for tau in (d.tau_l, d.tau_h) if tau is not None]
    check_thresholds(given[0] if given else 0.0, given[-1] if given else 0.0)
    n_held_out, least = config.problems.n_held_out, 0 if config.is_recorded else 1
    require("problems.n_held_out", n_held_out, n_held_out >= least, f"{least} or more")
    fits = d.n_calibration <= config.problems.n_train
    require("difficulty.n_calibration", d.n_calibration, fits, "0 to problems.n_train")
    _check_pattern(config.grading.pattern)
    check_judge(config.judge)
    _check_thresholds(config)
    _check_tuning(config)
    check_reward_together(config)
    check_training_together(t, "training")
    check_training_together(config.init, "init")
    inline = config.placement == "inline" and max(t.n_processes, config.init.n_processes) > 1
    allowed = "worker, because training.n_processes is above 1"
    require("placement", config.placement, not inline, allowed)
    _check_servers_together(config.sampling)
    _check_recorded(config)
    _check_drawing(config)


def check_judge(judge: JudgeConfig) -> None:
    """What the settings of a judge mean together. Raises: ConfigError for a server without a model,
    or a prompt that does not show both answers.
    """
    if judge.base_url:
        checked_url(judge.base_url, "judge.base_url")
        require("judge.model", judge.model, bool(judge.model), "a model of that server")
    filled = {"question": "", "reference": "{r}", "answer": "{a}"}
    try:
        text = judge.prompt.format(**filled)
        fits = "{r}" in text and "{a}" in text
    except (LookupError, ValueError, AttributeError):
        fits = False
    allowed = (
        "a text with {reference} and {answer}, {question} where it is wanted, and other braces"
        " doubled"
    )
    require("judge.prompt", judge.prompt, fits, allowed)


def _check_pattern(pattern: str) -> None:
    """Raises: ConfigError for what is no regular expression, or has no group named answer."""
    fits = not pattern or "answer" in require_pattern("grading.pattern", pattern).groupindex
    require("grading.pattern", pattern, fits, "one with a group named answer, (?P<answer>…)")


def named_backends() -> dict[str, tuple[str, ...]]:
    """The settings that name a backend, and the names they take."""
    return {
        "sampling.sampler": ("auto", *backend_names(Role.SAMPLER)),
        "reward.family": (*backend_names(Role.REWARD), NO_REWARD),
        "training.method": backend_names(Role.TRAINER),
    }


def require_thresholds(config: RunConfig) -> None:
    """Raises: ConfigError if a threshold is left to a person."""
    d = config.difficulty
    if d.thresholds == "given" and (d.tau_l is None or d.tau_h is None):
        raise ConfigError(
            "difficulty.tau_l and difficulty.tau_h are not set: a run without a person needs both."
            ' Set them, let the data suggest them (difficulty.thresholds = "quantile"), or choose'
            " them by eye on the dashboard's difficulty page."
        )


def _check_thresholds(config: RunConfig) -> None:
    """Raises: ConfigError where the data cannot say what is asked of them."""
    d = config.difficulty
    require(
        "difficulty.thresholds",
        d.thresholds,
        d.thresholds == "given" or config.has_rewards,
        'given, because reward.family is "none"',
    )
    require(
        "difficulty.n_calibration",
        d.n_calibration,
        d.thresholds != "calibrated" or d.n_calibration > 0,
        '1 or more, because difficulty.thresholds is "calibrated"',
    )


def _check_tuning(config: RunConfig) -> None:
    """Raises: ConfigError for the first tuning value that cannot be used."""
    t, n_train = config.tuning, config.problems.n_train
    allowed = f"0 to problems.n_train ({n_train})"
    require("tuning.n_problems", t.n_problems, t.n_problems <= n_train, allowed)
    for name, values in (("temperatures", t.temperatures), ("taus", t.taus)):
        fits = len(set(values)) == len(values)
        require(f"tuning.{name}", values, fits, "different numbers, each of them once")
    if t.n_problems:
        require(
            "reward.family",
            config.reward.family,
            config.has_rewards,
            "a reward model, because tuning.n_problems is set",
        )
        require(
            "tuning.n_problems",
            t.n_problems,
            not config.is_recorded,
            "0 with recorded responses: nothing new can be drawn",
        )


def check_servers(s: SamplingConfig) -> None:
    """Types and ranges of the sampling table, what only some samplers take, and what they cannot do
    without.

    Raises: ConfigError.
    """
    read(SamplingConfig, asdict(s), "sampling")
    _check_servers_together(s)


def _check_servers_together(s: SamplingConfig) -> None:
    for url in s.base_urls:
        checked_url(url)
    needed = s.sampler != "openai_api" or bool(s.base_urls)
    allowed = 'at least one address, because sampling.sampler is "openai_api"'
    require("sampling.base_urls", list(s.base_urls), needed, allowed)
    for name, default in ((f.name, f.default) for f in fields(s)):
        samplers = takers(f"sampling.{name}")
        fits = not samplers or getattr(s, name) == default or s.sampler in ("auto", *samplers)
        require(
            f"sampling.{name}",
            getattr(s, name),
            fits,
            f"left out, or sampling.sampler one of {', '.join(samplers)}",
        )


def _check_drawing(config: RunConfig) -> None:
    """What a training that draws its own responses needs of the rest. Raises: ConfigError."""
    s, d, method = config.sampling, config.difficulty, config.training.method
    if not draws_itself(method):
        return
    because = f'because training.method is "{method}"'
    allowed = "dpo or sft with recorded responses: nothing new can be drawn"
    require("training.method", method, not config.is_recorded, allowed)
    require("sampling.temperature", s.temperature, s.temperature > 0, f"above 0, {because}")
    require("sampling.n_examples", s.n_examples, s.n_examples == 0, f"0, {because}")
    require("sampling.thinking_tokens", s.thinking_tokens, s.thinking_tokens == 0, f"0, {because}")
    n_rounds = options_of(d.strategy, d.options).get("n_rounds", 1)
    require("difficulty.options.n_rounds", n_rounds, n_rounds == 1, f"1, {because}")


def _check_recorded(config: RunConfig) -> None:
    """What replayed responses and missing rewards exclude. Raises: ConfigError."""
    family, mode = config.reward.family, config.difficulty.mode
    fits = family != "recorded_scores" or config.is_recorded
    require("reward.family", family, fits, 'used with sampling.sampler = "recorded" only')
    require(
        "difficulty.mode",
        mode,
        config.has_rewards or mode == "accuracy",
        'accuracy, because reward.family is "none"',
    )
    n_calibration = config.difficulty.n_calibration
    fits = not config.is_recorded or n_calibration == 0
    require(
        "difficulty.n_calibration",
        n_calibration,
        fits,
        "0 with recorded responses: labels come from the recording, at no cost",
    )
    tau, can_keep = config.training.keep_above, config.has_rewards
    require(
        "training.keep_above",
        tau,
        tau is None or can_keep,
        'left out, because reward.family is "none"',
    )
    fits = not config.is_recorded or config.n_iterations == 1
    require(
        "n_iterations",
        config.n_iterations,
        fits,
        "1 with recorded responses: they come from one policy",
    )
