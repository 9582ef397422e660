"""Rows of like lengths side by side: what is padded is computed for nothing.

Departure from transformers' own grouping by length: an optimiser step takes the rows that it would
have taken anyway, and only which of them share a micro-batch changes. So gradients are the same but
for rounding, and a training that is resumed meets the same rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def n_tokens(row: Mapping[str, Any]) -> int:
    """Tokens of the longest text in a row of token ids, by TRL's column names."""
    lengths = {name: len(ids) for name, ids in row.items() if name.endswith("_ids")}
    prompt = lengths.pop("prompt_ids", 0)
    return prompt + max(lengths.values())


class StepsByLength:
    """A sampler: rows in the order of accelerate's seeded one, the longest of each whole optimiser
    step first.

    The last step stays as it is if it is not whole: its micro-batches are of unequal size, and each
    weighs the same.

    Args:
        lengths: of the rows, in tokens.
        n_per_step: rows per optimiser step, over all processes.
    """

    def __init__(self, lengths: Sequence[int], n_per_step: int):
        from accelerate.data_loader import SeedableRandomSampler

        self._lengths, self._n_per_step = lengths, n_per_step
        self._rows = SeedableRandomSampler(lengths)

    def __len__(self) -> int:
        return len(self._lengths)

    def set_epoch(self, epoch: int) -> None:
        self._rows.set_epoch(epoch)

    def __iter__(self) -> Iterator[int]:
        order = list(self._rows)
        for start in range(0, len(order), self._n_per_step):
            step = order[start : start + self._n_per_step]
            if len(step) == self._n_per_step:
                step.sort(key=lambda row: -self._lengths[row])
            yield from step


def side_by_side(trainer: Any, n_per_step: int) -> Any:
    """A subclass of one of TRL's trainers that takes its rows so."""

    class SideBySide(trainer):
        def _get_train_sampler(self, train_dataset: Any = None) -> StepsByLength:
            rows = self.train_dataset if train_dataset is None else train_dataset
            return StepsByLength([n_tokens(row) for row in rows], n_per_step)

    return SideBySide
