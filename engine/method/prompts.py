"""Prompts: a question inside a template.

Templates are plain text with the mark {question} in them. Nothing else in braces has a meaning,
because \\boxed{} stands in nearly every one.
"""

from engine.errors import ConfigError

MARK = "{question}"

PAPER_TEMPLATE = (
    "Reason step by step and separate the steps by a blank line. "
    "Put the final answer in \\boxed{}.\n\n{question}"
)
"""Our wording of the paper's instruction: docs/method.md, section 1.7; the exact text is
unknown.
"""


def check_template(template: str) -> None:
    """Raises: ConfigError unless the mark occurs exactly once."""
    n_marks = template.count(MARK)
    if n_marks != 1:
        raise ConfigError(
            f"policy.prompt_template holds {MARK} {n_marks} times: it must hold it exactly once,"
            " where the question goes."
        )


def fill(template: str, question: str) -> str:
    """The prompt for one question.

    >>> fill("{question}\\n", "1 + 1?")
    '1 + 1?\\n'
    """
    return template.replace(MARK, question)
