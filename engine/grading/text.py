"""Text as it comes and as it is shown: surrogates replaced, long answers cut."""

MAX_SHOWN_CHARS = 1_000
"""How much of an extracted answer a verdict keeps."""


def without_surrogates(text: str) -> str:
    """The text with surrogate pairs joined and lone surrogates and null bytes replaced by
    U+FFFD.
    """
    if text.isascii():
        return text.replace("\x00", "�")
    return (
        text.encode("utf-16-le", "surrogatepass")
        .decode("utf-16-le", "replace")
        .replace("\x00", "�")
    )


def shown(answer: str) -> str:
    """The answer as a verdict keeps it: at most MAX_SHOWN_CHARS characters, the cut marked."""
    return answer if len(answer) <= MAX_SHOWN_CHARS else answer[:MAX_SHOWN_CHARS] + "…"
