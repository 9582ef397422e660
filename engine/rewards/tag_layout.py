"""How an item is laid out for a causal language model that judges steps by a tag: its token ids,
and where each score is read.

The whole text is tokenised at once, as the authors of such models do it, and a tag is where its
layout writes it. What a person or a policy wrote stays letters: where it holds the name of a
special token, the text is tokenised in two pieces there; what the layout writes is left whole.

Must not know of weights. Departures from the authors' scripts: 1. The steps are ours. 2. What they
write before a step, such as "Step 1: ", is not repeated where the step begins with it. 3. A step
that holds the tag is refused; they delete it there.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from engine.config.splitter import BLANK_LINE, Splitter
from engine.config.tagged import LAYOUTS, TagLayout
from engine.errors import RewardModelError
from engine.rewards.batched import Item, Row
from engine.rewards.plain_text import PlainText, added_tokens

_MARK = "mark-{}-5b1f7c"
"""Stands in for a turn's text while a chat template is rendered."""

_MAY_BE_SPLIT = frozenset(layout.tag for layout in LAYOUTS.values())
"""Tags whose authors take the last token, however many there are."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the text that a model is given."""

    text: str
    is_foreign: bool = False
    """A person or a policy wrote it: the question, or a step."""
    is_tag: bool = False


@dataclass(frozen=True, slots=True)
class Tokenised:
    """A text as tokens: their ids, and where each ends in the text."""

    ids: list[int]
    ends: list[int]

    def at(self, place: int) -> int:
        """The token of a character, the last one where it takes several."""
        index = min(bisect_right(self.ends, place), len(self.ends) - 1)
        return bisect_right(self.ends, self.ends[index]) - 1


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
        if not tokenizer.is_fast:
            raise RewardModelError(
                f"The tokenizer of {path!r} does not say where its tokens stand in a text, so tags"
                " cannot be found: tagged_lm needs a fast tokenizer (tokenizer.json)."
            )
        added = {token.content for token in tokenizer.added_tokens_decoder.values()}
        self._is_added = any(name in layout.tag for name in added)
        self._before, self._behind = ([], []) if layout.turns else added_tokens(tokenizer)
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

    def read(self, item: Item) -> Row:
        """The item as token ids, and where each step is read; nothing is where a text spells the
        tag.
        """
        steps = self._splitter.split(item[1])
        if not steps:
            return Row(item, [], [])
        parts = self._in_turns(item, steps) if self._layout.turns else self._as_text(item, steps)
        read = self._tokenised(parts)
        tags = [read.at(end - 1) for end, part in zip(_ends(parts), parts) if part.is_tag]
        fitting = [at for at in tags if read.ids[at] == self.tokens.tag]
        if self._is_spelled(parts, read, tags, fits=len(fitting) == len(steps)):
            return Row(item, [], [], spells_tag=True)
        if len(fitting) != len(steps):
            raise RewardModelError(
                f"The tokenizer of {self._path!r} gives {len(fitting)} tags to the {len(steps)}"
                f" steps of a response to {item[0][:60]!r}: in its text the tag"
                f" {self._layout.tag!r} is not token {self.tokens.tag}. Check tagged_lm.preset, or"
                " set tagged_lm.tag_id."
            )
        ids = [*self._before, *read.ids, *self._behind]
        offset = len(self._before) - (self._layout.read_at == "before")
        return Row(item, ids, [at + offset for at in tags])

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
        if name == "tag" and len(ids) > 1 and text not in _MAY_BE_SPLIT:
            raise RewardModelError(
                f"tagged_lm.tag is {text!r}: the tokenizer of {self._path!r} splits it into"
                f" {len(ids)} tokens. Choose a tag that is one token, or set tagged_lm.tag_id to"
                f" the token at which it is read, its last ({ids[-1]})."
            )
        return ids[-1]

    def _as_text(self, item: Item, steps: list[str]) -> list[Part]:
        parts = self._question(item[0])
        for number, step in enumerate(steps, 1):
            parts += self._around(number, step)
        return parts

    def _in_turns(self, item: Item, steps: list[str]) -> list[Part]:
        frame = self._frame(2 * len(steps))
        parts = [Part(frame[0])]
        for number, step in enumerate(steps, 1):
            turn = [*(self._question(item[0]) if number == 1 else ()), *self._around(number, step)]
            parts += [*_stripped(turn), Part(frame[2 * number - 1])]
            parts += [Part(self._layout.tag, is_tag=True), Part(frame[2 * number])]
        return parts

    def _question(self, question: str) -> list[Part]:
        before, behind = self._layout.question.split("{question}")
        return [Part(before), Part(question, is_foreign=True), Part(behind)]

    def _around(self, number: int, step: str) -> list[Part]:
        """What a step is written as, in one text with its tag."""
        before, behind = self._layout.step.replace("{number}", str(number)).split("{step}")
        is_there = before.strip() and step.startswith(before.strip())
        parts = [Part("" if is_there else before), Part(step, is_foreign=True)]
        if self._layout.turns:
            return [*parts, Part(behind)]
        ahead, after = behind.split("{tag}")
        return [*parts, Part(ahead), Part(self._layout.tag, is_tag=True), Part(after)]

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

    def _tokenised(self, parts: Sequence[Part]) -> Tokenised:
        """What is foreign as letters: a name of a special token that reaches into it is cut."""
        text, foreign = "".join(part.text for part in parts), _foreign(parts)
        cuts = [
            start + 1
            for start, end in self._plain.names(text)
            if any(start < behind and first < end for first, behind in foreign)
        ]
        places = list(pairwise([0, *cuts, len(text)]))
        read = self._tokenizer(
            [text[start:end] for start, end in places],
            add_special_tokens=False,
            return_offsets_mapping=True,
            verbose=False,
        )
        ends = [
            start + end
            for (start, _), offsets in zip(places, read.offset_mapping)
            for _, end in offsets
        ]
        return Tokenised([id for ids in read.input_ids for id in ids], ends)

    def _is_spelled(
        self, parts: Sequence[Part], read: Tokenised, tags: list[int], *, fits: bool
    ) -> bool:
        """Whether a foreign text spells the tag, so that one tag more or less would be read. Of
        turns only where the tag is a token of its own kind: a plus sign is only text there.
        """
        tag = self._layout.tag.strip()
        if not any(tag in part.text for part in parts if part.is_foreign):
            return False
        if self._layout.turns or self._is_added:
            return self._is_added
        if tag and not fits:
            return True
        inside = [
            index
            for index, (start, end) in enumerate(pairwise([0, *read.ends]))
            if read.ids[index] == self.tokens.tag
            and any(start < behind and first < end for first, behind in _foreign(parts))
        ]
        return not set(inside) <= set(tags)


def _ends(parts: Iterable[Part]) -> list[int]:
    """Where each part ends in the whole text."""
    return list(accumulate(len(part.text) for part in parts))


def _foreign(parts: Sequence[Part]) -> list[tuple[int, int]]:
    """Where foreign texts stand in the whole text: [(start, end)), end exclusive."""
    places = pairwise([0, *_ends(parts)])
    return [place for place, part in zip(places, parts) if part.is_foreign]


def _stripped(parts: list[Part]) -> list[Part]:
    """Without blanks at both ends: many chat templates take them away."""
    text = "".join(part.text for part in parts)
    first, last = len(text) - len(text.lstrip()), len(text.rstrip())
    return [
        Part(text[max(start, first) : max(min(end, last), first)], part.is_foreign)
        for (start, end), part in zip(pairwise([0, *_ends(parts)]), parts)
    ]
