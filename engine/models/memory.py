"""How much memory a model takes: arithmetic over its size and its shape.

Pure: reads no file, asks no device, imports no library. Estimates for deciding before anything is
loaded, all in bytes, and on the safe side: every response in flight is taken at its full length.
What nobody published is said to be ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

FULL, HALF = 4, 2
"""Bytes of a number in float32 and in bfloat16."""

PROMPT_TOKENS = 512
"""Tokens allowed for a prompt beside max_new_tokens where the prompts are not known. Ours."""

TOKEN_BYTES, TEMPLATE_TOKENS = 3.5, 32
"""Bytes of UTF-8 per token, and what a chat template adds. Measured on word problems with SmolLM2,
to which every digit is a token: 3.6 and 30.
"""

TRAINING_BYTES = 16
"""Per parameter: float32 weights, gradients and two Adam moments, 4 each; the reference's
log-probabilities are computed before the first step, so there is no second model. Source:
engine/training/dpo.py; Rajbhandari et al. 2020 (ZeRO), section 3.1."""

AUTOCAST_BYTES = 2
"""Per parameter while training in bfloat16: the copies that autocast keeps. Source:
torch.amp, cache_enabled.
"""

LAYER_NUMBERS = 34
"""16-bit bytes per token and hidden unit that one layer keeps for its backward pass, attention
scores left out because they are not stored. Source: Korthikanti et al. 2022 (Reducing Activation
Recomputation), equation 1."""

LOGIT_COPIES = 3
"""float32 copies of the logits while training: themselves, their log-softmax, their gradient.
Ours.
"""

DRAWING_BYTES = 24
"""Per response and vocabulary entry while hf_local draws a token: the logits and their softmax in
8-byte numbers, and the model's own logits twice. Source: engine/samplers/choosing.py.
"""

PREFILL_TOKENS = 8_192
"""Prompt tokens that hf_local reads in one pass, padding included, if that is more than one prompt.
Ours.
"""

ROOM = 64
"""Columns of hf_local's cache that are free after a move: instead of one copy of the cache per
token, one per ROOM. Ours.
"""

PRM_TOKENS = 16_384
"""Padded tokens per forward pass of a reward model. Source: BATCH_TOKENS in
engine/rewards/batched.py.
"""

VLLM_TOKENS = 16_384
"""Tokens that vLLM reads in one step on a large GPU. Source: vLLM 0.31, default
max_num_batched_tokens.
"""

VLLM_CPU_CACHE = 2**30
"""Source: VLLM_CPU_KVCACHE_SPACE in engine/samplers/vllm_local.py."""

LIBRARIES, TRAINING_LIBRARIES, VLLM_LIBRARIES = 460_000_000, 535_000_000, 735_000_000
"""What torch and transformers take beside any model: sampling or scoring, training, and vLLM.
Measured on a CPU.
"""

GPU_CONTEXT = 1_500_000_000
"""CUDA's context, kernels and captured graphs, per process. Ours; not measured."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a config.json says of a decoder."""

    n_layers: int
    n_hidden: int
    n_inner: int
    """Width of the feed-forward layer."""
    n_kv: int
    """Key-value heads times their width."""
    n_vocabulary: int
    n_positions: int | None
    """Longest text; None where it has no limit."""


@dataclass(frozen=True, slots=True)
class ModelSize:
    n_parameters: int
    shape: Shape | None = None
    """None where the config.json is not here, or is of another kind: then only what depends on the
    parameters is counted.
    """


