"""A finished response from its sampled tokens: the same for every local sampler."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from engine.models.spelling import spelled
from engine.models.tokens import Rendered, answer_start, stop_at
from engine.types import Request, Response

LONGEST_BYTES = 4
"""Of a character in UTF-8."""


def as_response(
    tokenizer: Any,
    request: Request,
    read: Rendered,
    tokens: Sequence[int],
    ends: Sequence[int],
    stop: Sequence[str],
) -> Response:
    """The response that these tokens are.

    Args:
        tokens: all that were sampled, with the end token if one was.
        ends: token ids that end a response; it stands neither in the text nor in the count.
        stop: texts that end one; the text ends before the first of them, the tokens with the one
            that completes it.
    """
    is_ended = bool(tokens) and tokens[-1] in ends
    own = list(tokens[:-1] if is_ended else tokens)
    text = spelled(tokenizer, own)
    stopped_at = stop_at(text, stop)
    if stopped_at is not None:
        text = text[:stopped_at]
        tokens = own = own[: _n_until_stop(tokenizer, own, stop)]
    return Response(
        request.problem_id,
        request.index,
        request.seed,
        text,
        "stop" if is_ended or stopped_at is not None else "length",
        len(own),
        tuple(tokens),
        answer_start(read.text, text),
    )


def _n_until_stop(tokenizer: Any, tokens: Sequence[int], stop: Sequence[str]) -> int:
    """How many tokens there are up to the one with which a stop string is whole. They spell one."""

    def is_whole(n: int) -> bool:
        """Also where a part of a character stands behind it, which makes some decoders give up the
        whole run of bytes.
        """
        return any(
            stop_at(spelled(tokenizer, tokens[:m]), stop) is not None
            for m in range(n, max(n - LONGEST_BYTES, 0), -1)
        )

    n = len(tokens)
    return bisect_left(range(n), True, key=is_whole) if is_whole(n - 1) else n
