"""Between text and tokens: what sampling and training must do alike, so that what was sampled is
what is trained.

A prompt is rendered to token ids by `render`, here and nowhere else. No chat template is ever
applied to a response: templates drop what stands before the end of thinking, or insert what was
never sampled.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from engine.errors import SamplerError, in_one_line
from engine.models.spelling import special_tokens
from engine.models.vocabulary import require_known_ids
from engine.thinking import closes, closing, marks_in, opened_by
from engine.types import SamplingSettings

_MARK = "\u2603"
"""A character that no chat template writes by itself: shows where a template puts a response."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A prompt as the policy reads it."""

    text: str
    ids: list[int]


def render(
    tokenizer: Any, prompts: Collection[str], settings: SamplingSettings
) -> dict[str, Rendered]:
    """Each distinct prompt as text and token ids: with the tokenizer's special tokens, or inside
    its chat template. A begin token that the text spells is not added a second time.

    Raises: SamplerError if settings.chat is on and the tokenizer has no chat template, or the
    template has no system role or no thinking switch where the settings ask for one.
    """
    ordered = sorted(set(prompts))
    if not ordered:
        return {}
    if settings.chat:
        texts = [_in_template(tokenizer, prompt, settings) for prompt in ordered]
        ids = tokenizer(texts, add_special_tokens=False).input_ids
    else:
        _require_no_chat_settings(settings)
        texts = ordered
        ids = [_plain_ids(tokenizer, text) for text in texts]
    return {
        prompt: Rendered(text, list(tokens)) for prompt, text, tokens in zip(ordered, texts, ids)
    }


def prompt_tokens(
    tokenizer: Any, prompts: Collection[str], settings: SamplingSettings
) -> dict[str, list[int]]:
    """Token ids of each distinct prompt; see render."""
    return {
        prompt: rendered.ids for prompt, rendered in render(tokenizer, prompts, settings).items()
    }


def end_tokens(generation_config: Any, tokenizer: Any, settings: SamplingSettings) -> list[int]:
    """The token ids that end a response, in this order and each once: the generation config's, the
    tokenizer's, in a chat the one with which the template ends a turn, and stop strings that are a
    special token each, which no text shows.

    Raises: SamplerError if there is none, and no stop string either.
    """
    ends = [*_ids(generation_config.eos_token_id), *_ids(tokenizer.eos_token_id)]
    if settings.chat and (turn_end := template_end(tokenizer)) is not None:
        ends.append(turn_end)
    special = {text: id for id, text in special_tokens(tokenizer).items()}
    ends += [special[text] for text in settings.stop if text in special]
    ends = list(dict.fromkeys(ends))
    if not ends and not settings.stop:
        raise SamplerError(
            "The policy has no end token: neither its generation_config.json nor its tokenizer"
            " names one, so that no response would ever end. Set eos_token_id in"
            " generation_config.json, or sampling.stop to texts that end a response, such as"
            ' ["\\n\\nQuestion:"].'
        )
    return ends


def written_end(generation_config: Any, tokenizer: Any, settings: SamplingSettings) -> int | None:
    """The end token that belongs behind a response of which only the text is known: the template's
    turn end in a chat, else the tokenizer's. None where there is none.
    """
    turn_end = template_end(tokenizer) if settings.chat else None
    own = [*_ids(tokenizer.eos_token_id), *_ids(generation_config.eos_token_id)]
    return turn_end if turn_end is not None else next(iter(own), None)


def template_end(tokenizer: Any) -> int | None:
    """The token with which the chat template ends a turn of the assistant: the first special or
    added token behind a response. None if the template writes none.
    """
    if not tokenizer.chat_template:
        return None
    messages = [{"role": "user", "content": "?"}, {"role": "assistant", "content": _MARK}]
    behind = tokenizer.apply_chat_template(messages, tokenize=False).rpartition(_MARK)[2]
    special = {*tokenizer.all_special_ids, *tokenizer.added_tokens_decoder}
    ids = tokenizer(behind, add_special_tokens=False).input_ids
    return next((token for token in ids if token in special), None)


