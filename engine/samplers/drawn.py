"""What the requests of a call have drawn so far: tokens, noise, and where a response ends."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.method.seeds import uniforms
from engine.models.spelling import spelled
from engine.models.tokens import Rendered, stop_at
from engine.samplers.finished import LONGEST_BYTES, as_response
from engine.types import Request, Response

_BROKEN = "\ufffd"
"""What a decoder gives for a part of a character; some give it for the whole run of bytes."""


class Drawn:
    """What all requests of a call have drawn so far, and which have ended."""

    def __init__(
        self,
        tokenizer: Any,
        requests: list[Request],
        read: list[Rendered],
        limits: list[int],
        ends: list[int],
        stop: Sequence[str],
    ):
        self._tokenizer, self._requests, self._read = tokenizer, requests, read
        self._ends, self._stop, self._limits = ends, stop, np.array(limits)
        self._seeds = np.array([request.seed for request in requests], dtype=np.uint64)
        self._tail = max((len(text.encode()) for text in stop), default=0) + 1
        """Last tokens that may spell a stop string: each spells a byte at least, and decoders drop
        the space before the first.
        """
        self._tokens: list[list[int]] = [[] for _ in requests]
        self._n_tokens = np.zeros(len(requests), dtype=np.int64)
        self.ended = np.zeros(len(requests), dtype=bool)

    @property
    def n_tokens(self) -> int:
        """Of all requests so far."""
        return int(self._n_tokens.sum())

    def noise(self, requests: np.ndarray) -> Any:
        """One uniform number for the next token of each of these requests."""
        import torch

        return torch.as_tensor(uniforms(self._seeds[requests], self._n_tokens[requests]))

    def prompts(self, requests: np.ndarray) -> list[list[int]]:
        """Token ids of their prompts."""
        return [self._read[place].ids for place in requests.tolist()]

    def add(self, requests: np.ndarray, tokens: np.ndarray) -> None:
        """The next token of some requests; those that have ended take none."""
        is_live = ~self.ended[requests]
        requests, tokens = requests[is_live], tokens[is_live]
        for place, token in zip(requests.tolist(), tokens.tolist()):
            self._tokens[place].append(token)
        self._n_tokens[requests] += 1
        is_last = np.isin(tokens, self._ends) | (self._n_tokens[requests] >= self._limits[requests])
        self.ended[requests[is_last]] = True
        if self._stop and len(requests):
            self.ended[requests[self._spell_stop(requests)]] = True

    def _spell_stop(self, requests: np.ndarray) -> list[bool]:
        """Which of these requests end with a stop string, by their last tokens: of tails that begin
        one token earlier each, one begins with a whole character.
        """
        tokens = [self._tokens[place] for place in requests.tolist()]
        by_more = [self._spelled(tokens, 0)]
        if any(text.startswith(_BROKEN) for text in by_more[0]):
            by_more += [self._spelled(tokens, n) for n in range(1, LONGEST_BYTES)]
        return [
            any(stop_at(text, self._stop) is not None for text in texts) for texts in zip(*by_more)
        ]

    def _spelled(self, tokens: list[list[int]], n_more: int) -> list[str]:
        return [spelled(self._tokenizer, own[-self._tail - n_more :]) for own in tokens]

    def responses(self, requests: np.ndarray) -> list[Response]:
        """The responses of requests that have ended."""
        return [
            as_response(
                self._tokenizer,
                self._requests[place],
                self._read[place],
                self._tokens[place],
                self._ends,
                self._stop,
            )
            for place in requests.tolist()
        ]
