"""Python's search for garbage in cycles, while a job makes objects by the million."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

N_YOUNG = 50_000
"""Objects between two searches; Python's own is 700. Responses, verdicts and scores hold no cycles:
a fifth of a pre-sampling's time went into looking at them.
"""


@contextmanager
def seldom_sought() -> Iterator[None]:
    """Search for it less often in this process as long as this lasts."""
    young, *older = gc.get_threshold()
    gc.set_threshold(max(young, N_YOUNG), *older)
    try:
        yield
    finally:
        gc.set_threshold(young, *older)