def response_tokens(tokenizer: Any, prompt: Rendered, text: str, end: int | None) -> list[int]:
    """Token ids of a response of which only the text is known: encoded behind its prompt, and
    checked.

    Args:
        end: the token behind it; None for a response that was cut.

    Raises: SamplerError, with the difference, if the tokens do not spell the text again, or do not
    begin with the prompt's own.
    """
    n, whole = len(prompt.ids), _whole_ids(tokenizer, prompt, text)
    if whole[:n] != prompt.ids:  # a token would lie across the border: none is sampled there
        whole = prompt.ids + tokenizer(text, add_special_tokens=False).input_ids
    before, spelled = _spelled(tokenizer, prompt.ids), _spelled(tokenizer, whole)
    if spelled != before + text:
        raise SamplerError(_does_not_spell(text, spelled[len(before) :]))
    return [*whole[n:], *([] if end is None else [end])]


def answer_start(prompt: str, text: str) -> int | None:
    """Where the answer begins in a response that thinks first, in characters: behind the last mark
    that closes its first thinking, or at the end if none does. What opens later may be of another
    turn: grading tells. None for a response that does not begin with thinking.

    Args:
        prompt: as the policy read it; some templates open the thinking there.

    >>> answer_start("?<think>\\n", "3 + 1</think>4")
    13
    """
    marks = marks_in(text)
    opens = bool(marks) and not closes(marks[0]) and not text[: marks[0].start()].strip()
    is_open = opens or opened_by(prompt) is not None
    first = next((n for n, mark in enumerate(marks) if closes(mark)), None)
    if first is None or not (is_open or first == 0):
        return len(text) if is_open else None
    *_, last = takewhile(closes, marks[first:])
    return last.end()


def require_no_thinking_budget(sampler: str, settings: SamplingSettings) -> None:
    """Raises: SamplerError if thinking is to be closed by a sampler that cannot."""
    if settings.thinking_tokens:
        raise SamplerError(
            f"sampling.thinking_tokens is {settings.thinking_tokens}, and {sampler} cannot close"
            " thinking. Set it to 0, or sample with vllm_local or servers of vLLM."
        )


def with_reasoning(prompt: str, reasoning: str, answer: str) -> str:
    """A response from its two parts, as the policy wrote it: what opens thinking stands in the
    response unless it ends the prompt.

    >>> with_reasoning("?<think>\\n", "3 + 1", "4")
    '3 + 1</think>4'
    """
    opened = opened_by(prompt)
    opens = "<think>" if opened is None else ""
    return f"{opens}{reasoning}{closing(opened or opens)}{answer}"


def stop_at(text: str, stops: Sequence[str]) -> int | None:
    """Where the first stop string begins in a text; None if there is none.

    >>> stop_at("4.\\n\\nQuestion: 2", ["\\n\\nQuestion:"])
    2
    """
    positions = [at for stop in stops if (at := text.find(stop)) >= 0]
    return min(positions, default=None)


def token_counter(path: str) -> Callable[[Sequence[str]], list[int]]:
    """Counts the tokens of texts as a policy's tokenizer makes them, without its special tokens.

    Args:
        path: the policy's folder; its own code is not run.

    Raises: SamplerError as load_tokenizer.
    """
    tokenizer, _ = load_tokenizer(path, trust_remote_code=False)

    def count(texts: Sequence[str]) -> list[int]:
        ids = (
            tokenizer(list(texts[start : start + 1_000]), add_special_tokens=False).input_ids
            for start in range(0, len(texts), 1_000)
        )
        return [len(tokens) for batch in ids for tokens in batch]

    return count


def load_tokenizer(path: str, *, trust_remote_code: bool) -> tuple[Any, Any]:
    """A policy's tokenizer and generation config, without its weights.

    Raises: SamplerError if they cannot be read, or if the model does not know every token.
    """
    from transformers import AutoConfig, AutoTokenizer, GenerationConfig

    try:
        tokenizer = AutoTokenizer.from_pretrained(path, trust_remote_code=trust_remote_code)
        model = AutoConfig.from_pretrained(path, trust_remote_code=trust_remote_code)
    except Exception as error:  # damaged files raise what they like
        raise cannot_load(path, error) from error
    require_known_ids(tokenizer, model, path)
    try:
        return tokenizer, GenerationConfig.from_pretrained(path)
    except OSError:  # a folder without that file
        return tokenizer, GenerationConfig.from_model_config(model)
    except Exception as error:
        raise cannot_load(path, error) from error


