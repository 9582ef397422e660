"""What will be loaded where, and whether it fits: decided before a phase loads anything.

    one device       policy and reward model side by side if both fit, else in turn: all responses
        first, then all scores
    several GPUs     the policy on the first, or as many as share it, the reward model on the next

Sizes come from engine.models.weights, arithmetic from engine.models.memory, free memory from
engine.models.devices. What cannot be estimated is never refused. A sampler or reward model that
runs elsewhere, or looks its answers up, loads nothing here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine import samplers
from engine.config import RunConfig, TrainingConfig
from engine.config.backends import loads_model
from engine.errors import ConfigError
from engine.models import devices, memory, precision
from engine.models.devices import Device
from engine.models.memory import ModelSize, Need
from engine.models.weights import size_of
from engine.placement.backends import Backend, Placement
from engine.placement.beside_training import with_beside
from engine.placement.ray_seats import ray_seats

USABLE = 0.92
"""Share of the free memory that is counted on. Source: vLLM 0.31, default
gpu_memory_utilization.
"""

WARM = Need(0, 0)
"""What a sampler needs that is loaded already."""


@dataclass(frozen=True, slots=True)
class Load:
    """One model on one device."""

    table: str
    """Of the configuration: policy or reward."""
    path: str
    task: str
    """What it does there, as a sentence goes on: "sampling with hf_local", "scoring",
    "training".
    """
    device: Device
    need: Need | None
    """None: unknown, and never refused."""
    advice: str

    def fits(self, n_free: int | None) -> bool:
        """Whether the least it needs is there; True where either is unknown."""
        return self.need is None or n_free is None or self.need.least <= USABLE * n_free

    def refusal(self) -> str:
        """Field, value, needed, free, and what to do."""
        n = self.need
        assert n is not None, "what is unknown is never refused"
        states = "weights, gradients and moments" if self.task == "training" else "weights"
        parts = (
            f"{states} {gb(n.weights)}, key-value cache {gb(n.cache_least)}, working memory"
            f" {gb(n.working)}"
        )
        about = "at least" if n.is_partial else "about"
        return (
            f"{self.table}.path is {self.path}: {self.task} needs {about} {gb(n.least)} on"
            f" {self.device.name} ({parts}), and {gb(self.device.free)} of {gb(self.device.total)}"
            f" are free, of which {USABLE:.0%} are counted on. {self.advice} If the model is not"
            f" that large, mend {self.table}.n_parameters."
        )

    def summary(self) -> str:
        """One line for a person: what goes where, needed and free."""
        there = f"{self.path}, {self.task} on {self.device.name}"
        free = (
            f"{gb(self.device.free)} free"
            if self.device.free is not None
            else "free memory unknown"
        )
        if self.need is None:
            return (
                f"{there}: memory unknown until the files are here, or {self.table}.n_parameters is"
                f" set; {free}"
            )
        asked = (
            gb(self.need.least)
            if self.need.least == self.need.wanted
            else f"{gb(self.need.least)} to {gb(self.need.wanted)}"
        )
        counted = "at least " if self.need.is_partial else ""
        return f"{there}: needs {counted}{asked}, {free}"


@dataclass(frozen=True, slots=True)
class Seating:
    """Where a phase's models go."""

    policy: Load | None
    """None: sampled elsewhere, or replayed."""
    reward: Load | None
    together: bool
    """Both are loaded at the same time; otherwise in turn."""

    def require(self, *, warm: bool = False) -> None:
        """Raises: ConfigError for the first model that cannot fit even alone; beside a warm policy,
        that is once that is released.
        """
        if self.policy and not self.policy.fits(self.policy.device.free):
            raise ConfigError(self.policy.refusal())
        if self.reward and not self.reward.fits(
            self.reward.device.total if warm else self.reward.device.free
        ):
            raise ConfigError(self.reward.refusal())

    @property
    def memory_share(self) -> float | None:
        """The share of its GPU that vLLM may take: what is free, less what the reward model needs
        there. None if unknown.
        """
        device = self.policy.device if self.policy else None
        if device is None or not device.is_gpu or device.free is None or device.total is None:
            return None
        beside = (
            self.reward if self.reward and self.together and self.reward.device == device else None
        )
        need = beside.need if beside else Need(0, 0)
        if need is None:
            return None
        return int(100 * (USABLE * device.free - need.wanted) / device.total) / 100


