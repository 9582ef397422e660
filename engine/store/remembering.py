"""What was read before, kept while it is still so."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

MOST = 1024
"""Keys that are kept; beyond, the one that nobody has asked for longest goes. A server runs for
weeks, and every run, job and sample set of those weeks is a key.
"""


class Remembered:
    """Values by key, each with the version it was read at. For several threads: two may read the
    same value at once, and neither waits for the other.
    """

    def __init__(self) -> None:
        self._values: OrderedDict[Hashable, tuple[Any, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, version: Any, read: Callable[[], Any]) -> Any:
        """What `read` gives, read again only when the version is another one than at the last read
        of this key.
        """
        with self._lock:
            version_then, value = self._values.get(key, (None, None))
            if key in self._values:
                self._values.move_to_end(key)
        if version_then != version:
            value = read()
            with self._lock:
                self._values[key] = (version, value)
                self._values.move_to_end(key)
                while len(self._values) > MOST:
                    self._values.popitem(last=False)
        return value

    def forget(self) -> None:
        with self._lock:
            self._values.clear()
