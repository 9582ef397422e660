r"""Choice letters: the letter with or without its text, in whatever dress, one or several.

Pure text work. A reference that is one capital letter from A to J, or starts with a labelled one
("\textbf{(D)}\ 12"), names a choice; where it holds letter and value, either is right.
"""

import re
from functools import lru_cache
from typing import NamedTuple

_FONT = r"\\(?:text|textbf|textrm|textit|mathrm|mathbf|mbox|bf|rm)\s?\{"
_LETTER = re.compile(r"\(?([A-Ja-j])\)?[.:]?\Z")
_WORD = re.compile(
    rf"(?:{_FONT})? ?(?:option|choice|answer)s? ?(?:is )?[:~]? ?(?=\(?[A-Ja-j]\b)", re.I
)
_LABELLED = re.compile(
    rf"(?:{_FONT} ?)?(?:\(([A-J])\)|([A-J])[).:]) ?\}}?(?P<rest>.*)\Z", re.DOTALL
)
_LABEL = re.compile(r"(?<![A-Za-z])[A-Z]\}? ?:")
_SEVERAL = re.compile(
    r"\(?[A-J]\)?(?:(?:[,;&/ ]|\\?,|and|or|\\text\{ ?(?:and|or) ?\})*\(?[A-J]\)?)+\Z"
)


class Choice(NamedTuple):
    """The letters an answer names, and the text that stands with a single one."""

    letters: frozenset[str]
    value: str
    order: str = ""
    """Several letters as they stand."""


@lru_cache(maxsize=16_384)
def named_choice(answer: str) -> Choice | None:
    """The choice that an answer in the common spelling names; None where it names none."""
    text = _WORD.sub("", answer, count=1) if _WORD.match(answer) else answer
    text = text.removesuffix("}") if text.count("}") > text.count("{") else text
    if letter := _LETTER.match(text):
        return Choice(frozenset(letter.group(1).upper()), "")
    if labelled := _LABELLED.match(text):
        letter = labelled.group(1) or labelled.group(2)
        value = labelled["rest"].strip(" ,;:~")
        value = value[:-1] if value.count("}") > value.count("{") else value
        is_list = "=" in value[:2] or bool(_LABEL.search(value))
        return None if is_list else Choice(frozenset(letter), value)
    if len(text) <= 60 and _SEVERAL.match(text):
        letters = re.findall("[A-J]", text.replace("and", "").replace("or", ""))
        if len(set(letters)) == len(letters) >= 2:
            return Choice(frozenset(letters), "", "".join(letters))
    return None


def is_reference(gold: str) -> bool:
    """Whether a reference in the common spelling names a choice by capital letters."""
    choice = named_choice(gold)
    return choice is not None and not (len(choice.letters) == 1 and gold.islower())
