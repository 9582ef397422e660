"""Finding the answer a response ends with; the same order for responses and for references.

1. What counts is the text behind the last closing mark of thinking, up to the end of the turn
   (`turns`). Thinking that never closes has no answer.
2. A regular expression of one's own, where there is one: its last match's group `answer`, and
   nothing else.
3. The last <answer> tag: a box in it, else what it states.
4. The last box, with the boxes joined to it (`boxes`). "strict" ends here.
5. The last answer stated in words or under a heading; else the last line, where it is "A: …" or all
   in bold (`statements`). "stated" ends here.
6. "lenient": the last formula or number.

Pure text work in time linear in the response; it knows nothing of mathematics. Which rule applied
is part of what it returns, and of the verdict's reason.

Source: HS-STaR reference prompt (answer in a box, docs/method.md, section 1.7); the answer
conventions of GSM8K, MATH and R1-like policies.
"""

import re
from dataclasses import dataclass
from typing import Literal

from engine.grading import earlier
from engine.grading.boxes import concluding_boxes, first_box_end, last_box
from engine.grading.statements import (
    closing_formula,
    first_statement_end,
    last_line,
    last_value,
    phrase_of,
    stated,
    tagged,
)
from engine.grading.text import MAX_SHOWN_CHARS, shown, without_surrogates
from engine.grading.turns import Ends, turn_of
from engine.thinking import THINKING_NAMES

__all__ = [
    "MAX_SHOWN_CHARS",
    "Extracted",
    "Extraction",
    "extract",
    "extract_answer",
    "last_box",
    "reference_answer",
    "shown",
    "without_surrogates",
]

Mode = Literal["strict", "stated", "lenient", "earlier"]

PATTERN_S = 1.0
"""How long a regular expression of one's own may search one response."""

_CALCULATION = re.compile(r"<<[^<>\n]{0,200}>>")


@dataclass(frozen=True, slots=True)
class Extraction:
    """How answers are found."""

    mode: Mode = "stated"
    """strict: boxes and tags. stated: also answers in words. lenient: also the last formula or
    number. earlier: as before there was a choice.
    """
    pattern: str = ""
    """A regular expression with a group named answer; empty for none."""
    thinking: tuple[str, ...] = THINKING_NAMES
    """What thinking is called in its marks."""

    def key(self) -> str:
        """What verdicts by these rules are filed under; empty for the earlier rules, which had no
        name.
        """
        if self.mode == "earlier":
            return ""
        names = "" if self.thinking == THINKING_NAMES else " ".join(("", *self.thinking))
        return f"{self.mode}{names} {self.pattern}".strip()


DEFAULT = Extraction()

NOTHING = r"No \boxed answer and no stated final answer"


@dataclass(frozen=True, slots=True)
class Extracted:
    """The answer of a response, and how it was found."""

    answer: str | None
    """As it is written there; None where there is none."""
    rule: str
    """Where it was found, such as "the last box", or why it was not; empty by earlier rules."""
    ran_on: bool = False
    """Whether the response went on behind its turn."""


def extract_answer(response: str) -> str | None:
    """The answer of a response by the default rules; None where it has none. Never raises."""
    return extract(response).answer


def extract(response: str, rules: Extraction = DEFAULT) -> Extracted:
    """The answer of a response, by the order above. Never raises."""
    text = without_surrogates(response)
    if rules.mode == "earlier":
        return Extracted(earlier.extract_answer(response), "")
    turn = turn_of(text, _ENDS, rules.thinking)
    if turn.text is None:
        return Extracted(None, "The thinking of the response never ends")
    answer, rule = _found(turn.text, rules)
    if answer is None and turn.thought:
        rule += " behind its thinking"
    return Extracted(answer, rule, turn.ran_on)


def ran_on(response: str, rules: Extraction = DEFAULT) -> bool:
    """Whether a response went on behind its turn; never by the earlier rules. Never raises."""
    if rules.mode == "earlier":
        return False
    return turn_of(without_surrogates(response), _ENDS, rules.thinking).ran_on


def counted_text(response: str, rules: Extraction = DEFAULT) -> str:
    """What of a response counts: behind its thinking, up to the end of its turn. Empty where its
    thinking never ends; all of it by the earlier rules. Never raises.
    """
    text = without_surrogates(response)
    if rules.mode == "earlier":
        return text
    return turn_of(text, _ENDS, rules.thinking).text or ""


def _answered_at(text: str) -> int | None:
    """Where the first answer of a text ends."""
    ends = [end for end in (first_box_end(text), first_statement_end(text)) if end is not None]
    return min(ends, default=None)


_ENDS = Ends(_answered_at)


def _found(text: str, rules: Extraction) -> tuple[str | None, str]:
    """(answer, rule) of the text that counts."""
    if rules.pattern:
        return _by_pattern(text, rules.pattern)
    if (inside := tagged(text)) is not None:
        return _inside_tag(inside), "the last answer tag"
    if parts := concluding_boxes(text):
        if len(parts) > 1:
            return ", ".join(parts), f"{len(parts)} joined boxes"
        return closing_formula(parts[0]), "the last box"
    if rules.mode == "strict":
        return None, r"No \boxed answer"
    text = _CALCULATION.sub("", text)
    if (answer := stated(text)) is not None:
        return closing_formula(answer), "the last statement"
    for rule, answer in last_line(text):
        return closing_formula(answer), rule
    if rules.mode == "lenient" and (answer := last_value(text)) is not None:
        return answer, "the last formula or number"
    return None, NOTHING


def _inside_tag(text: str) -> str:
    if parts := concluding_boxes(text):
        return ", ".join(parts)
    if (answer := stated(text)) is not None:
        return closing_formula(answer)
    formula = closing_formula(text)
    return formula if formula != text or "\n" in text else phrase_of(text) or text


def _by_pattern(text: str, pattern: str) -> tuple[str | None, str]:
    """The last match's group `answer`."""
    import regex

    try:
        matches = list(regex.finditer(pattern, text, timeout=PATTERN_S))
    except TimeoutError:
        return None, f"grading.pattern took longer than {PATTERN_S:g} s"
    answer = (matches[-1].group("answer") or "").strip() if matches else ""
    return answer or None, "grading.pattern" if answer else "No match of grading.pattern"


def reference_answer(gold: str) -> str:
    """The bare reference answer of a gold text, found in the order of responses: behind its last
    "####", in its last tag or boxes, stated, or the text itself.

    A gold sentence that ends in "... is $x$." gives x. Empty if there is nothing.
    """
    text = without_surrogates(gold).strip()
    if "####" in text:
        return text.rsplit("####", 1)[1].strip()
    if (inside := tagged(text)) is not None:
        return _inside_tag(inside)
    if parts := concluding_boxes(text):
        return ", ".join(parts) if len(parts) > 1 else closing_formula(parts[0])
    for rule, answer in last_line(text):
        if rule == "the last line":
            return answer
    return closing_formula(text)
