"""What scorers with a model share: equal items read once, long texts refused, the rest in batches
of one padded length.

Must not know of problems, runs or thresholds.
"""

import gc
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import isfinite
from typing import Literal

from engine.config.splitter import BLANK_LINE, Splitter
from engine.errors import RewardModelError, in_one_line
from engine.method.steps import normalise_newlines
from engine.rewards import SCORE_DECIMALS
from engine.types import ScoreStatus, StepScores

Item = tuple[str, str]
"""(prompt, response text), newlines normalised."""

BATCH_TOKENS = {"cpu": 512}
"""Padded tokens per forward pass by kind of device, 16,384 on any other: a CPU is slower with more,
GPUs were not measured.
"""

PADDED_TO = {"cpu": 8}
"""Texts are padded to a multiple of this many tokens, 128 on any other device, whose passes hold
more texts. Not measured there.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One text as a model reads it."""

    item: Item
    ids: list[int]
    ends: list[int]
    """Index of the token that each score is read at, in order."""
    begin: int = 0
    """Where the response begins; of a family that reads every token of it."""
    spells_tag: bool = False
    """What a person or a policy wrote holds the model's tag: there is no score."""


class BatchedReward(ABC):
    """Implements engine.rewards.RewardModel for a model that reads token ids.

    A family says how an item becomes a Row and what the model answers. It sets `_longest` (tokens
    the model has positions for; None: no limit), and `_low` and `_high` where its scores are no
    probabilities.

    Args:
        path: a folder in transformers' format, or a hub id.
        splitter: where responses are cut into steps.
    """

    _status: Literal["ok", "outcome"] = "ok"
    _longest: int | None = None
    _low, _high = 0.0, 1.0

    def __init__(self, path: str, splitter: Splitter = BLANK_LINE):
        self.path, self._splitter = str(path), splitter

    def score(self, items: Sequence[Item]) -> list[StepScores]:
        """Score (prompt, response) pairs, in their order; equal items are scored once.

        A text longer than the model's positions is answered with status "too_long", never cut.
        Blocks.

        Raises:
            RewardModelError: the model gave another number of scores than there are steps, or a
                score that is none; a step pattern that takes too long.
        """
        clean = [
            (normalise_newlines(prompt), normalise_newlines(response)) for prompt, response in items
        ]
        known: dict[Item, StepScores] = {}
        rows = []
        for item in dict.fromkeys(clean):
            row = self._read(item)
            if self._longest is not None and len(row.ids) > self._longest:
                known[item] = StepScores((), "too_long")
            elif not row.ends:
                known[item] = StepScores((), self._unscored(row))
            else:
                rows.append(row)
        for row, scores in self._answers(rows):
            known[row.item] = self._checked(row, scores)
        return [known[item] for item in clean]

    @abstractmethod
    def close(self) -> None:
        """Give memory and device back. Safe to call twice."""

    def _unscored(self, row: Row) -> ScoreStatus:
        """The status of a text of which no token is read."""
        return "holds_tag" if row.spells_tag else self._status

    @abstractmethod
    def _read(self, item: Item) -> Row:
        """The item as token ids; no ends where there is nothing to score."""

    @abstractmethod
    def _answers(self, rows: list[Row]) -> Iterator[tuple[Row, list[float]]]:
        """What the model says of each row, in any order."""

    def _checked(self, row: Row, scores: list[float]) -> StepScores:
        if len(scores) != len(row.ends):
            raise RewardModelError(
                f"The reward model {self.path} gave {len(scores)} scores for the {len(row.ends)}"
                f" steps of a response that begins {row.item[1][:60]!r}. Its step tag or its files"
                " may not be those of the family: check reward.family."
            )
        scores = [self._filed(score) for score in scores]
        # NaN fails every comparison, so this also catches it.
        if not all(self._low <= score <= self._high and isfinite(score) for score in scores):
            raise RewardModelError(
                f"The reward model {self.path} gave a score that is not {self._number},"
                f" for a response that begins {row.item[1][:60]!r}. Its weights may be damaged,"
                " or its precision too low: choose another one."
            )
        return StepScores(tuple(scores), self._status)

    def _filed(self, score: float) -> float:
        """A score as it is stored."""
        return round(score, SCORE_DECIMALS)

    @property
    def _number(self) -> str:
        is_bounded = isfinite(self._high)
        return "a number between 0 and 1" if is_bounded else "a finite number"


