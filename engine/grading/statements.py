r"""Answers that a response states without a box: "The answer is 7", "#### 7", a heading "Final
Answer" with the value under it, <answer> tags, a last line in bold.

Pure text work in linear time: every search has a fixed reach.
"""

import re
from collections.abc import Iterator

MAX_STATED_CHARS = 2_000
"""How much of the text behind "the answer is" is looked at."""

MAX_SEARCHED_CHARS = 200_000
"""How far from a text's end, or its beginning, statements are looked for."""

MAX_LAST_LINE_CHARS = 300
"""How long a last line may be that is looked at."""

MAX_LENIENT_CHARS = 20_000
"""How far from a text's end a formula or a number is looked for that nothing points to."""

MAX_STATEMENTS = 100
"""How many statements from a text's beginning may be the first that holds a value."""

_BOLD = r"[*_]{0,4}"
_STATED = re.compile(
    rf"\banswer\b{_BOLD}"
    r"(?:[ \t]{1,4}(?:to|of|for|in|will|would|should|must)\b[^.:\n]{0,80}?)?"
    rf"\s{{0,4}}(?:\bis\b|\bare\b|\bbe\b|\bequals\b|:|=)[ \t]{{0,4}}[:=]?{_BOLD}"
    rf"|\b(?:final|end)[ \t]result\b{_BOLD}[ \t]{{0,4}}(?:is\b|equals\b|:|=)[ \t]{{0,4}}:?{_BOLD}"
    r"|####",
    re.IGNORECASE,
)
_HEADING = re.compile(
    r"^[^\w\n<>]{0,12}(?:(?:the[ \t])?(?:final|correct)[ \t])?answer"
    rf"{_BOLD}[ \t]{{0,4}}:?{_BOLD}[ \t]{{0,4}}$"
    rf"|^{_BOLD}(?:Ans\b\.?|ANS\b\.?)[ \t]{{0,2}}[:=]?{_BOLD}(?=[ \t]{{0,4}}\S)",
    re.IGNORECASE | re.MULTILINE,
)
_LAST_LINE = re.compile(r"[ \t]{0,8}(?:A|Solution)[ \t]?:[ \t]{0,8}(\S[^\n]{0,200})\Z")
_LAST_BOLD = re.compile(r"[ \t]{0,8}(?:\*\*|__)([^*\n]{1,200}?)(?:\*\*|__)[ \t]{0,4}\.?\Z")
_TAG = re.compile(r"<(/?)answer>", re.IGNORECASE)
_SENTENCE_END = re.compile(
    r"[.!?](?=\s|$)|,? (?:because|since|so that|which)\b|, (?:not|rather than|instead of)\b"
)
_LEAD = re.compile(
    r"(?:equal to|equals|exactly|approximately|about|that|therefore|thus)\b\s*|[:=]\s*",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?<![\w.])-?\$?\d[\d,]*(?:\.\d+)?(?:/\d+)?%?(?!\w)")
_SENTENCE = re.compile(r"[^$\\^=+*(\[{]*[A-Za-z]{3}[^$\\^=+*(\[{]*")
_WORD = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{3,}")
_NO_VALUE = re.compile(
    r"(?:as|below|clear|computed|determined|easy|first|found|given|in|let|not|now|obtained|obvious"
    r"|see|simple|simply|the|then|therefore|thus|to|unclear|unknown|we)\b",
    re.IGNORECASE,
)
_NOT = re.compile(r"\b(?:not|never|isn't|neither)\b", re.IGNORECASE)
_CLOSING_MATH = re.compile(
    r"\b(?:is|are|be|equals)[ \t]?:?\s{0,4}(?:\$([^$]+)\$|\\\((.+?)\\\))\s{0,4}\.?\s*\Z"
)
_DISPLAY = re.compile(r"(?:\\\[|\$\$|\\\()\s{0,8}")
_LAST_FORMULA = re.compile(
    r"\$\$([^$]{1,400})\$\$|\$([^$\n]{1,400})\$|\\\(([^\n]{1,400}?)\\\)|\\\[([^$]{1,400}?)\\\]"
)
_LAST_NUMBER = re.compile(r"(?<![\w.\\])-?\$?\d[\d,]*(?:\.\d+)?(?:/\d+)?%?(?!\w)")


def tagged(text: str) -> str | None:
    """What stands between the last <answer> and its end, which may be the text's; None where there
    are no tags, or nothing in them.
    """
    if "answer>" not in text.lower():
        return None
    start, content = -1, None
    for tag in _TAG.finditer(text):
        if not tag.group(1):
            start = tag.end()
        elif start >= 0:
            if inner := text[start : tag.start()].strip():
                content = inner
            start = -1
    if start >= 0 and (inner := text[start : start + MAX_STATED_CHARS].strip()):
        content = inner
    return content


