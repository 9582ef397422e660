"""The backends that a configuration can name: one entry each, from which lists, checks, memory and
options follow.

A backend of your own is a class that follows the protocol in engine.samplers, engine.rewards or
engine.training, and an entry here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Literal

from engine.config.generative import GenerativeConfig
from engine.config.implicit import ImplicitConfig
from engine.config.tagged import TaggedLmConfig


class Role(StrEnum):
    SAMPLER = "sampler"
    REWARD = "reward"
    TRAINER = "trainer"
    READER = "reader"
    """Reads a reward model of any family, or of some, elsewhere."""


@dataclass(frozen=True, slots=True)
class BackendEntry:
    """One backend, by the name that a configuration gives it."""

    name: str
    role: Role
    opens: str
    """"module:name" of the class, or of a function that opens one: called with the path of the
    weights and its options; a trainer's with nothing, because each task tells it all.
    """
    options: Mapping[str, str] = field(default_factory=dict)
    """What it is opened with: argument → setting of the configuration, such as batch_size →
    sampling.batch_size, or what the sample set says: set.policy_id, set.known_as.
    """
    seat_options: tuple[str, ...] = ()
    """Arguments that say where it is opened, of memory_share and n_spared."""
    loads_model: bool = True
    """It loads the policy or the reward model on this machine, so memory is estimated first."""
    reads: Literal["text", "question", "key", "sampled"] = "question"
    """Reward models: the policy's prompt and the response as one text, the bare question and the
    response, the response's key, whose scores a recording holds, or the prompt that was sampled
    from, worked examples included.
    """
    is_bounded: bool = True
    """Reward models: scores are probabilities in [0, 1]; else finite numbers of any size."""
    is_served: bool = False
    """Reward models: vLLM's pooling servers serve it (engine.rewards.layouts)."""
    head: tuple[str, ...] = ()
    """Reward models: how names of the head's tensors begin, any of these; empty where that is not
    known.
    """
    trains_on: Literal["pairs", "responses", "plan"] = "pairs"
    """Trainers: an iteration's preference pairs, the responses of its pool that are kept, or its
    committed plan, from which they draw responses themselves.
    """


_TRUST = {"trust_remote_code": "policy.trust_remote_code"}
_BATCH = {"batch_size": "sampling.batch_size"}
_DTYPE = {"dtype": "sampling.dtype"}
_TENSOR = {"tensor_parallel_size": "sampling.tensor_parallel_size"}
_SERVERS = {
    "base_urls": "sampling.base_urls",
    "model": "sampling.model",
    "policy_id": "set.policy_id",
    "known_as": "set.known_as",
}
_RAY = {"address": "sampling.ray_address", "n_engines": "sampling.n_engines"}
_REWARD = {"trust_remote_code": "reward.trust_remote_code"}
_STEPS = {"steps": "reward.steps", "step_pattern": "reward.step_pattern"}
_STEPPED = _REWARD | _STEPS
_PROMPTED = {name: f"policy.{name}" for name in ("chat", "system", "thinking")}
_FAMILIES = "engine.rewards."
_TOKEN_HEADS = ("score.weight", "score.out_proj.", "classifier.")
_SEQUENCE_HEADS = (*_TOKEN_HEADS, "classification_head.", "logits_proj.", "sequence_summary.")

