"""The text that sampled tokens spell: the same for every sampler."""

from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from engine.thinking import is_mark

_SPECIAL: WeakKeyDictionary[Any, tuple[frozenset[int], frozenset[int]]] = WeakKeyDictionary()
"""By tokenizer: its special tokens that mark thinking, and all others."""


def spelled(tokenizer: Any, tokens: Sequence[int]) -> str:
    """A response's text: without special tokens, but for those that mark thinking. Without them a
    thought would read as an answer.
    """
    marks, hidden = _special(tokenizer)
    if marks.isdisjoint(tokens):
        return tokenizer.decode(tokens, skip_special_tokens=True)
    shown = [token for token in tokens if token not in hidden]
    return tokenizer.decode(shown, skip_special_tokens=False)


def special_tokens(tokenizer: Any) -> dict[int, str]:
    """The tokens that decoding skips, by id."""
    added = tokenizer.added_tokens_decoder.items()
    return {id: token.content for id, token in added if token.special}


def _special(tokenizer: Any) -> tuple[frozenset[int], frozenset[int]]:
    if tokenizer not in _SPECIAL:
        texts = special_tokens(tokenizer)
        marks = frozenset(id for id, text in texts.items() if is_mark(text))
        _SPECIAL[tokenizer] = marks, frozenset({*texts, *tokenizer.all_special_ids} - marks)
    return _SPECIAL[tokenizer]
