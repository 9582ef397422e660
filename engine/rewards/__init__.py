"""Process reward models: score the steps of responses.

One protocol for every family. On a CPU a text has the same scores to the last bit whatever it is
read with (tested for causal models; an encoder's pooled head, GPUs and vLLM may differ in the last
bits). Scores are rounded to five decimals, those of the family implicit before they are multiplied
by its coefficient, so that such a text keeps its place in nearly every ordering.
"""

from collections.abc import Sequence
from typing import Protocol

from engine.types import StepScores

SCORE_DECIMALS = 5


class RewardModel(Protocol):
    def score(self, items: Sequence[tuple[str, str]]) -> list[StepScores]:
        """Score the steps of (prompt, response text) pairs; answers in the same order, equal items
        are scored once.
        """
        ...

    def close(self) -> None:
        """Give memory and device back. Safe to call twice."""
        ...
