"""Text on its way into a model's layout: whatever a person or a policy wrote is letters, never a
special token.

A response may contain "<extra_0>" or "<|im_end|>". As tokens these would add a step or end a turn;
as letters they are harmless.
"""

import re

from engine.errors import RewardModelError

_MARKS = ("first-5b1f7c", "second-5b1f7c")
"""Stand in for the two texts while a chat template is rendered."""


class PlainText:
    """A tokenizer for texts in which the names of special tokens are only letters.

    Args:
        tokenizer: a transformers tokenizer.
        tags: further names to be read as letters, special or not.

    A text without such names gets the tokenizer's own ids, without the special tokens that it would
    add at the ends.
    """

    def __init__(self, tokenizer, tags: tuple[str, ...] = ()):
        self._tokenizer = tokenizer
        special = {
            token.content for token in tokenizer.added_tokens_decoder.values() if token.special
        }
        names = sorted((name for name in special | set(tags) if len(name) > 1), key=len)
        inside = [f"(?<={re.escape(name[0])})(?={re.escape(name[1:])})" for name in names]
        self._inside_a_name = re.compile("|".join(inside) or "(?!)")
        first = "".join(sorted({re.escape(name[0]) for name in names}))
        any_name = "|".join(map(re.escape, reversed(names)))
        self._name = re.compile(f"(?=[{first}])(?=({any_name}))" if names else "(?!)()")

    def names(self, text: str) -> list[tuple[int, int]]:
        """Where names stand in a text: [(start, end)), end exclusive; the longest at each place."""
        return [match.span(1) for match in self._name.finditer(text)]

    def holds_names(self, text: str) -> bool:
        """Whether the tokenizer itself would find a special token in the text."""
        return self._inside_a_name.search(text) is not None

    def ids(self, texts: list[str]) -> list[list[int]]:
        """Token ids of each text; a text is cut inside every such name, so that no piece holds a
        whole one.
        """
        pieces = [self._inside_a_name.split(text) for text in texts]
        flat = [piece for part in pieces for piece in part]
        read = iter(
            self._tokenizer(flat, add_special_tokens=False, verbose=False).input_ids if flat else []
        )
        return [[id for _ in part for id in next(read)] for part in pieces]


def chat_parts(tokenizer, path: str, system: str | None) -> list[str]:
    """What the tokenizer's chat template puts before the question, between question and response,
    and behind it.

    Raises: RewardModelError if there is no template, or it does not show both texts once, in this
    order.
    """
    if not tokenizer.chat_template:
        raise RewardModelError(
            f"The tokenizer of {path!r} has no chat template, and this family is read through one:"
            " check reward.family."
        )
    messages = [{"role": "system", "content": system}] if system else []
    messages += [
        {"role": role, "content": mark} for role, mark in zip(("user", "assistant"), _MARKS)
    ]
    rendered = tokenizer.apply_chat_template(messages, tokenize=False)
    parts = re.split("|".join(_MARKS), rendered)
    if len(parts) != 3 or rendered.index(_MARKS[0]) > rendered.index(_MARKS[1]):
        raise RewardModelError(
            f"The chat template of {path!r} does not show a question and its answer once each, in"
            " this order."
        )
    return parts


def added_tokens(tokenizer) -> tuple[list[int], list[int]]:
    """The special tokens that the tokenizer puts before and behind a text."""
    one = tokenizer("a", return_special_tokens_mask=True)
    inside = [index for index, special in enumerate(one.special_tokens_mask) if not special]
    return one.input_ids[: inside[0]], one.input_ids[inside[-1] + 1 :]
