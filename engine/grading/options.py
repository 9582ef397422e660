"""The domain `choice`: which options of its problem does a response pick?

The letter counts, with or without its text, in any dress (`choices`); so does the text of exactly
one option. Where letter and text name different options, nothing is picked. Pure text work.

Source: ARC's rows (question, choices, answerKey); the rules are ours, docs/verdicts.md.
"""

import json
import re
from collections.abc import Mapping

from engine.grading.choices import named_choice
from engine.grading.extraction import NOTHING, Extracted, Extraction, counted_text, extract, shown
from engine.grading.spelling import spelled, written_alike
from engine.types import Reference, Verdict

LETTERS = "ABCDEFGHIJ"
"""Options at most, by their letters."""

MAX_LINE_CHARS = 300
"""A longer last line is no answer."""

_MARKS = re.compile(r"[*_`]{1,3}|\\(?:text|textbf|textit|mathrm|mathbf)\s?(?=\{)|[{}$]")
_LEAD = re.compile(
    r"(?:so|thus|hence|therefore|answer"
    r"|the (?:correct |right |best |final )?(?:answer|option|choice)(?: is)?"
    r"|option|choice|it is|is)\b[,:]?\s{0,4}",
    re.IGNORECASE,
)
_LETTERED = re.compile(r"(?P<letter>[A-J]) ?(?:\((?P<inside>[^()]+)\)|[-–—] ?(?P<text>.+))\.?")
_FRACTION = re.compile(r"\\[dt]?frac ?(\d) ?(\d)(?!\d)")
_TAIL = re.compile(
    r" is (?:correct|right|the (?:correct|right|best) (?:answer|option|choice))\.?\Z"
)


def options_of(reference: Reference) -> dict[str, str]:
    """Text by letter; empty where the reference brings none."""
    return json.loads(reference.details)["options"] if reference.details else {}


class ChoiceDomain:
    """Implements engine.grading.domains.CheckedDomain."""

    is_quick = True

    def extract(self, reference: Reference, response: str, rules: Extraction) -> Extracted:
        """As in maths; where that finds nothing, the last line, if it picks an option."""
        extracted = extract(response, rules)
        is_found = extracted.answer is not None or not extracted.rule.startswith(NOTHING)
        if is_found or rules.mode == "strict":
            return extracted
        line = counted_text(response, rules).rstrip().rpartition("\n")[2].strip()
        if len(line) <= MAX_LINE_CHARS and picked(line, options_of(reference)):
            return Extracted(line, "the last line", extracted.ran_on)
        return extracted

    def check(self, reference: Reference, extracted: Extracted) -> Verdict:
        """Never raises."""
        if extracted.answer is None or not extracted.answer.strip():
            why = extracted.rule if extracted.answer is None and extracted.rule else NOTHING
            return Verdict(False, None, "no_answer", f"{why}.{_ran_on(extracted)}")
        options = options_of(reference)
        wanted, letters = picked(reference.answer, options), picked(extracted.answer, options)
        source = f" Taken from {extracted.rule}." if extracted.rule else ""
        where = f"{source}{_ran_on(extracted)}"
        predicted = shown(extracted.answer)
        if not wanted:
            return Verdict(False, predicted, "error", f"The reference names no option.{where}")
        if not letters:
            return Verdict(False, predicted, "wrong", f"It names none of the options.{where}")
        is_right = letters == wanted
        reason = f"It picks {_listed(letters)}; {_listed(wanted)} is asked for.{where}"
        return Verdict(is_right, predicted, "correct" if is_right else "wrong", reason)

    def unavailable(self) -> None:
        """Nothing is needed."""

    def stop(self) -> None:
        """Nothing runs."""


def picked(answer: str, options: Mapping[str, str]) -> frozenset[str]:
    """The letters of the options that an answer picks; empty where it picks none, or contradicts
    itself.

    >>> options = {"A": "the Sun", "B": "a planet", "C": "a moon"}
    >>> [sorted(picked(t, options)) for t in ("(b)", "C and A", "Option C: a moon", "The Sun.")]
    [['B'], ['A', 'C'], ['C'], ['A']]
    >>> picked("A: a planet", options)
    frozenset()
    """
    for text in dict.fromkeys((answer, _MARKS.sub("", answer), _bare(answer))):
        by_text = _by_text(text, options)
        if by_text and text.strip().upper() not in options:
            return frozenset(by_text) if len(by_text) == 1 else frozenset()
        lettered = _LETTERED.fullmatch(text.strip())
        beside = lettered["inside"] or lettered["text"] if lettered else ""
        if lettered and _by_text(beside, options) == {lettered["letter"]}:
            return frozenset(lettered["letter"])
        choice = named_choice(text.strip().rstrip(".")) or named_choice(written_alike(text))
        if choice is None or not choice.letters <= set(options):
            continue
        beside = _by_text(choice.value, options) if choice.value else choice.letters
        return frozenset(choice.letters) if not beside or choice.letters & beside else frozenset()
    return frozenset()


def _by_text(text: str, options: Mapping[str, str]) -> frozenset[str]:
    """Options written like a text."""
    wanted = _plain(text)
    if not wanted:
        return frozenset()
    alike = {letter for letter, option in options.items() if _plain(option) == wanted}
    return frozenset(alike) or frozenset(
        letter for letter, option in options.items() if _spelled_alike(text, option)
    )


def _spelled_alike(text: str, option: str) -> bool:
    """Whether both are one value in the common spelling, with the same unit or none behind it."""
    one, other = spelled(_FRACTION.sub(r"\\frac{\1}{\2}", text)), spelled(option)
    return one.text == other.text and one.unit in ("", other.unit)


def _bare(text: str) -> str:
    """Without what leads to an answer, or follows it: "so the answer is B", "option B is correct"
    are B.
    """
    text = _TAIL.sub("", _MARKS.sub("", text).strip()).strip("\"'“”‘’")
    for _ in range(3):
        text = _LEAD.sub("", text, count=1) if _LEAD.match(text) else text
    return text


def _plain(text: str) -> str:
    """A text in lower case without marks, doubled spaces and a full stop."""
    return " ".join(_MARKS.sub("", text).casefold().split()).strip(" .,;:!\"'")


def _listed(letters: frozenset[str]) -> str:
    return ", ".join(sorted(letters))


def _ran_on(extracted: Extracted) -> str:
    return " The response ran on behind the end of its turn." if extracted.ran_on else ""
