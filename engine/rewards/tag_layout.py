"""How an item is laid out for a causal language model that judges steps by a tag: its token ids,
and where each score is read.

The whole text is tokenised at once, as the authors of such models do it. What a person or a policy
wrote stays letters: where it holds the name of a special token, it is tokenised piece by piece
instead.

Must not know of weights. Departures from the authors' scripts: 1. The steps are ours. 2. What they
write before a step, such as "Step 1: ", is not repeated where the step begins with it. 3. A step
that holds the tag is refused; they delete it there.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine.config.splitter import BLANK_LINE, Splitter
from engine.config.tagged import TagLayout
from engine.errors import RewardModelError
from engine.rewards.batched import Item, Row
from engine.rewards.plain_text import PlainText, added_tokens

_MARK = "mark-{}-5b1f7c"
"""Stands in for a turn's text while a chat template is rendered."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens that a layout counts on."""

    tag: int
    positive: int
    negative: int


class TagReader:
    """Lays items out. Use `tokens` for the ids that are compared.

    Args:
        path: of the model, for what is said when something does not fit.
        tokenizer: transformers' tokenizer beside it.
        layout: how this model is read.
        splitter: where responses are cut into steps.

    Raises: RewardModelError: an id outside the vocabulary, a text without tokens, right and wrong
        steps alike, or turns without a chat template.
    """

    def __init__(self, path: str, tokenizer, layout: TagLayout, splitter: Splitter = BLANK_LINE):
        self._path, self._tokenizer = path, tokenizer
        self._layout, self._splitter = layout, splitter
        self._plain = PlainText(tokenizer)
        self.tokens = Tokens(
            self._token("tag", layout.tag, layout.tag_id),
            self._token("positive", layout.positive, layout.positive_id),
            self._token("negative", layout.negative, layout.negative_id),
        )
        if self.tokens.positive == self.tokens.negative:
            raise RewardModelError(
                f"tagged_lm.positive and tagged_lm.negative are {layout.positive!r} and"
                f" {layout.negative!r}: to the tokenizer of {path!r} both end in token"
                f" {self.tokens.positive}. Give texts, or ids, that it keeps apart."
            )
        if layout.turns and not tokenizer.chat_template:
            raise RewardModelError(
                f"The tokenizer of {path!r} has no chat template, and tagged_lm.turns asks for one:"
                " set it to false, or choose the preset that fits the model."
            )

    def read(self, item: Item) -> Row | None:
        """The item as token ids, and where each step is read; None where a step holds the tag."""
        question, steps = item[0], self._splitter.split(item[1])
        row = self._in_turns(item, steps) if self._layout.turns else self._as_text(item, steps)
        if row is None or len(row.ends) == len(steps):
            return row
        raise RewardModelError(
            f"The tokenizer of {self._path!r} gives {len(row.ends)} tags to the {len(steps)} steps"
            f" of a response to {question[:60]!r}: in its text the tag {self._layout.tag!r} is not"
            f" token {self.tokens.tag}. Check tagged_lm.preset, or set tagged_lm.tag_id."
        )

    def _token(self, name: str, text: str, id: int | None) -> int:
        n_known = len(self._tokenizer)
        if id is not None:
            if id >= n_known:
                raise RewardModelError(
                    f"tagged_lm.{name}_id is {id}, and the tokenizer of {self._path!r} has"
                    f" {n_known} tokens: give one below that, or leave it out."
                )
            return id
        ids = self._tokenizer(text, add_special_tokens=False).input_ids
        if not ids or ids[-1] == self._tokenizer.unk_token_id:
            raise RewardModelError(
                f"tagged_lm.{name} is {text!r}: the tokenizer of {self._path!r} has no token for"
                f" it. Check tagged_lm.preset, or set tagged_lm.{name}_id."
            )
        return ids[-1]

    def _as_text(self, item: Item, steps: list[str]) -> Row | None:
        parts = [self._layout.question.replace("{question}", item[0])]
        for number, step in enumerate(steps, 1):
            parts += self._around(number, step)
        texts = [item[0], *steps]
        if any(map(self._plain.holds_names, texts)):
            before, behind = added_tokens(self._tokenizer)
            ids = [*before, *(id for part in self._plain.ids(parts) for id in part), *behind]
        else:
            ids = self._tokenizer("".join(parts), verbose=False).input_ids
        at = [index for index, id in enumerate(ids) if id == self.tokens.tag]
        if len(at) > len(steps) and any(self._layout.tag.strip() in text for text in texts):
            return None
        return Row(item, ids, self._read_at(at))

    def _around(self, number: int, step: str) -> list[str]:
        """What a step is written as, its own text apart from what stands around it."""
        frame = self._layout.step.replace("{number}", str(number))
        before, behind = (part.replace("{tag}", self._layout.tag) for part in frame.split("{step}"))
        return ["" if before and step.startswith(before.strip()) else before, step, behind]

    def _in_turns(self, item: Item, steps: list[str]) -> Row:
        texts = []
        for number, step in enumerate(steps, 1):
            first = self._layout.question.replace("{question}", item[0]) if number == 1 else ""
            texts += [f"{first}{''.join(self._around(number, step))}".strip(), self._layout.tag]
        frame = self._frame(len(texts))
        whole = "".join(part for pair in zip(frame, [*texts, ""]) for part in pair)
        if any(map(self._plain.holds_names, texts)):
            return self._in_pieces(item, frame, texts)
        read = self._tokenizer(
            whole, add_special_tokens=False, return_offsets_mapping=True, verbose=False
        )
        ends, at, tags = [], 0, []
        for index, (before, text) in enumerate(zip(frame, texts)):
            at += len(before) + len(text)
            if index % 2:
                tags.append(at - 1)
        behind = iter(enumerate(read.offset_mapping))
        for place in tags:
            ends.append(next(i for i, (start, end) in behind if start <= place < end))
        ends = [at for at in ends if read.input_ids[at] == self.tokens.tag]
        return Row(item, read.input_ids, self._read_at(ends))

    def _frame(self, n_turns: int) -> list[str]:
        """What the chat template puts before, between and behind so many turns."""
        marks = [_MARK.format(number) for number in range(n_turns)]
        messages = [
            {"role": ("user", "assistant")[number % 2], "content": mark}
            for number, mark in enumerate(marks)
        ]
        rendered = self._tokenizer.apply_chat_template(messages, tokenize=False) if marks else ""
        frame = re.split("|".join(map(re.escape, reversed(marks))), rendered) if marks else [""]
        if len(frame) != n_turns + 1:
            raise RewardModelError(
                f"The chat template of {self._path!r} does not show every turn of a chat once, so"
                " its steps cannot be read in turns. Set tagged_lm.turns to false, or choose the"
                " preset that fits the model."
            )
        return frame

    def _in_pieces(self, item: Item, frame: Sequence[str], texts: Sequence[str]) -> Row:
        """The same where a text holds the name of a special token, which must stay letters."""
        around = self._tokenizer(list(frame), add_special_tokens=False, verbose=False).input_ids
        ids, ends = list(around[0]), []
        for index, (text, behind) in enumerate(zip(self._plain.ids(list(texts)), around[1:])):
            ids += text
            if index % 2:
                ends.append(len(ids) - 1)
            ids += behind
        return Row(item, ids, self._read_at(ends))

    def _read_at(self, tags: list[int]) -> list[int]:
        return tags if self._layout.read_at == "tag" else [at - 1 for at in tags]
