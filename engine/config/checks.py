"""What the settings of a run mean together: every value that cannot be used is named in a sentence
before a model is loaded.
"""

from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from engine.config.backends import NO_REWARD, Role, names, takers
from engine.errors import ConfigError
from engine.method.budget import remaining_budget
from engine.method.difficulty import check_thresholds
from engine.method.prompts import check_template
from engine.method.strategies import options_of

if TYPE_CHECKING:
    from engine.config.tables import RunConfig, SamplingConfig, TrainingConfig

LOSSES = (
    "sigmoid",
    "hinge",
    "ipo",
    "nca_pair",
    "bco_pair",
    "sppo_hard",
    "aot",
    "aot_unpaired",
    "apo_zero",
    "apo_down",
    "discopop",
    "sft",
    "sigmoid_norm",
)
"""Losses by TRL's names. exo_pair and robust are missing: they are defined by a label smoothing,
which is no setting here.
Source: TRL 1.16, DPOConfig.loss_type."""


def check_config(config: "RunConfig") -> None:
    """Raises: ConfigError for the first value that cannot be used."""
    _check_names(config)
    remaining_budget(config.problems.n_train, config.sampling.n, config.sampling.n_presample)
    check_template(config.policy.prompt_template)
    d = config.difficulty
    options_of(d.strategy, d.options)
    check_thresholds(0.0 if d.tau_l is None else d.tau_l, 1.0 if d.tau_h is None else d.tau_h)
    s, t, e = config.sampling, config.training, config.evaluation
    _require("seed", config.seed, 0 <= config.seed < 2**63, "0 or more and below 2**63")
    _require("n_iterations", config.n_iterations, config.n_iterations >= 1, "1 or more")
    n_held_out, least = config.problems.n_held_out, 0 if config.is_recorded else 1
    _require("problems.n_held_out", n_held_out, n_held_out >= least, f"{least} or more")
    _require("sampling.temperature", s.temperature, s.temperature >= 0, "0 (greedy) or more")
    _require("sampling.top_p", s.top_p, 0 < s.top_p <= 1, "above 0 and at most 1")
    _require("sampling.max_new_tokens", s.max_new_tokens, s.max_new_tokens >= 1, "1 or more")
    _require("sampling.n_examples", s.n_examples, s.n_examples >= 0, "0 or more")
    _require("sampling.batch_size", s.batch_size, s.batch_size >= 1, "1 or more")
    _require("evaluation.n", e.n, e.n >= 1, "1 or more")
    _require(
        "evaluation.temperature",
        e.temperature,
        e.temperature is None or e.temperature >= 0,
        "0 or more",
    )
    _require(
        "evaluation.top_p", e.top_p, e.top_p is None or 0 < e.top_p <= 1, "above 0 and at most 1"
    )
    _require(
        "pairs.cap",
        config.pairs.cap,
        config.pairs.cap is None or config.pairs.cap >= 1,
        "1 or more, or left out",
    )
    total = config.pairs.total
    _require(
        "pairs.total",
        total,
        total is None or (len(total) > 0 and min(total) >= 0),
        "one number per iteration, 0 or more each",
    )
    _require(
        "difficulty.n_calibration",
        d.n_calibration,
        0 <= d.n_calibration <= config.problems.n_train,
        "0 to problems.n_train",
    )
    check_tuning(config)
    r = config.reward
    fits = r.backend != "vllm" or r.family == "qwen_prm"
    _require(
        "reward.backend", r.backend, fits, 'auto or transformers unless reward.family is "qwen_prm"'
    )
    for name, n in (("policy", config.policy.n_parameters), ("reward", config.reward.n_parameters)):
        _require(f"{name}.n_parameters", n, n is None or n >= 1, "1 or more, or left out")
    check_training(t)
    check_training(config.init, "init")
    inline = config.placement == "inline" and max(t.n_processes, config.init.n_processes) > 1
    _require(
        "placement", config.placement, not inline, "worker, because training.n_processes is above 1"
    )
    check_servers(s)
    check_recorded(config)


