r"""What a generative reward model has written, read as judgements. Pure: no server, no prompt.

Nothing is guessed: what cannot be read is None. Sources: engine.config.generative.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.config.generative import Reads

_IN_A_BOX = re.compile(r"\\boxed\{\s*(?:\\text\{\s*)?(correct|incorrect)\b", re.IGNORECASE)
_OTHER = {"Yes": "No", "No": "Yes"}


class NoProbabilities(Exception):
    """The reply comes without log probabilities."""


@dataclass(frozen=True, slots=True)
class Token:
    """One token of a reply."""

    text: str
    logprob: float
    likely: Mapping[str, float] = field(default_factory=dict)
    """Log probabilities of the most probable tokens at its place, by text."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model wrote."""

    text: str
    tokens: Sequence[Token] = ()
    """Empty where the server gives no log probabilities."""
    is_opened: bool = False
    """It goes on from the opening that was asked for."""
    is_cut: bool = False
    """It ended at the most tokens that it might have."""


def chain_labels(text: str, n_steps: int) -> tuple[list[bool | None], int]:
    r"""Whether each step is called correct, by the order of the boxes in a chain of thought, and
    how many of these judgements were due. A chain may end at the first wrong step; with more boxes
    than steps it is not known which belongs to which.

    >>> chain_labels(r"Step 1: … \boxed{correct} Step 2: … \boxed{incorrect}", 3)
    ([True, False, None], 2)
    >>> chain_labels(r"Step 1: … \boxed{correct} Step 2: … and so", 2)
    ([True, None], 2)
    """
    labels = [label.lower() == "correct" for label in _IN_A_BOX.findall(text)]
    if len(labels) > n_steps:
        return [None] * n_steps, n_steps
    n_due = n_steps if all(labels) else len(labels)
    return [*labels, *[None] * (n_steps - len(labels))], n_due


def share_of_yes(reply: Reply, where: re.Pattern[str], reads: Reads, *, last: bool) -> float | None:
    """The probability of Yes against No where the judgement stands, or 1 and 0 by the word; None
    where there is no judgement, or its word is several tokens.

    Args:
        where: finds a judgement, with its Yes or No as the group word.
        last: the last judgement counts, else the first.

    Raises: NoProbabilities where they are to be read and the reply has none.

    Source: RyanLiu112/GenPRM, genprm_inference.py: the word that is not among the likely tokens
    counts as the least likely of them.
    """
    if reads == "probability" and reply.text and not reply.tokens:
        raise NoProbabilities
    text = reply.text if reads == "word" else "".join(token.text for token in reply.tokens)
    matches = list(where.finditer(text))
    if not matches:
        return None
    judgement = matches[-1 if last else 0]
    word, at = judgement["word"], judgement.start("word")
    if reads == "word":
        return float(word == "Yes")
    token, before = _token_at(reply.tokens, at)
    around = token.text[: at - before], token.text[at - before + len(word) :]
    if token.text != word.join(around):
        return None
    if not token.likely:
        raise NoProbabilities
    other = token.likely.get(_OTHER[word].join(around), min(token.likely.values()))
    ahead = token.logprob - other if word == "Yes" else other - token.logprob
    return _sigmoid(ahead)


def _sigmoid(x: float) -> float:
    """Without overflow: some servers give -9999 for what they think impossible."""
    small = math.exp(-abs(x))
    return (1 if x >= 0 else small) / (1 + small)


def _token_at(tokens: Sequence[Token], at: int) -> tuple[Token, int]:
    """The token that holds a character, and how many characters stand before it."""
    before = 0
    for token in tokens:
        if before + len(token.text) > at:
            return token, before
        before += len(token.text)
    raise IndexError(f"the tokens end before character {at}")
