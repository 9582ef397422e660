"""A model's text for readers that take Markdown: as code, which they leave alone."""

import re


def as_block(text: str) -> str:
    """Every line indented by four spaces, which is a block of code.

    >>> as_block("![](http://x)")
    '    ![](http://x)'
    """
    return "\n".join(f"    {line}" for line in text.splitlines() or [""])


def as_span(text: str) -> str:
    """One line of code, with more backticks around it than it has in a row; ⏎ stands for the end of
    a line.

    >>> as_span("a`b")
    '`` a`b ``'
    """
    line = " ⏎ ".join(text.splitlines())
    longest = max((len(run) for run in re.findall(r"`+", line)), default=0)
    fence = "`" * (longest + 1)
    room = " " if longest else ""
    return f"{fence}{room}{line}{room}{fence}" if line.strip() else ""
