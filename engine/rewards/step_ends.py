"""Where a scorer reads: the token at which each step of a text ends. Pure; knows offsets and spans,
no model.
"""

from collections.abc import Sequence


def step_end_tokens(
    offsets: Sequence[tuple[int, int]], spans: Sequence[tuple[int, int]]
) -> list[int]:
    """For every span, the index of the token that holds the span's last character.

    Args:
        offsets: [start, end) of every token in characters of the text, in order, as a fast
            tokenizer gives them. Tokens of no characters, such as special ones, are never chosen.
        spans: [start, end) of every step in the same text, none of them empty.

    Where several tokens share the character (one letter of several bytes) the last of them is
    meant. Where a tokenizer dropped the character, the last token before it is.

    >>> step_end_tokens([(0, 0), (0, 2), (2, 3), (3, 6), (6, 7)], [(0, 4), (6, 7)])
    [3, 4]

    Raises:
        ValueError: no token begins at or before the end of a step.
    """
    ends = []
    for _, end in spans:
        reached = [
            index for index, (start, stop) in enumerate(offsets) if start < stop and start < end
        ]
        if not reached:
            raise ValueError(
                f"no token begins before character {end}, where a step ends: these offsets belong"
                " to another text"
            )
        ends.append(reached[-1])
    return ends
