"""A finished response from its sampled tokens: the same for every local sampler."""

from collections.abc import Sequence
from typing import Any

from engine.models.tokens import Rendered, answer_start, stop_at
from engine.types import Request, Response


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
        stop: texts that end one; the text ends before them, the tokens do not.
    """
    is_ended = bool(tokens) and tokens[-1] in ends
    own = list(tokens[:-1] if is_ended else tokens)
    text = tokenizer.decode(own, skip_special_tokens=True)
    stopped_at = stop_at(text, stop)
    text = text if stopped_at is None else text[:stopped_at]
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
