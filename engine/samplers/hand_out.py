"""When a sampler hands its finished responses on.

What is handed on is stored, graded and scored as one, each at a fixed cost beside that of every
response; what is not yet is lost in a crash and unseen on the screen.
"""

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing

from engine.types import Response

ENOUGH = 128
"""Responses, or the batch size where that is less. On two cores 128 instead of 32 take a third of
the storing process's CPU time.
"""

FEW = 16
"""Requests of a call that somebody watches, as in the playground: every response goes on at
once.
"""

LONG_S = 10.0
"""Seconds since the last list after which the next finished response takes all with it, so that a
slow policy is seen to work.
"""


class HandOut:
    """Finished responses on their way out, in the order in which they finished.

    Args:
        batch_size: requests in flight.
        n_requests: requests of the whole call.
        clock: seconds from any start.
    """

    def __init__(
        self, batch_size: int, n_requests: int, clock: Callable[[], float] = time.monotonic
    ):
        self._enough, self._clock = 1 if n_requests <= FEW else min(ENOUGH, batch_size), clock
        self._since = clock()
        self._finished: list[Response] = []

    def __len__(self) -> int:
        return len(self._finished)

    @property
    def is_due(self) -> bool:
        return len(self) >= self._enough or (
            len(self) > 0 and self._clock() - self._since >= LONG_S
        )

    def add(self, *finished: Response) -> None:
        self._finished += finished

    def take(self) -> list[Response]:
        """All of them; the time counts anew."""
        taken, self._finished, self._since = self._finished, [], self._clock()
        return taken


def handed_out(finished: Generator[list[Response]], out: HandOut) -> Iterator[list[Response]]:
    """The same responses in longer lists. What was finished before an error comes before it;
    closing early closes the source.
    """
    with closing(finished):
        try:
            for responses in finished:
                out.add(*responses)
                if out.is_due:
                    yield out.take()
        except Exception:
            if out:
                yield out.take()
            raise
        if out:
            yield out.take()
