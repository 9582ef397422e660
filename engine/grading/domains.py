"""The domains: how the answer of a response is found and checked, by the kind of a problem.

`maths` compares two answers (`extraction`, `pool`); the other domains bring both steps here, and
`grader` asks them. A domain that one machine lacks something for is refused with a sentence. What a
domain needs of a problem beside its answer lies in `Problem.details`, a JSON object:

- choice: {"options": {"A": "…", …}}
- code: {"tests": ["assert …" or {"input": "…", "output": "…"}, …], "setup": "…", "names": […]}
"""

from collections.abc import Iterable
from typing import Protocol, get_args

from engine.grading import extraction
from engine.grading.extraction import DEFAULT, Extracted, Extraction
from engine.grading.options import ChoiceDomain
from engine.grading.program import CodeDomain, extract_program
from engine.types import Domain, Reference, Verdict

NAMES: tuple[str, ...] = get_args(Domain)


class CheckedDomain(Protocol):
    """Problems of one kind, checked without computer algebra."""

    is_quick: bool
    """Whether `check` takes microseconds; else it is called in a thread of its own."""

    def extract(self, reference: Reference, response: str, rules: Extraction) -> Extracted:
        """The answer of a response. Never raises."""
        ...

    def check(self, reference: Reference, extracted: Extracted) -> Verdict:
        """Blocks. Raises: GradingError where this machine cannot check it."""
        ...

    def unavailable(self) -> str | None:
        """The sentence that says what this machine lacks; None where it lacks nothing."""
        ...

    def stop(self) -> None:
        """End checks that run now: they return at once. Later ones are refused."""
        ...


def checked_domains() -> dict[str, CheckedDomain]:
    """New checkers of every domain but maths, by name."""
    return {"choice": ChoiceDomain(), "code": CodeDomain()}


def unavailable(domains: Iterable[str]) -> str | None:
    """What this machine lacks to check some domains; None where it lacks nothing."""
    checkers = checked_domains()
    needed = sorted({domain for domain in domains if domain in checkers})
    return next((why for domain in needed if (why := checkers[domain].unavailable())), None)


def ran_on(domain: Domain, response: str, rules: Extraction = DEFAULT) -> bool:
    """Whether a response went on behind its turn; never by the earlier rules. Never raises."""
    if domain == "code":
        return extract_program(response, rules).ran_on
    return extraction.ran_on(response, rules)
