"""Which responses TRL takes for ended, where ours end in more ways than it knows: at the chat
template's turn end and at stop strings, too.

TRL 1.16 asks the last token of each response, `ids[-1]`, whether it is one of its end tokens, for
its metrics and for mask_truncated_completions. What is asked here answers by the finish reason.
"""

from typing import Any

from engine.types import Response

ENDED = -1
"""Stands among TRL's end tokens; no token has this id."""
_CUT = -2


class TokensOfResponse(list[int]):
    """The token ids of a response, the last of which reads as ENDED for one that has ended, and as
    no end for one that was cut. Iterated over, measured and made a tensor they are as they are.
    """

    def __init__(self, response: Response):
        super().__init__(response.tokens or ())
        self._last = ENDED if response.finish_reason == "stop" else _CUT

    def __getitem__(self, at: Any) -> Any:
        return self._last if at == -1 else super().__getitem__(at)
