"""The pairs that wait for a checking process: unread ones first, hard ones behind them.

Knows nothing of processes. A pair is read first, which takes milliseconds; what reading leaves open
comes back as hard, and waits until nothing unread does.
"""

import threading
from collections import deque
from collections.abc import Iterable
from typing import Generic, TypeVar

Pair = TypeVar("Pair")


class Waiting(Generic[Pair]):
    """Two queues in one. Safe to use from several threads."""

    def __init__(self) -> None:
        self._unread: deque[Pair] = deque()
        self._hard: deque[Pair] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def put(self, pairs: Iterable[Pair]) -> None:
        """Pairs that nobody has read yet."""
        with self._changed:
            self._unread.extend(pairs)
            self._changed.notify_all()

    def put_hard(self, pair: Pair) -> None:
        """A pair that reading left open."""
        with self._changed:
            self._hard.append(pair)
            self._changed.notify_all()

    def take(self, *, unread_only: bool) -> tuple[Pair, bool] | None:
        """The next pair, and whether it is a hard one; None once it is closed and empty. Blocks."""
        with self._changed:
            while True:
                if self._unread:
                    return self._unread.popleft(), False
                if self._hard and (self._closed or not unread_only):
                    return self._hard.popleft(), True
                if self._closed:
                    return None
                self._changed.wait()

    def close(self) -> None:
        """Nobody waits any more once the queues are empty."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
