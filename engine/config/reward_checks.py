"""What the settings of a reward model mean together."""

from collections.abc import Callable
from typing import Any

from engine.config.addresses import checked_url
from engine.config.backends import BACKENDS, NO_REWARD, loads_model, takers
from engine.config.generative import check_generative
from engine.config.implicit import OWN
from engine.config.ranges import require
from engine.config.run import RunConfig
from engine.config.splitter import compiled
from engine.config.tables import RewardConfig
from engine.config.tagged import layout_of
from engine.errors import ConfigError

_A_MODEL = 'a model folder, a hub id, or starter; reward.family = "none" needs none'


def check_reward_together(config: RunConfig) -> None:
    """Raises: ConfigError for the first value that cannot be used."""
    r = config.reward
    require("reward.path", r.path or "left out", bool(r.path) or not config.has_rewards, _A_MODEL)
    is_recorded = r.family in BACKENDS and BACKENDS[r.family].reads == "key"
    allowed = "response, because the scores are recorded"
    require("reward.scored", r.scored, r.scored == "response" or not is_recorded, allowed)
    _check_where(r)
    _check_steps(r)
    _check_tagged(config)
    _check_implicit(config)
    if r.family == "generative":
        check_generative(config.generative)
    require_in_range(config, config.difficulty.tau_l, config.difficulty.tau_h)


def require_in_range(config: RunConfig, *taus: float | None) -> None:
    """Raises: ConfigError for a threshold that no probability can cross, in a run whose rewards are
    probabilities.
    """
    for name, tau in zip(("tau_l", "tau_h"), taus):
        fits = tau is None or not config.has_bounded_rewards or 0 <= tau <= 1
        allowed = "from 0 to 1: rewards of this reward.family are probabilities"
        require(f"difficulty.{name}", f"{tau:g}" if tau is not None else "", fits, allowed)


def _check_implicit(config: RunConfig) -> None:
    """Raises: ConfigError for a pair of policies that cannot be compared, and for what needs
    rewards in [0, 1].
    """
    r, reference = config.reward, config.implicit.reference
    if r.family != "implicit":
        require(
            "implicit.reference",
            reference,
            not reference,
            'left out, or reward.family = "implicit"',
        )
        return
    is_own = r.path == OWN
    allowed = "left out: it is M_0" if is_own else "the policy that reward.path was trained from"
    require("implicit.reference", reference or "left out", bool(reference) != is_own, allowed)
    fits = not (is_own and config.is_recorded)
    allowed = "a policy: a recording has no M_t whose probabilities could be read"
    require("reward.path", r.path, fits, allowed)
    allowed = "response: a policy writes its answer behind its thinking"
    require("reward.scored", r.scored, r.scored == "response", allowed)
    allowed = "min, last or mean: a product of log-ratios means nothing"
    require("reward.aggregation", r.aggregation, r.aggregation != "product", allowed)
    n, keep = config.tuning.n_problems, config.training.keep_above
    allowed = (
        "0, because B-STaR adds rewards in [0, 1] to verdicts, and those of implicit have no bounds"
    )
    require("tuning.n_problems", n, n == 0, allowed)
    allowed = "left out, for the reason that tuning.n_problems must be 0"
    require("training.keep_above", keep, keep is None, allowed)


def _check_where(reward: RewardConfig) -> None:
    """Raises: ConfigError for a family that cannot be read where it should be, and for what says
    where without its backend, or the other way round.
    """
    families = takers("reward.backend")
    fits = reward.backend != "vllm" or reward.family in families
    allowed = f"auto or transformers unless reward.family is one of {', '.join(families)}"
    require("reward.backend", reward.backend, fits, allowed)
    served = tuple(entry.name for entry in BACKENDS.values() if entry.is_served)
    fits = reward.backend != "servers" or reward.family in served
    allowed = f"another one unless reward.family is one of {', '.join(served)}"
    require("reward.backend", reward.backend, fits, allowed)
    fits = reward.backend != "ray" or loads_model(reward.family)
    allowed = "another one, because this reward.family loads no model"
    require("reward.backend", reward.backend, fits, allowed)
    for url in reward.base_urls:
        checked_url(url, "reward.base_urls")
    fits = bool(reward.base_urls) == (reward.backend == "servers")
    allowed = 'given with reward.backend = "servers", and with it only'
    require("reward.base_urls", list(reward.base_urls), fits, allowed)
    is_ray = reward.backend == "ray"
    allowed = 'given with reward.backend = "ray", and with it only'
    n_engines = reward.n_engines
    require("reward.n_engines", n_engines or "left out", bool(n_engines) == is_ray, allowed)
    fits = is_ray or reward.ray_address is None
    require("reward.ray_address", reward.ray_address, fits, 'left out, or reward.backend = "ray"')


def _check_steps(reward: RewardConfig) -> None:
    """Raises: ConfigError for a rule that the family cannot follow, or one without its pattern."""
    families = takers("reward.steps")
    fits = reward.steps == "blank_line" or reward.family in families
    allowed = f"blank_line unless reward.family is one of {', '.join(families)}"
    require("reward.steps", reward.steps, fits, allowed)
    fits = reward.aggregation == "min" or reward.family not in ("outcome", NO_REWARD)
    require("reward.aggregation", reward.aggregation, fits, "min: there are no steps")
    given, wanted = bool(reward.step_pattern), reward.steps == "pattern"
    said = reward.step_pattern or "left out"
    allowed = 'given with reward.steps = "pattern", and with it only'
    require("reward.step_pattern", said, given == wanted, allowed)
    require_pattern("reward.step_pattern", reward.step_pattern, compiled)


def _check_tagged(config: RunConfig) -> None:
    """Raises: ConfigError for a layout that cannot be read."""
    if config.reward.family != "tagged_lm":
        return
    layout = layout_of(config.tagged_lm)
    require(
        "tagged_lm.tag",
        layout.tag or "left out",
        bool(layout.tag),
        "the text that stands behind a step",
    )
    fits = layout.question.count("{question}") == 1
    require("tagged_lm.question", layout.question, fits, "a text with {question} once")
    fits = layout.step.count("{step}") == 1 and (layout.turns or layout.step.count("{tag}") == 1)
    wanted = "{step} once" if layout.turns else "{step} and, behind it, {tag}, once each"
    if not layout.turns:
        fits = fits and layout.step.index("{step}") < layout.step.index("{tag}")
    require("tagged_lm.step", layout.step, fits, f"a text with {wanted}")


def require_pattern(setting: str, pattern: str, compile: Callable[[str], Any] | None = None) -> Any:
    """The regular expression that a setting holds, compiled as it is searched. Raises: ConfigError
    for what is none.
    """
    import regex

    try:
        return (compile or regex.compile)(pattern)
    except regex.error as error:
        raise ConfigError(
            f"{setting} is {pattern!r}: it is no regular expression ({error})."
        ) from None
