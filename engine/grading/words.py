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
    return is_prose(answer) or bool(_TEXT.search(answer))


def same_words(gold: str, predicted: str) -> bool:
    """Whether two answers are the same words in another case."""
    return (
        bool(_ONLY_WORDS.match(gold) and _ONLY_WORDS.match(predicted))
        and gold.casefold() == predicted.casefold()
    )


def same_stand(gold: str, predicted: str) -> bool | None:
    """Whether two answers begin with the same yes, no, true or false; None where one of them does
    not. "Not possible" and "yes/no" do not.
    """
    stands = [_YES_NO.match(text) for text in (gold, predicted)]
    if None in stands:
        return None
    first, second = (stand.group(1).lower() for stand in stands if stand)
    return first == second
