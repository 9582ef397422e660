r"""Where a response is cut into steps: at blank lines, as the paper does, or by another rule.

The other rules are ours: many policies part their steps by single newlines, numbers or headings,
and all of such a response is one step to the paper's rule.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from engine.errors import RewardModelError
from engine.method.steps import normalise_newlines, spans_between, step_spans

StepRule = Literal["blank_line", "line", "marker", "pattern"]

PATTERN_S = 1.0
"""How long a regular expression of one's own may search one response."""

N_SHOWN = 200
"""Responses from which a rule is suggested."""
FEW, MANY = 2, 20
"""Steps that the middle response has where a rule cuts well."""

_LINE = re.compile(r"\n")
_MARKER = re.compile(
    r"^(?=[ \t]{0,3}(?:\#{1,6}[ \t]|(?:\*\*|__)?(?:step|STEP|Step)[ \t]?\d{1,3}\b"
    r"|(?:\*\*)?\(?\d{1,3}[.)](?:\*\*)?[ \t]))",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Splitter:
    r"""Where a response is cut into steps.

    >>> Splitter("line").split("2 + 2 = 4\n\nso 4\n")
    ['2 + 2 = 4', 'so 4']
    >>> Splitter("marker").split("Sure.\nStep 1: add\n2 + 2\nStep 2: done")
    ['Sure.', 'Step 1: add\n2 + 2', 'Step 2: done']
    >>> Splitter("pattern", r"(?=Then)").split("Add 2. Then 3. Then stop.")
    ['Add 2.', 'Then 3.', 'Then stop.']
    """

    rule: StepRule = "blank_line"
    """blank_line: at lines of blanks only, the paper's. line: at every newline. marker: ahead of
    lines that begin with a number, "Step 1" or a heading. pattern: at every match.
    """
    pattern: str = ""
    """A regular expression, of the rule pattern; what it matches belongs to no step."""

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where the steps stand in a text whose newlines are already normalised: [(start, end)),
        end exclusive; parts stripped, empty ones left out.

        Raises: RewardModelError where the pattern takes longer than PATTERN_S.
        """
        if self.rule == "blank_line":
            return step_spans(text)
        return spans_between(text, self._cuts(text))

    def split(self, text: str) -> list[str]:
        """The steps of a response, its newlines normalised. Raises: as spans."""
        text = normalise_newlines(text)
        return [text[start:end] for start, end in self.spans(text)]

    def _cuts(self, text: str) -> list[tuple[int, int]]:
        if self.rule != "pattern":
            rule = _LINE if self.rule == "line" else _MARKER
            return [match.span() for match in rule.finditer(text)]
        try:
            matches = compiled(self.pattern).finditer(text, timeout=PATTERN_S)
            return [match.span() for match in matches]
        except TimeoutError as error:
            raise RewardModelError(
                f"reward.step_pattern took longer than {PATTERN_S:g} s on a response that begins"
                f" {text[:60]!r}. Write it without repetitions inside repetitions."
            ) from error


def compiled(pattern: str) -> Any:
    """A step pattern as it is searched. Raises: regex.error."""
    import regex

    return regex.compile(pattern, regex.MULTILINE | regex.VERSION1)


BLANK_LINE = Splitter()


def suggested_rule(texts: Sequence[str]) -> StepRule | None:
    """The first rule but pattern, in the order of StepRule, by which the middle one of these
    responses has FEW to MANY steps; None where none does. Reads N_SHOWN of them.

    >>> suggested_rule(["1. add\\n2. stop", "1. go"])
    'line'
    """
    shown = [text for text in texts[:N_SHOWN] if text.strip()]
    rules: tuple[StepRule, ...] = ("blank_line", "line", "marker")
    for rule in rules if shown else ():
        n = sorted(len(Splitter(rule).split(text)) for text in shown)
        if FEW <= n[len(n) // 2] <= MANY:
            return rule
    return None
