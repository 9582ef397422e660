r"""Answers in words: yes and no, names, sentences. Pure text work."""

import re

_CLOSING_TEXT = re.compile(r"(?<=.)\\(?:text|mathrm|mbox|textrm)\s?\{[^{}]*\}(?:\^\{?\d\}?)?\Z")
_COMMAND = re.compile(r"\\(?:begin|end)\s?\{[^{}]*\}|\\operatorname\*?\s?\{[^{}]*\}|\\[A-Za-z]+")
_LONG_WORD = re.compile(r"[A-Za-z]{5,}")
_WORD = re.compile(r"[A-Za-z]{3,}")
_FUNCTIONS = frozenset(
    """
    arcsin arccos arctan arcsinh arccosh arctanh sinh cosh tanh log ln exp sqrt frac max min gcd \
lcm mod det sin
    cos tan sec csc cot and infty infinity pmatrix bmatrix
    """.split()
)
_ONLY_WORDS = re.compile(r"(?:[A-Za-z]{3,}|[Nn][Oo])(?:[ '-][A-Za-z]+)*\Z")
_TEXT = re.compile(r"\\(?:text|textbf|textit|mathrm|mbox|textrm)\s?\{[^{}]*[A-Za-z]{2}[^{}]*\}")
_LAST_LETTER = re.compile(r"\\(?:text|textrm|mbox)\s?\{ ?[A-Za-z] ?\}\.?\Z")
"""Math-Verify drops it: 2.5\text{B} would be 2.5."""
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?:,? ?(?P<year>\d{4}))?\Z"
_DATES = tuple(
    re.compile(rf"(?:the )?{order} ?{_YEAR}", re.IGNORECASE)
    for order in (rf"{_DAY} (?:of )?{_MONTH}", rf"{_MONTH} (?:the )?{_DAY}")
)
_GROUP = re.compile(r"\\(?:text|mathrm|mbox)\s?\{([^{}]*)\}")
_YES_NO = re.compile(
    r"(?:\\(?:text|textbf|mathrm)\s?\{)?\W?(yes|no|true|false)\b\*{0,2}"
    r"(?:\W{0,3}\Z|\}?\*{0,2} ?[,.;:—–-]| ?\(|\}? (?:because|since|as|it|they|he|she|there)\b)",
    re.IGNORECASE,
)


def is_prose(answer: str) -> bool:
    """Whether an answer is a sentence or a name: a word of five letters or two of three, a closing
    unit not counted.
    """
    text = _COMMAND.sub(" ", _CLOSING_TEXT.sub("", answer))
    words = [word for word in _WORD.findall(text) if word.lower() not in _FUNCTIONS]
    return len(words) > 1 or any(_LONG_WORD.match(word) for word in words)


def has_words(answer: str) -> bool:
    r"""Whether an answer is prose, or holds a word in \text{}."""
    return is_prose(answer) or bool(_TEXT.search(answer) or _LAST_LETTER.search(answer))


def same_words(gold: str, predicted: str) -> bool:
    """Whether two answers are the same words in another case."""
    return (
        bool(_ONLY_WORDS.match(gold) and _ONLY_WORDS.match(predicted))
        and gold.casefold() == predicted.casefold()
    )


def same_date(gold: str, predicted: str) -> bool | None:
    """Whether two answers are the same day, of the same year where both name one; None where one of
    them is no date.

    >>> same_date("15 March", "March 15th"), same_date("15 March", "15 April")
    (True, False)
    """
    first, second = _date(gold), _date(predicted)
    if first is None or second is None:
        return None
    return first[:2] == second[:2] and len({first[2], second[2]} - {""}) < 2


def _date(text: str) -> tuple[str, int, str] | None:
    """Month, day and year, which may be empty."""
    if len(text) > 60:
        return None
    text = " ".join(_GROUP.sub(r" \1 ", text).split())
    date = _DATES[0].match(text) or _DATES[1].match(text)
    return (date["month"][:3].lower(), int(date["day"]), date["year"] or "") if date else None


def same_stand(gold: str, predicted: str) -> bool | None:
    """Whether two answers begin with the same yes, no, true or false; None where one of them does
    not. "Not possible" and "yes/no" do not.
    """
    stands = [_YES_NO.match(text) for text in (gold, predicted)]
    if None in stands:
        return None
    first, second = (stand.group(1).lower() for stand in stands if stand)
    return first == second


def behind_stand(answer: str) -> str:
    """What an answer says behind its yes, no, true or false; empty where there are words in it.

    >>> behind_stand(r"\\text{Yes,}x=5"), behind_stand("Yes, it converges"), behind_stand("Yes")
    ('x=5', '', '')
    """
    stand = _YES_NO.match(answer)
    behind = answer[stand.end() :].strip(" .,;:}*") if stand else ""
    return "" if has_words(behind) else behind
