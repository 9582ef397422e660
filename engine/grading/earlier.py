"""How answers were found before `extraction`: the last box, else the last stated answer, else none.

Runs that were begun under these rules go on with them (grading.extraction = "earlier"): boxes
inside thinking count, and a response does not end where its turn ends.

Source: HS-STaR reference prompt (answer in a box, docs/method.md, section 1.7); GSM8K and MATH
answer conventions. Departures:
1. A box that never closes, or that is empty, is not an answer; an earlier whole box then counts.
2. A response without any box may still state its answer in words; a bare last number is not taken
   for one.
"""

import re

from engine.grading.text import without_surrogates

MAX_STATED_CHARS = 2_000
"""How much of the text behind "the answer is" is looked at."""

_BOX_TOKEN = re.compile(r"\\(?:boxed|fbox|framebox)(?![A-Za-z])[ \t]{0,8}(\{)?|\\.|[{}]", re.DOTALL)
_BARE_BOX = re.compile(r"[ \t]{0,8}([^\s{}$\\.,;]{1,40})")
_STATED = re.compile(
    r"\banswer\b[*_]{0,4}"
    r"(?:[ \t]{1,4}(?:to|of|for|in|will|would|should|must)\b[^.:\n]{0,80}?)?"
    r"\s{0,4}(?:\bis\b|\bare\b|\bbe\b|\bequals\b|:|=)[ \t]{0,4}[:=]?[*_]{0,4}|####",
    re.IGNORECASE,
)
_LAST_LINE = re.compile(r"(?:^|\n)[ \t]{0,8}A:[ \t]{0,8}(\S[^\n]{0,200})\s*\Z")
_SENTENCE_END = re.compile(r"[.!?](?=\s|$)|,? (?:because|since|so that|which)\b")
_LEAD = re.compile(
    r"(?:equal to|equals|exactly|approximately|about|that|therefore|thus)\b\s*|[:=]\s*",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?<![\w.])-?\$?\d[\d,]*(?:\.\d+)?(?:/\d+)?%?(?!\w)")
_SENTENCE = re.compile(r"[^$\\^=+*(\[{]*[A-Za-z]{3}[^$\\^=+*(\[{]*")
_CALCULATION = re.compile(r"<<[^<>\n]{0,200}>>")
_CLOSING_MATH = re.compile(r"\b(?:is|are|be|equals)[ \t]?:?\s{0,4}\$([^$]+)\$\s{0,4}\.?\s*\Z")


def last_box(text: str) -> str | None:
    r"""The content of the last whole, non-empty \boxed{...}, \fbox{...} or \framebox{...}; None
    without one.

    Boxes may be nested (the inner one counts) and may hold escaped braces. \boxed 7 without braces
    counts too.
    """
    first = min(
        (at for name in ("\\boxed", "\\fbox", "\\framebox") if (at := text.find(name)) >= 0),
        default=-1,
    )
    if first < 0:
        return None
    best_start, best = -1, None
    open_braces: list[int] = []
    for token in _BOX_TOKEN.finditer(text, first):
        mark = token.group()
        if mark == "{":
            open_braces.append(-1)
        elif mark == "}":
            start = open_braces.pop() if open_braces else -1
            if start > best_start and (content := text[start : token.start()].strip()):
                best_start, best = start, content
        elif token.group(1):
            open_braces.append(token.end())
        elif mark[1] in "bf" and len(mark) > 2 and (bare := _BARE_BOX.match(text, token.end())):
            best_start, best = bare.start(1), bare.group(1)
    return best


def _behind(text: str, start: int) -> str:
    """The line that starts at `start`, or the next one with text on it."""
    window = text[start : start + MAX_STATED_CHARS].lstrip(" \t*_:")
    return window.lstrip().split("\n", 1)[0]


def _phrase(line: str) -> str:
    """A stated answer without the sentence around it."""
    phrase = line.strip().strip("*_").strip()
    end = _SENTENCE_END.search(phrase)
    phrase = phrase[: end.start()] if end else phrase
    while lead := _LEAD.match(phrase):
        phrase = phrase[lead.end() :]
    numbers = _NUMBER.findall(phrase)
    if (
        len(numbers) == 1
        and _SENTENCE.fullmatch(phrase.replace(numbers[0], "", 1))
        and not phrase.startswith(numbers[0])
    ):
        phrase = numbers[0]
    return phrase.strip().strip("*_").strip()


def stated_answer(text: str) -> str | None:
    """The last answer given in words: "the answer is X", "Final answer: X", "#### X", or a last
    line "A: X".
    """
    may_state = "####" in text or "answer" in text.lower()
    ends = [stated.end() for stated in _STATED.finditer(text)] if may_state else []
    for end in reversed(ends):
        if phrase := _phrase(_behind(text, end)):
            return phrase
    last_line = _LAST_LINE.search(text, max(0, len(text) - 300))
    return _phrase(last_line.group(1)) or None if last_line else None


def extract_answer(response: str) -> str | None:
    """The answer of a response, as it is written there; None where it has none. Never raises."""
    text = without_surrogates(response)
    answer = last_box(text)
    if answer is None:
        answer = stated_answer(_CALCULATION.sub("", text))
    return answer if answer is None else closing_formula(answer)


def closing_formula(answer: str) -> str:
    """x where the answer is a sentence that ends in "is $x$" and holds no other formula; else the
    answer itself.
    """
    if (
        len(answer) > MAX_STATED_CHARS
        or answer.count("$") != 2
        or not (closing := _CLOSING_MATH.search(answer))
    ):
        return answer
    return closing.group(1).strip()