def seat(policy: Load | None, reward: Load | None) -> Seating:
    """Side by side wherever nothing says that they do not fit. Pure."""
    if (
        policy is None
        or reward is None
        or policy.device != reward.device
        or policy.need is None
        or reward.need is None
    ):
        return Seating(policy, reward, True)
    free = policy.device.free
    return Seating(
        policy, reward, free is None or policy.need.wanted + reward.need.wanted <= USABLE * free
    )


def policy_load(
    config: RunConfig,
    sampler: str,
    size: ModelSize | None,
    here: Sequence[Device],
    *,
    warm: bool = False,
    prompt_tokens: int = memory.PROMPT_TOKENS,
) -> Load | None:
    """The policy in its sampler; None where the sampler loads nothing on this machine.

    Args:
        prompt_tokens: of the longest prompt.
    """
    if not loads_model(sampler):
        return None
    s, device = config.sampling, here[0]

    def load(batch_size: int) -> Load:
        need = size and memory.sampling_need(
            size,
            sampler,
            batch_size=batch_size,
            max_new_tokens=s.max_new_tokens,
            on_gpu=device.is_gpu,
            is_half=samplers.is_bfloat16(s.dtype, sampler, on_gpu=device.is_gpu),
            prompt_tokens=prompt_tokens,
        )
        if need and sampler == "vllm_local":
            need = need.shared_by(s.tensor_parallel_size)
        task = f"sampling with {sampler}"
        return Load("policy", config.policy.path, task, device, WARM if warm else need, "")

    fitting = _largest_that_fits(load, _halves(s.batch_size))
    advice = (
        f"Lower sampling.batch_size (now {s.batch_size}{_fits(fitting)}) or"
        f" sampling.max_new_tokens (now {s.max_new_tokens}), free memory, or take a smaller policy"
        " or a larger device."
    )
    return replace(load(s.batch_size), advice=advice)


def reward_load(config: RunConfig, size: ModelSize | None, here: Sequence[Device]) -> Load | None:
    """The reward model, both policies of an implicit one; None where scores are looked up or there
    are none.
    """
    if not config.loads_reward:
        return None
    device = here[min(config.sampling.tensor_parallel_size, len(here) - 1)]
    if size and config.reward.family == "implicit":
        size = replace(size, n_parameters=2 * size.n_parameters)
    need = size and memory.scoring_need(size, on_gpu=device.is_gpu)
    return Load(
        "reward",
        config.reward.path,
        "scoring",
        device,
        need,
        "Free memory, or take a smaller reward model or a larger device.",
    )


def training_load(
    config: RunConfig,
    training: TrainingConfig,
    size: ModelSize | None,
    device: Device,
    *,
    row_tokens: int | None = None,
    prm: ModelSize | None = None,
) -> Load:
    """The policy in one training process on one device.

    Args:
        row_tokens: of the longest prompt with its response; None for what training.max_length
            allows.
        prm: the reward model, for a training that draws its own responses.
    """
    t = training

    def load(micro_batch_size: int) -> Load:
        need = size and memory.training_need(
            size,
            micro_batch_size=micro_batch_size,
            max_length=min(t.max_length, row_tokens or t.max_length),
            checkpointing=t.gradient_checkpointing,
            on_gpu=device.is_gpu,
            is_half=precision.is_bfloat16(t.dtype, on_gpu=device.is_gpu),
            is_lora=t.lora_rank is not None,
        )
        if need and size:
            need = with_beside(need, config, t, size, prm, on_gpu=device.is_gpu)
        return Load("policy", config.policy.path, "training", device, need, "")

    divisors = [n for n in range(t.micro_batch_size, 0, -1) if t.batch_size % n == 0]
    fitting = _largest_that_fits(load, divisors)
    advice = (
        f"Lower training.micro_batch_size (now {t.micro_batch_size}{_fits(fitting)}) or"
        f" training.max_length (now {t.max_length}), set training.gradient_checkpointing = true or"
        " training.lora_rank, or take a smaller policy, a larger device or several."
    )
    return replace(load(t.micro_batch_size), advice=advice)