def _check_names(config: "RunConfig") -> None:
    """What names a backend."""
    for name, value, known in (
        ("sampling.sampler", config.sampling.sampler, ("auto", *names(Role.SAMPLER))),
        ("reward.family", config.reward.family, (*names(Role.REWARD), NO_REWARD)),
    ):
        _require(name, value, value in known, f"one of {', '.join(known)}")


def require_thresholds(config: "RunConfig") -> None:
    """Raises: ConfigError if a threshold is left to a person."""
    if config.difficulty.tau_l is None or config.difficulty.tau_h is None:
        raise ConfigError(
            "difficulty.tau_l and difficulty.tau_h are not set: a run without a person needs both."
            " Set them, or choose them by eye on the dashboard's difficulty page."
        )


def check_tuning(config: "RunConfig") -> None:
    """Raises: ConfigError for the first tuning value that cannot be used."""
    t, n_train = config.tuning, config.problems.n_train
    _require(
        "tuning.n_problems",
        t.n_problems,
        0 <= t.n_problems <= n_train,
        f"0 to problems.n_train ({n_train})",
    )
    _require("tuning.n", t.n, t.n >= 1, "1 or more")
    _require("tuning.n_wanted", t.n_wanted, t.n_wanted >= 0, "0 or more")
    fits = (
        len(t.temperatures) > 0
        and min(t.temperatures) > 0
        and len(set(t.temperatures)) == len(t.temperatures)
    )
    _require("tuning.temperatures", t.temperatures, fits, "one or more different numbers above 0")
    fits = len(t.taus) > 0 and len(set(t.taus)) == len(t.taus)
    _require("tuning.taus", t.taus, fits, "one or more different numbers")
    if t.n_problems:
        _require(
            "reward.family",
            config.reward.family,
            config.reward.family != "none",
            "a reward model, because tuning.n_problems is set",
        )
        _require(
            "tuning.n_problems",
            t.n_problems,
            not config.is_recorded,
            "0 with recorded responses: nothing new can be drawn",
        )


def check_servers(s: "SamplingConfig") -> None:
    """What only some samplers take, and what they cannot do without. Raises: ConfigError."""
    for url in s.base_urls:
        checked_url(url)
    needed = s.sampler != "openai_api" or bool(s.base_urls)
    _require(
        "sampling.base_urls",
        list(s.base_urls),
        needed,
        'at least one address, because sampling.sampler is "openai_api"',
    )
    _require(
        "sampling.n_engines",
        s.n_engines,
        s.n_engines is None or s.n_engines >= 1,
        "1 or more, or left out",
    )
    _require(
        "sampling.tensor_parallel_size",
        s.tensor_parallel_size,
        s.tensor_parallel_size >= 1,
        "1 or more",
    )
    for name, default in ((f.name, f.default) for f in fields(s)):
        samplers = takers(f"sampling.{name}")
        fits = not samplers or getattr(s, name) == default or s.sampler in ("auto", *samplers)
        _require(
            f"sampling.{name}",
            getattr(s, name),
            fits,
            f"left out, or sampling.sampler one of {', '.join(samplers)}",
        )


