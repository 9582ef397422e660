"""What two responses to a problem have in common, step by step. Knows no Streamlit."""

from difflib import SequenceMatcher

MOST_COMPARED = 10_000
"""Pairs of steps, behind what both begin with and before what both end with. Comparing takes up to
the square of that, of texts that were made for it.
"""


def difference(before: list[str], after: list[str]) -> list[tuple[str, str]]:
    """Steps of two responses in one order: ("both" | "other" | "this", step); what is replaced
    stands before what replaces it.

    >>> difference(["a", "b"], ["a", "c"])
    [('both', 'a'), ('other', 'b'), ('this', 'c')]
    """
    head = _n_common(before, after)
    tail = _n_common(before[head:][::-1], after[head:][::-1])
    middle = before[head : len(before) - tail], after[head : len(after) - tail]
    return [
        *(("both", step) for step in before[:head]),
        *_aligned(*middle),
        *(("both", step) for step in before[len(before) - tail :]),
    ]


def _n_common(before: list[str], after: list[str]) -> int:
    """How many steps both begin with."""
    pairs = enumerate(zip(before, after))
    return next((i for i, (a, b) in pairs if a != b), min(len(before), len(after)))


def _aligned(before: list[str], after: list[str]) -> list[tuple[str, str]]:
    """Steps side by side where they are alike; too many, whose comparison would stall the page, are
    all different.
    """
    if len(before) * len(after) > MOST_COMPARED:
        return [*(("other", step) for step in before), *(("this", step) for step in after)]
    steps = []
    for what, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        steps += (
            [("both", step) for step in before[a:b]]
            if what == "equal"
            else [("other", step) for step in before[a:b]]
        )
        steps += [("this", step) for step in after[c:d]] if what != "equal" else []
    return steps