def _largest_that_fits(load: Callable[[int], Load], sizes: Sequence[int]) -> int | None:
    """The first of some batch sizes, in descending order, whose load fits; None if none does."""
    return next((n for n in sizes if load(n).fits(load(n).device.free)), None)


def _halves(n: int) -> list[int]:
    """n, a half of it, a quarter, … down to 1."""
    return [n >> k for k in range(n.bit_length())]


def _fits(n: int | None) -> str:
    return "" if n is None else f"; {n} fits"


def place(
    config: RunConfig,
    placement: Placement,
    sampler: Backend,
    reward: Backend,
    prompt_tokens: int = memory.PROMPT_TOKENS,
) -> tuple[Backend, Backend, bool]:
    """Seat a phase's backends, and release what is in their way. An open sampler stays.

    Args:
        prompt_tokens: of the longest prompt.

    Returns: both with their seats, and whether they may be open at the same time. Raises:
    ConfigError if one cannot fit.
    """
    is_warm = placement.is_open(sampler)
    placement.release(keep=[sampler, reward] if is_warm else [])
    if is_warm and placement.is_open(reward):
        return sampler, reward, True
    here = devices.here()[: 1 if config.placement == "inline" else None]
    policy_size = (
        _size(sampler.path, config.policy.n_parameters) if loads_model(sampler.name) else None
    )
    reward_size = _size(reward.path, config.reward.n_parameters) if config.loads_reward else None
    seating = seat(
        policy_load(
            config, sampler.name, policy_size, here, warm=is_warm, prompt_tokens=prompt_tokens
        ),
        reward_load(config, reward_size, here),
    )
    seating.require(warm=is_warm)
    policy_seat, reward_seat = ray_seats(config, sampler.name, here)
    policy_seat |= _seat(seating.policy, here, config.sampling.tensor_parallel_size)
    return (
        replace(sampler, seat=policy_seat | {"memory_share": seating.memory_share}),
        replace(reward, seat=reward_seat | _seat(seating.reward, here)),
        seating.together,
    )


def require_training(
    config: RunConfig, training: TrainingConfig, policy_path: str, prm_path: str = ""
) -> None:
    """Call it when everything else is released; on several GPUs nothing is said. Raises:
    ConfigError if it cannot fit.
    """
    here = devices.here()
    size = _size(policy_path, config.policy.n_parameters)
    prm = _size(prm_path, config.reward.n_parameters) if prm_path else None
    load = training_load(config, training, size, here[0], prm=prm)
    if len(here) == 1 and not load.fits(here[0].free):
        raise ConfigError(load.refusal())


def gb(n_bytes: int | None) -> str:
    return "an unknown amount" if n_bytes is None else f"{n_bytes / 1e9:.1f} GB"


def _size(path: str, n_parameters: int | None) -> ModelSize | None:
    """Of a model in the folder that is stored with a run; that it is gone is the backend's to
    say.
    """
    return size_of(Path(path) if Path(path).is_dir() else None, n_parameters)


def _seat(load: Load | None, here: Sequence[Device], n_devices: int = 1) -> dict:
    """Only where there is a choice is a child told its GPU; one that spreads over several takes the
    first ones by itself.
    """
    return {"gpu": load.device.gpu} if load is not None and len(here) > 1 and n_devices == 1 else {}
