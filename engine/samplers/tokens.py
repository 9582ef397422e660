"""Between text and tokens: what every local backend must do alike, so that greedy responses are
equal between them.
"""

from collections.abc import Collection

from engine.errors import SamplerError
from engine.types import SamplingSettings


def prompt_tokens(
    tokenizer, prompts: Collection[str], settings: SamplingSettings
) -> dict[str, list[int]]:
    """Token ids of each distinct prompt: with the tokenizer's special tokens, or inside its chat
    template.

    Raises: SamplerError if settings.chat is on and the tokenizer has no chat template.
    """
    ordered = sorted(set(prompts))
    if not ordered:
        return {}
    if not settings.chat:
        return dict(zip(ordered, tokenizer(ordered).input_ids))
    if not tokenizer.chat_template:
        raise SamplerError(
            "policy.chat is on, and the policy's tokenizer has no chat template. Turn it off, or"
            " use a policy with one."
        )
    texts = [
        tokenizer.apply_chat_template(
            [{"role": "user", "content": prompt}], tokenize=False, add_generation_prompt=True
        )
        for prompt in ordered
    ]
    return dict(zip(ordered, tokenizer(texts, add_special_tokens=False).input_ids))


def end_tokens(generation_config, tokenizer) -> list[int]:
    """The token ids that end a response: those of the generation config, or else the
    tokenizer's.
    """
    ends = generation_config.eos_token_id
    ends = tokenizer.eos_token_id if ends is None or ends == [] else ends
    return [ends] if isinstance(ends, int) else list(ends or [])


def cannot_load(path: str, error: Exception) -> SamplerError:
    """The error for a policy that does not load."""
    return SamplerError(
        f"The policy at {path} could not be loaded ({error}). Give a folder with config.json, a"
        " tokenizer and safetensors, or a hub id."
    )
