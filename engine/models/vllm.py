"""One vLLM engine per process: two die together, so whoever opens one says so here."""

_taken = False


def is_taken() -> bool:
    """Whether a vLLM engine is open in this process."""
    return _taken


def set_taken(taken: bool) -> None:
    global _taken
    _taken = taken
