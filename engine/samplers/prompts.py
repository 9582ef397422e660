"""The prompts that wait for a row, read in parts of bounded size."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from engine.models.memory import PREFILL_TOKENS


@dataclass(frozen=True, slots=True)
class Read:
    """P prompts that were read, padded on the left to W tokens."""

    layers: list[tuple[Any, Any]]
    """Keys and values of each layer, (P, heads, W, width)."""
    lengths: Any
    """(P,), tokens without padding."""
    logits: Any
    """(P, V), of the token behind each prompt."""
    row_of: dict[tuple[int, ...], int]
    """Where each prompt stands."""


class Prompts:
    """One prompt for each response that is owed, in the order in which they get a row. Equal ones
    that follow each other are read once.

    Args:
        model: a causal language model.
        ids: token ids, longest first.
    """

    def __init__(self, model: Any, ids: Sequence[Sequence[int]], pad_id: int):
        self._model, self._pad_id = model, pad_id
        self._waiting = deque(map(tuple, ids))
        self._read: Read | None = None

    def take(self, n: int) -> Iterator[tuple[Read, list[int]]]:
        """Up to n prompts, as parts: what was read, and which of it."""
        while n and self._waiting:
            if self._read is None or self._waiting[0] not in self._read.row_of:
                self._read = self._read_next()
            owner: list[int] = []
            while len(owner) < n and self._waiting and self._waiting[0] in self._read.row_of:
                owner.append(self._read.row_of[self._waiting.popleft()])
            n -= len(owner)
            yield self._read, owner

    def _read_next(self) -> Read:
        """As many distinct prompts as fit into one pass, one at least."""
        width = len(self._waiting[0])
        most = max(1, PREFILL_TOKENS // width)
        chosen: dict[tuple[int, ...], int] = {}
        for prompt in self._waiting:
            if prompt not in chosen and len(chosen) == most:
                break
            chosen.setdefault(prompt, len(chosen))
        return self._prefill(chosen, width)

    def _prefill(self, prompts: dict[tuple[int, ...], int], width: int) -> Read:
        import torch
        from transformers import DynamicCache

        device = self._model.device
        ids = torch.tensor(
            [[self._pad_id] * (width - len(p)) + list(p) for p in prompts], device=device
        )
        lengths = torch.tensor([len(p) for p in prompts], device=device)
        mask = torch.arange(width, device=device) >= width - lengths[:, None]
        cache: Any = DynamicCache()
        logits = self._model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=(mask.cumsum(1) - 1).clamp(min=0),
            past_key_values=cache,
            logits_to_keep=1,
        ).logits[:, -1]
        layers = [(layer.keys, layer.values) for layer in cache.layers]
        return Read(layers, lengths, logits, prompts)
