"""What the requests of a call have drawn so far: tokens, noise, and where a response ends."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.method.seeds import uniforms
from engine.models.tokens import Rendered, stop_at
from engine.samplers.finished import as_response
from engine.types import Request, Response


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
        self._tail = max(map(len, stop), default=0) + 1
        """Last tokens that may spell a stop string: each spells a character at least."""
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
        if self._stop:
            tails = [self._tokens[place][-self._tail :] for place in requests.tolist()]
            texts = self._tokenizer.batch_decode(tails, skip_special_tokens=True)
            spelled = [stop_at(text, self._stop) is not None for text in texts]
            self.ended[requests[spelled]] = True

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
