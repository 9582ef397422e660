"""Garbage collection, which keeps every tab of the server waiting."""

import gc
from functools import cache


@cache
def keep_what_is_loaded() -> None:
    """Once per process, behind the first page: modules stay, and a collection that walks over all
    that they hold takes a tenth of a second.
    """
    gc.collect()
    gc.freeze()