BACKENDS: dict[str, BackendEntry] = {
    entry.name: entry
    for entry in (
        BackendEntry(
            "hf_local", Role.SAMPLER, "engine.samplers.hf_local:HfSampler", _BATCH | _DTYPE | _TRUST
        ),
        BackendEntry(
            "vllm_local",
            Role.SAMPLER,
            "engine.samplers.vllm_local:VllmSampler",
            _BATCH | _DTYPE | _TRUST | _TENSOR,
            ("memory_share",),
        ),
        BackendEntry(
            "openai_api",
            Role.SAMPLER,
            "engine.samplers.openai_api:OpenAiSampler",
            _BATCH | _TRUST | _SERVERS,
            loads_model=False,
        ),
        BackendEntry(
            "ray_pool",
            Role.SAMPLER,
            "engine.samplers.ray_pool:RaySampler",
            _BATCH | _DTYPE | _TRUST | _RAY | _TENSOR,
            ("n_spared",),
            loads_model=False,
        ),
        BackendEntry(
            "recorded",
            Role.SAMPLER,
            "engine.recorded.sampler:RecordedSampler",
            _BATCH,
            loads_model=False,
        ),
        BackendEntry(
            "token_classification",
            Role.REWARD,
            _FAMILIES + "token_classification:TokenClassificationReward",
            _STEPPED,
            reads="text",
            is_served=True,
            head=_TOKEN_HEADS,
        ),
        BackendEntry(
            "qwen_prm",
            Role.REWARD,
            _FAMILIES + "qwen_prm:open_qwen_prm",
            _STEPPED | {"backend": "reward.backend"},
            is_served=True,
            head=("score.0.",),
        ),
        BackendEntry(
            "skywork_prm",
            Role.REWARD,
            _FAMILIES + "skywork_prm:SkyworkPrm",
            _STEPPED,
            head=("v_head.summary.",),
        ),
        BackendEntry(
            "tagged_lm",
            Role.REWARD,
            _FAMILIES + "tagged_lm:TaggedLm",
            _STEPPED | {f.name: f"tagged_lm.{f.name}" for f in fields(TaggedLmConfig)},
            is_served=True,
        ),
        BackendEntry(
            "implicit",
            Role.REWARD,
            _FAMILIES + "implicit:ImplicitReward",
            _STEPPED | _PROMPTED | {f.name: f"implicit.{f.name}" for f in fields(ImplicitConfig)},
            reads="sampled",
            is_bounded=False,
        ),
        BackendEntry(
            "generative",
            Role.REWARD,
            _FAMILIES + "generative:GenerativeReward",
            _STEPS | {f.name: f"generative.{f.name}" for f in fields(GenerativeConfig)},
            loads_model=False,
        ),
        BackendEntry(
            "outcome",
            Role.REWARD,
            _FAMILIES + "outcome:OutcomeReward",
            _REWARD,
            is_served=True,
            head=_SEQUENCE_HEADS,
        ),
        BackendEntry(
            "pooling_servers",
            Role.READER,
            _FAMILIES + "pooling_servers:ServedReward",
            {"base_urls": "reward.base_urls", "known_as": "reward.path"},
            loads_model=False,
        ),
        BackendEntry(
            "reward_engines",
            Role.READER,
            _FAMILIES + "ray_engines:RewardEngines",
            {"n_engines": "reward.n_engines", "address": "reward.ray_address"},
            loads_model=False,
        ),
        BackendEntry(
            "recorded_scores",
            Role.REWARD,
            "engine.recorded.scores:RecordedScores",
            loads_model=False,
            reads="key",
        ),
        BackendEntry("dpo", Role.TRAINER, "engine.training.dpo:DpoTrainer"),
        BackendEntry("sft", Role.TRAINER, "engine.training.sft:SftTrainer", trains_on="responses"),
        BackendEntry("grpo", Role.TRAINER, "engine.training.grpo:GrpoTrainer", trains_on="plan"),
        BackendEntry("rloo", Role.TRAINER, "engine.training.rloo:RlooTrainer", trains_on="plan"),
    )
}
"""By name, in the order they are listed to a person."""

ELSEWHERE = {"servers": "pooling_servers", "ray": "reward_engines"}
"""What reads a reward model in another place than its own process, by reward.backend."""
RECORDED = "recorded"
NO_REWARD = "none"
"""The reward family of a run without process rewards: no backend."""


def backend_names(role: Role) -> tuple[str, ...]:
    """The backends of a role, as a configuration names them."""
    return tuple(entry.name for entry in BACKENDS.values() if entry.role is role)


def loads_model(name: str) -> bool:
    """Whether a sampler or reward family loads a model on this machine; a name without a backend
    loads none.
    """
    return name in BACKENDS and BACKENDS[name].loads_model


def takers(setting: str) -> tuple[str, ...]:
    """Backends that are opened with a setting, such as sampling.base_urls."""
    return tuple(entry.name for entry in BACKENDS.values() if setting in entry.options.values())


def is_bounded(family: str) -> bool:
    """Whether a reward family's scores are probabilities in [0, 1]; True for a name without a
    backend.
    """
    return family not in BACKENDS or BACKENDS[family].is_bounded


def reads_as(family: str) -> Literal["text", "question", "key", "sampled"]:
    """What a reward family reads of a response; "question" for a name without a backend."""
    return BACKENDS[family].reads if family in BACKENDS else "question"


def keeps_responses(method: str) -> bool:
    """Whether a trainer trains on the responses that an iteration keeps, not on its pairs."""
    return BACKENDS[method].trains_on == "responses"


def draws_itself(method: str) -> bool:
    """Whether a trainer draws the responses that it trains on, as the committed plan says."""
    return BACKENDS[method].trains_on == "plan"


def opening_options(
    name: str, config: Any, about_set: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The arguments with which a backend is opened: its settings out of a configuration, and no
    others; none for a name without a backend.

    Args:
        config: a RunConfig.
        about_set: of a sampler's sample set: set.policy_id and set.known_as.
    """
    known = about_set or {}

    def value(setting: str) -> Any:
        table, _, field_name = setting.partition(".")
        return known[setting] if table == "set" else getattr(getattr(config, table), field_name)

    options = BACKENDS[name].options if name in BACKENDS else {}
    return {argument: value(setting) for argument, setting in options.items()}


def reward_opening(config: Any, model_id: str, **given: Any) -> tuple[str, dict[str, Any]]:
    """(name, arguments) of what a configuration's reward model is opened with: its family, or what
    reads that elsewhere.

    Args:
        model_id: content id of its files.
        given: what its family is opened with beside its settings.
    """
    family, reader = config.reward.family, ELSEWHERE.get(config.reward.backend)
    options = opening_options(family, config) | given
    if reader is None or family not in BACKENDS:
        return family, options
    if "backend" in options:
        options["backend"] = "auto"
    about = (
        {"family": family, "model_id": model_id}
        if reader == "pooling_servers"
        else {"opens": BACKENDS[family].opens}
    )
    return reader, {"options": options, **about, **opening_options(reader, config)}