def checked_url(url: str) -> str:
    """A base URL as it is used: no slash at its end, and /v1 where it has no path.

    Raises: ConfigError for what is no http(s) address, or for one with a password, key or query in
    it.
    """
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1) > 0
    except ValueError:
        is_address = False
    if not is_address:
        raise ConfigError(
            f"sampling.base_urls holds {url!r}: give addresses such as http://127.0.0.1:8000/v1."
        )
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigError(
            f"sampling.base_urls holds an address at {parts.hostname} with a name, a password or a"
            " query in it. Configurations are stored: give the bare address, and the key in"
            " HS_STAR_API_KEY or OPENAI_API_KEY."
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/') or '/v1'}"


def check_recorded(config: "RunConfig") -> None:
    """What replayed responses and missing rewards exclude. Raises: ConfigError."""
    family, mode = config.reward.family, config.difficulty.mode
    fits = family != "recorded_scores" or config.is_recorded
    _require("reward.family", family, fits, 'used with sampling.sampler = "recorded" only')
    _require(
        "difficulty.mode",
        mode,
        family != "none" or mode == "accuracy",
        'accuracy, because reward.family is "none"',
    )
    n_calibration = config.difficulty.n_calibration
    fits = not config.is_recorded or n_calibration == 0
    _require(
        "difficulty.n_calibration",
        n_calibration,
        fits,
        "0 with recorded responses: labels come from the recording, at no cost",
    )
    tau, can_keep = config.training.keep_above, family != "none"
    _require(
        "training.keep_above",
        tau,
        tau is None or can_keep,
        'left out, because reward.family is "none"',
    )
    fits = not config.is_recorded or config.n_iterations == 1
    _require(
        "n_iterations",
        config.n_iterations,
        fits,
        "1 with recorded responses: they come from one policy",
    )


def check_training(t: "TrainingConfig", table: str = "training") -> None:
    """Raises: ConfigError for the first training value that cannot be used; table names it in the
    sentence.
    """

    def require(name: str, holds: bool, allowed: str) -> None:
        _require(f"{table}.{name}", getattr(t, name), holds, allowed)

    require("learning_rate", 0 < t.learning_rate < 1, "above 0 and below 1")
    require("beta", t.beta > 0, "above 0")
    require("n_epochs", t.n_epochs >= 1, "1 or more")
    require("micro_batch_size", t.micro_batch_size >= 1, "1 or more")
    require("n_processes", t.n_processes >= 1, "1 or more")
    at_once = t.micro_batch_size * t.n_processes
    times = f" times {table}.n_processes ({t.n_processes})" if t.n_processes > 1 else ""
    divides = t.batch_size >= 1 and t.batch_size % at_once == 0
    require(
        "batch_size",
        divides,
        f"a multiple of {table}.micro_batch_size ({t.micro_batch_size}){times}",
    )
    require("warmup_share", 0 <= t.warmup_share < 1, "at least 0 and below 1")
    require("weight_decay", t.weight_decay >= 0, "0 or more")
    require("max_length", t.max_length >= 2, "2 or more")
    require(
        "loss_type",
        len(t.loss_type) >= 1 and set(t.loss_type) <= set(LOSSES),
        f"one or more of {', '.join(LOSSES)}",
    )
    weights_fit = t.loss_weights is None or len(t.loss_weights) == len(t.loss_type)
    require("loss_weights", weights_fit, f"one weight per loss in {table}.loss_type")
    require("checkpoint_every_s", t.checkpoint_every_s >= 0, "0 (every step) or more")
    require(
        "accelerate_config",
        t.accelerate_config is None or t.n_processes > 1,
        f"left out with {table}.n_processes = 1",
    )
    _check_method(t, require)


def _check_method(t: "TrainingConfig", require: Callable[[str, bool, str], None]) -> None:
    require(
        "keep_above", t.keep_above is None or -2 <= t.keep_above <= 2, "from -2 to 2, or left out"
    )
    require(
        "keep_above",
        t.keep_above is None or t.method == "sft",
        'left out with method = "dpo": pairs need both sides',
    )
    require(
        "inherit_optimizer",
        not t.inherit_optimizer or t.start == "latest",
        'false with start = "base": the weights begin anew',
    )
    fits = not t.inherit_optimizer or t.lora_rank is None
    require("inherit_optimizer", fits, "false with lora_rank: every training has a new adapter")
    require("lora_rank", t.lora_rank is None or t.lora_rank >= 1, "1 or more, or left out")
    require("lora_alpha", t.lora_alpha >= 1, "1 or more")
    require("lora_dropout", 0 <= t.lora_dropout < 1, "at least 0 and below 1")


def _require(field_name: str, value: object, holds: bool, allowed: str) -> None:
    if not holds:
        raise ConfigError(f"{field_name} is {value}: it must be {allowed}.")