class ForwardReward(BatchedReward):
    """A reward model whose forward passes run here, on batches of one padded length, which no other
    text of a batch decides.

    A family sets `_model` and `_pad` beside what BatchedReward asks for.

    Args:
        path: a folder in transformers' format, or a hub id.
        device: "auto" takes a GPU where there is one; else "cpu", "cuda", "cuda:1".
        batch_tokens: padded tokens per forward pass; at least one text is always read. None:
            BATCH_TOKENS.
        splitter: where responses are cut into steps.
    """

    _model = None
    _pad = 0

    def __init__(
        self,
        path: str,
        device: str = "auto",
        batch_tokens: int | None = None,
        splitter: Splitter = BLANK_LINE,
    ):
        import torch

        super().__init__(path, splitter)
        self._device = torch.device(
            device if device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
        )
        self._batch_tokens = (
            BATCH_TOKENS.get(self._device.type, 16_384) if batch_tokens is None else batch_tokens
        )
        self._padded_to = PADDED_TO.get(self._device.type, 128)

    def close(self) -> None:
        self._model = None
        gc.collect()
        if self._device.type == "cuda":
            import torch

            torch.cuda.empty_cache()

    @abstractmethod
    def _probabilities(self, ids, mask, batch: list[Row]) -> list[list[float]]:
        """What the model says of each row. ids and mask: [rows, tokens], right-padded."""

    def _answers(self, rows: list[Row]) -> Iterator[tuple[Row, list[float]]]:
        for batch in self._batches(rows):
            yield from zip(batch, self._forward(batch), strict=True)

    def _batches(self, rows: list[Row]) -> Iterator[list[Row]]:
        """Rows of one padded length together, the largest batch first, so that it shows whether
        memory is enough.
        """
        batches = []
        for n_tokens, alike in groupby(sorted(rows, key=self._padded, reverse=True), self._padded):
            together, n_rows = list(alike), max(self._batch_tokens // n_tokens, 1)
            batches += [
                together[start : start + n_rows] for start in range(0, len(together), n_rows)
            ]
        yield from sorted(batches, key=lambda batch: -len(batch) * self._padded(batch[0]))

    def _padded(self, row: Row) -> int:
        """Tokens of a row with its padding. The row alone decides it, so that its company changes
        no bit of its scores.
        """
        return min(
            -(-len(row.ids) // self._padded_to) * self._padded_to, self._longest or sys.maxsize
        )

    def _forward(self, batch: list[Row]) -> list[list[float]]:
        import torch

        n_tokens = self._padded(batch[0])
        ids = torch.tensor(
            [row.ids + [self._pad] * (n_tokens - len(row.ids)) for row in batch],
            device=self._device,
        )
        mask = torch.tensor(
            [[1] * len(row.ids) + [0] * (n_tokens - len(row.ids)) for row in batch],
            device=self._device,
        )
        with torch.inference_mode():
            return self._probabilities(ids, mask, batch)


def tagged_row(
    item: Item, before: list[int], steps: list[list[int]], tag_id: int, behind: Sequence[int] = ()
) -> Row:
    """A row in which one token stands after every step, and each score is read there."""
    ids, ends = list(before), []
    for step in steps:
        ids += [*step, tag_id]
        ends.append(len(ids) - 1)
    return Row(item, [*ids, *behind], ends)


def load_tokenizer(path: str, trust_remote_code: bool):
    """The tokenizer that stands beside a reward model. Raises: RewardModelError."""
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(path, trust_remote_code=trust_remote_code)
    except Exception as error:  # damaged files raise what they like
        raise RewardModelError(
            f"No tokenizer could be loaded from {path!r} ({in_one_line(error)}). It"
            " belongs beside the reward model's weights."
        ) from error