def cannot_load(path: str, error: Exception) -> SamplerError:
    """The error for a policy that does not load."""
    return SamplerError(
        f"The policy at {path} could not be loaded ({in_one_line(error)}). Give a folder with"
        " config.json, a tokenizer and safetensors, or a hub id."
    )


def _in_template(tokenizer: Any, prompt: str, settings: SamplingSettings) -> str:
    template = tokenizer.chat_template
    if not template:
        raise SamplerError(
            "policy.chat is on, and the policy's tokenizer has no chat template. Turn it off, or"
            " use a policy with one."
        )
    messages = [{"role": "user", "content": prompt}]
    if settings.system:
        messages.insert(0, {"role": "system", "content": settings.system})
    switches = _thinking_switch(template, settings)
    try:
        text = tokenizer.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=True, **switches
        )
    except Exception as error:  # templates raise what they like
        raise SamplerError(
            f"The policy's chat template does not take this conversation ({error})."
            + (
                " policy.system is set: a template without a system role refuses it. Leave it out,"
                " and put its words into policy.prompt_template."
                if settings.system
                else ""
            )
        ) from error
    if settings.system and settings.system not in text:
        raise SamplerError(
            "policy.system is set, and the policy's chat template leaves it out. Leave"
            " policy.system out, and put its words into policy.prompt_template."
        )
    return text


def _thinking_switch(template: str, settings: SamplingSettings) -> dict[str, bool]:
    if settings.thinking == "auto":
        return {}
    if "enable_thinking" not in str(template):
        raise SamplerError(
            f'policy.thinking is "{settings.thinking}", and the policy\'s chat template has no'
            ' switch for it (enable_thinking). Set policy.thinking = "auto".'
        )
    return {"enable_thinking": settings.thinking == "on"}


def _require_no_chat_settings(settings: SamplingSettings) -> None:
    for name, is_set in (("system", settings.system), ("thinking", settings.thinking != "auto")):
        if is_set:
            raise SamplerError(
                f"policy.{name} is set, and policy.chat is off: only a chat template knows it. Set"
                f" policy.chat = true, or leave policy.{name} out."
            )


def _plain_ids(tokenizer: Any, text: str) -> list[int]:
    spells_begin = bool(tokenizer.bos_token) and text.startswith(tokenizer.bos_token)
    return tokenizer(text, add_special_tokens=not spells_begin).input_ids


def _whole_ids(tokenizer: Any, prompt: Rendered, text: str) -> list[int]:
    """The ids of prompt and text together, with what the tokenizer put before the prompt's own."""
    bare = tokenizer(prompt.text, add_special_tokens=False).input_ids
    n_added = len(prompt.ids) - len(bare)
    if n_added < 0 or prompt.ids[n_added:] != bare:
        return []
    return prompt.ids[:n_added] + tokenizer(prompt.text + text, add_special_tokens=False).input_ids


def _does_not_spell(text: str, spelled: str) -> str:
    at = next(
        (i for i, (a, b) in enumerate(zip(text, spelled)) if a != b), min(len(text), len(spelled))
    )
    near = slice(max(0, at - 20), at + 20)
    return (
        f"The policy's tokenizer does not give a response back as it was: at character {at} of"
        f" {text[near]!r} it spells {spelled[near]!r}. Such a response cannot be trained on: other"
        " tokens would be learnt than were written. Sample with a backend that keeps token ids"
        " (hf_local, vllm_local), or use a tokenizer that spells its texts exactly."
    )


def _spelled(tokenizer: Any, ids: list[int]) -> str:
    return tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)


def _ids(ends: int | Sequence[int] | None) -> list[int]:
    return [ends] if isinstance(ends, int) else list(ends or [])