@dataclass(frozen=True, slots=True)
class Need:
    """Bytes on one device."""

    weights: int
    """In training with gradients and optimiser moments."""
    working: int
    """Activations, logits, and the libraries themselves."""
    cache: int = 0
    """Key-value cache for all responses in flight at full length; 0 where there is none or the
    shape is unknown.
    """
    cache_least: int = 0
    """The cache without which nothing can be sampled: all of it, or one response's where the engine
    can make do.
    """
    is_partial: bool = False
    """The shape is unknown: only what depends on the number of parameters is counted."""

    @property
    def least(self) -> int:
        return self.weights + self.working + self.cache_least

    @property
    def wanted(self) -> int:
        return self.weights + self.working + self.cache

    def with_room_for(self, sampling: "Need") -> "Need":
        """A training that now and then samples between two steps, when its activations are gone.

        >>> Need(16, 5).with_room_for(Need(4, 3, 4, 4)).working
        7
        """
        working = max(self.working, sampling.working + sampling.cache)
        return replace(self, working=working)

    def shared_by(self, n_devices: int) -> "Need":
        """What each of several devices needs that share weights and cache.

        >>> Need(8, 1, 4, 2).shared_by(2)
        Need(weights=4, working=1, cache=2, cache_least=1, is_partial=False)
        """
        weights, cache, cache_least = (
            -(-part // n_devices) for part in (self.weights, self.cache, self.cache_least)
        )
        return Need(weights, self.working, cache, cache_least, self.is_partial)


def shape_of(config: Mapping[str, Any]) -> Shape | None:
    """The shape that a config.json describes; None if it is of a kind that does not say.

    >>> shape_of({"num_hidden_layers": 28, "hidden_size": 3584, "intermediate_size": 18944, \
"num_attention_heads": 28,
    ...     "num_key_value_heads": 4, "vocab_size": 152064, "max_position_embeddings": 131072}).n_kv
    512
    """
    try:
        n_heads, n_hidden = config["num_attention_heads"], config["hidden_size"]
        n_kv_heads = config.get("num_key_value_heads") or n_heads
        width = config.get("head_dim") or n_hidden // n_heads
        return Shape(
            config["num_hidden_layers"],
            n_hidden,
            config["intermediate_size"],
            n_kv_heads * width,
            config["vocab_size"],
            config.get("max_position_embeddings"),
        )
    except (KeyError, TypeError):
        return None


def tokens_of(prompt: str) -> int:
    """Tokens that a prompt has, as a rule.

    >>> tokens_of("How many pears are there?")
    40
    """
    return ceil(len(prompt.encode("utf-8", "replace")) / TOKEN_BYTES) + TEMPLATE_TOKENS


def sampling_need(
    size: ModelSize,
    sampler: str,
    *,
    batch_size: int,
    max_new_tokens: int,
    on_gpu: bool,
    is_half: bool,
    prompt_tokens: int = PROMPT_TOKENS,
) -> Need:
    """For hf_local or vllm_local. vLLM waits where its cache is short, so one response's cache is
    enough for it; hf_local cannot.

    Args:
        is_half: it computes in bfloat16.
        prompt_tokens: of the longest prompt.
    """
    each = HALF if is_half else FULL
    libraries = VLLM_LIBRARIES if sampler == "vllm_local" else LIBRARIES
    weights, libraries = size.n_parameters * each, libraries + (GPU_CONTEXT if on_gpu else 0)
    if size.shape is None:
        return Need(weights, libraries, is_partial=True)
    n_tokens = prompt_tokens + max_new_tokens
    if size.shape.n_positions:
        n_tokens = min(n_tokens, size.shape.n_positions)
    one = cache_bytes(size.shape, n_tokens, each)
    logits = DRAWING_BYTES * batch_size * size.shape.n_vocabulary
    if sampler == "vllm_local":
        working = libraries + logits + _forward_bytes(size.shape, VLLM_TOKENS, each)
        return (
            Need(weights, working, batch_size * one, one)
            if on_gpu
            else Need(weights, working, VLLM_CPU_CACHE, VLLM_CPU_CACHE)
        )
    n_read = min(batch_size * prompt_tokens, max(PREFILL_TOKENS, prompt_tokens))
    read = _forward_bytes(size.shape, n_read, each) + cache_bytes(size.shape, n_read, each)
    cache = batch_size * (one + cache_bytes(size.shape, ROOM, each))
    return Need(weights, libraries + logits + read, cache, cache)


def scoring_need(size: ModelSize, *, on_gpu: bool) -> Need:
    """For a reward model that reads PRM_TOKENS tokens at a time and keeps no cache."""
    each = HALF if on_gpu else FULL
    working = LIBRARIES + (GPU_CONTEXT if on_gpu else 0)
    if size.shape is not None:
        working += _forward_bytes(size.shape, PRM_TOKENS, each)
    return Need(size.n_parameters * each, working, is_partial=size.shape is None)


def training_need(
    size: ModelSize,
    *,
    micro_batch_size: int,
    max_length: int,
    checkpointing: bool,
    on_gpu: bool,
    is_half: bool,
    is_lora: bool = False,
) -> Need:
    """For DPO in one process on one device: a micro-batch holds a chosen and a rejected text per
    pair.

    Args:
        max_length: of a prompt and a response together.
        is_half: forward and backward passes are computed in bfloat16.
        is_lora: only an adapter is trained; its own gradients and moments are counted as nothing
            beside the weights.
    """
    states = size.n_parameters * (
        (FULL if is_lora else TRAINING_BYTES) + (AUTOCAST_BYTES if is_half else 0)
    )
    working = TRAINING_LIBRARIES + (GPU_CONTEXT if on_gpu else 0)
    shape, n_tokens, each = size.shape, 2 * micro_batch_size * max_length, HALF if is_half else FULL
    if shape is not None:
        one_layer = LAYER_NUMBERS * each // HALF * n_tokens * shape.n_hidden
        activations = (
            shape.n_layers * n_tokens * shape.n_hidden * each + one_layer
            if checkpointing
            else shape.n_layers * one_layer
        )
        working += activations + LOGIT_COPIES * FULL * n_tokens * shape.n_vocabulary
    return Need(states, working, is_partial=shape is None)


def cache_bytes(shape: Shape, n_tokens: int, bytes_each: int) -> int:
    """Keys and values of n_tokens tokens in every layer.

    Source: Kwon et al. 2023 (PagedAttention), section 3.

    >>> cache_bytes(Shape(28, 3584, 18944, 512, 152064, None), 1, HALF)
    57344
    """
    return 2 * shape.n_layers * shape.n_kv * n_tokens * bytes_each


def _forward_bytes(shape: Shape, n_tokens: int, bytes_each: int) -> int:
    """One layer's activations of a pass without gradients: six of the hidden width, three of the
    inner one. Ours, by counting.
    """
    return n_tokens * (6 * shape.n_hidden + 3 * shape.n_inner) * bytes_each
