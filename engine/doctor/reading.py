"""How a configuration's policy would read prompts and end responses: its tokenizer, chat template
and end tokens. No weights are read, and no code of the policy's runs.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.config import RunConfig
from engine.config.tables import SamplingConfig
from engine.doctor.finding import Finding
from engine.errors import EngineError
from engine.models.own_code import OwnCode, looking_at
from engine.models.plausible import require_plausible
from engine.models.tokens import end_tokens, load_tokenizer, render
from engine.thinking import is_mark, looks_like_mark


def reading(config: RunConfig, folder: Path) -> Iterator[Finding]:
    """Findings on the settings of [policy] and [sampling] that the tokenizer decides.

    Args:
        folder: the policy's files on this machine.
    """
    settings, trusted = config.train_settings(), config.policy.trust_remote_code
    try:
        require_plausible(folder, trust=trusted)
        with looking_at(folder, trusted=trusted):
            tokenizer, generation_config = load_tokenizer(str(folder), trust_remote_code=False)
        render(tokenizer, ["?"], settings)
        ends = end_tokens(generation_config, tokenizer, settings)
    except OwnCode as error:
        yield Finding("policy", "ask", str(error), holds_up=False)
        return
    except EngineError as error:
        yield Finding("policy", "change", str(error))
        return
    if tokenizer.chat_template and not settings.chat:
        yield Finding(
            "policy.chat",
            "note",
            "The tokenizer has a chat template, and policy.chat is off: a policy that was tuned to"
            " chat may answer nothing. Set policy.chat = true for such a policy.",
        )
    names = ", ".join(tokenizer.convert_ids_to_tokens(ends)) or "no token"
    stop = f"; the texts {', '.join(map(repr, settings.stop))}" if settings.stop else ""
    yield Finding("end of a response", "ok", f"{names}{stop}")
    if unread := ", ".join(_unread(tokenizer)):
        yield Finding(
            "thinking",
            "note",
            f"The tokenizer has {unread}, which may mark thinking and is not read as a mark: a"
            " thought that is cut would be graded as an answer. Look at the first responses. Marks"
            " such as </NAME> are read where grading.thinking_names has the name; else turn"
            " thinking off (policy.thinking), or write a grading.pattern.",
        )
    if offered := ", ".join(_offered(generation_config, config.sampling)):
        yield Finding(
            "sampling",
            "note",
            f"The policy's generation_config.json suggests {offered}. Nothing of it is taken unless"
            " you set it.",
        )


def _unread(tokenizer: Any) -> Iterator[str]:
    """Added tokens that look like marks of thinking and are none that we know."""
    for _, token in sorted(tokenizer.added_tokens_decoder.items()):
        if looks_like_mark(token.content) and not is_mark(token.content):
            yield repr(token.content)


def _offered(generation_config: Any, sampling: SamplingConfig) -> Iterator[str]:
    """What the policy's authors suggest and the configuration does not set, as it would be written
    there.
    """
    for name in ("temperature", "top_p", "top_k", "min_p", "repetition_penalty"):
        value = getattr(generation_config, name, None)
        if value is not None and value != getattr(sampling, name):
            yield f"sampling.{name} = {value:g} (now {getattr(sampling, name):g})"