def _ends(text: str) -> list[int]:
    """Where statements end and their values begin, in order."""
    lower, ends = text.lower(), set()
    has_answer = "answer" in lower
    if has_answer or "####" in lower or "result" in lower:
        ends.update(end.end() for end in _STATED.finditer(text))
    if has_answer or any(mark in lower for mark in ("\nans", "*ans", "_ans")) or lower[:3] == "ans":
        ends.update(end.end() for end in _HEADING.finditer(text))
    return sorted(ends)


def stated(text: str) -> str | None:
    """The last answer given in words, or under a heading; None without one."""
    text = text[-MAX_SEARCHED_CHARS:]
    for end in reversed(_ends(text)):
        if phrase := phrase_of(_behind(text, end)):
            return phrase
    return None


def first_statement_end(text: str) -> int | None:
    """Where the first stated answer ends that holds a value: "the answer is determined by parity"
    states none. None without one among the first MAX_STATEMENTS.
    """
    text = text[:MAX_SEARCHED_CHARS]
    for end in _ends(text)[:MAX_STATEMENTS]:
        value = _behind(text, end).strip()
        if value and _holds_value(phrase_of(value)):
            return min(len(text), text.find(value[:20], end) + len(value))
    return None


def _holds_value(phrase: str) -> bool:
    """Whether a stated answer is a value, a letter, a name, a yes or a no, and not a sentence."""
    words = _WORD.findall(phrase)
    if any(c.isdigit() or c in "\\$" for c in phrase):
        return len(words) <= 4
    n_words = len(phrase.split())
    return (0 < n_words <= 2 and not _NO_VALUE.match(phrase)) or (n_words == 3 and phrase.istitle())


def _behind(text: str, start: int) -> str:
    """The line that starts at `start`, or the next one with text on it; a display as a whole."""
    window = text[start : start + MAX_STATED_CHARS].lstrip(" \t*_:").lstrip()
    if display := _DISPLAY.match(window):
        end = window.find({"\\[": "\\]", "$$": "$$", "\\(": "\\)"}[window[:2]], display.end())
        if end > 0 and (inner := window[display.end() : end].strip()):
            rest = window[end + 2 :].split("\n", 1)[0]
            return inner if not rest.strip(" .") else window.split("\n", 1)[0]
    return window.split("\n", 1)[0]


def phrase_of(line: str) -> str:
    """A stated answer without the sentence around it."""
    phrase = line.strip().strip("*_").strip()
    if phrase.isdecimal():
        return phrase
    end = _SENTENCE_END.search(phrase)
    phrase = phrase[: end.start()] if end else phrase
    while lead := _LEAD.match(phrase):
        phrase = phrase[lead.end() :]
    numbers = _NUMBER.findall(phrase)
    if (
        len(numbers) == 1
        and _SENTENCE.fullmatch(phrase.replace(numbers[0], "", 1))
        and not phrase.startswith(numbers[0])
        and not _NOT.search(phrase)
    ):
        phrase = numbers[0]
    return phrase.strip().strip("*_").strip()


def last_line(text: str) -> Iterator[tuple[str, str]]:
    """(rule, answer) of what the last line gives: "A: 7", "Solution: 7", or all of it in bold."""
    text = text.rstrip()
    start = text.rfind("\n", -MAX_LAST_LINE_CHARS) + 1
    if start == 0 and len(text) > MAX_LAST_LINE_CHARS:
        return
    if (line := _LAST_LINE.match(text, start)) and (phrase := phrase_of(line.group(1))):
        yield "the last line", phrase
    if (bold := _LAST_BOLD.match(text, start)) and _is_value(bold.group(1)):
        yield "the last line, in bold", phrase_of(bold.group(1))


def _is_value(text: str) -> bool:
    return any(c.isdigit() or c in "\\$" for c in text) or len(text.split()) <= 2


def last_value(text: str) -> str | None:
    """The last formula or number of a text, whatever it is; None where it has neither."""
    text = text[-MAX_LENIENT_CHARS:]
    formulas, numbers = list(_LAST_FORMULA.finditer(text)), list(_LAST_NUMBER.finditer(text))
    if formulas and not (numbers and numbers[-1].start() > formulas[-1].end()):
        return next(part for part in formulas[-1].groups() if part is not None).strip() or None
    return numbers[-1].group() if numbers else None


def closing_formula(answer: str) -> str:
    """x where the answer is a sentence that ends in "is $x$" and holds no other formula; else the
    answer itself.
    """
    if len(answer) > MAX_STATED_CHARS or answer.count("$") + 2 * answer.count("\\(") != 2:
        return answer
    closing = _CLOSING_MATH.search(answer)
    return (closing.group(1) or closing.group(2)).strip() if closing else answer
