"""The key-value cache of the responses in flight: a row each, in tensors with room for more tokens.

Every row ends in the same column, as with padding on the left, so that the library's own masks
hold, sliding windows too. A row is taken over by the next prompt when its response has finished,
and every ROOM tokens what is still read moves into new tensors.
"""

from functools import cache
from typing import Any

from engine.models.memory import ROOM
from engine.samplers.prompts import Read


class Slots:
    """Keys and values of B rows.

    Args:
        read: prompts of which the first one is put into every row.
        n_rows: B.
    """

    def __init__(self, read: Read, n_rows: int):
        import torch
        from transformers.cache_utils import Cache

        self._layers = [_layer_type()(*layer) for layer in read.layers]
        self.cache = Cache(layers=[*self._layers])
        first = torch.zeros(n_rows, dtype=torch.long, device=read.lengths.device)
        self.move(first, read.lengths[first])

    def __len__(self) -> int:
        return len(self.lengths)

    def mask(self) -> Any:
        """(B, columns + 1): true where a token stands, the one that is read next included."""
        import torch

        n = self.cache.get_seq_length()
        columns = torch.arange(n + 1, device=self.lengths.device)
        return columns >= n - self.lengths[:, None]

    def has_read_one(self) -> None:
        """The model has read a token in every row; where the room is used up, the rows move."""
        import torch

        self.lengths = self.lengths + 1
        if self._layers[0].is_out_of_room:
            rows = torch.arange(len(self), device=self.lengths.device)
            self.move(rows, self.lengths)

    def move(self, rows: Any, lengths: Any) -> None:
        """Keep these rows alone, and of their columns those that one of them reads.

        Args:
            lengths: (B,) of the rows that are kept, in tokens.
        """
        n = int(lengths.max())
        for layer in self._layers:
            layer.move(rows, n)
        self.lengths = lengths

    def take_over(self, rows: Any, read: Read, owner: Any) -> None:
        """Put prompts into rows; none is longer than the longest row that stays.

        Args:
            owner: which of the prompts, as many as rows.
        """
        width = self.cache.get_seq_length()
        for layer, new in zip(self._layers, read.layers):
            layer.take_over(rows, [part[owner, :, -width:] for part in new])
        self.lengths[rows] = read.lengths[owner]
        width = int(self.lengths.max())
        for layer in self._layers:
            layer.width = width


@cache
def _layer_type() -> Any:
    from transformers.cache_utils import DynamicLayer

    class Layer(DynamicLayer):
        """One layer's keys and values. Column `n` is the next that is written; the `width` before
        it are read.
        """

        def __init__(self, keys: Any, values: Any):
            super().__init__()
            self.lazy_initialization(keys, values)
            self.all_keys, self.all_values = keys, values
            self.n = self.width = keys.shape[2]

        @property
        def is_out_of_room(self) -> bool:
            return self.n == self.all_keys.shape[2]

        def move(self, rows: Any, n: int) -> None:
            self.all_keys, self.all_values = (
                _moved(held[:, :, self.n - n : self.n], rows)
                for held in (self.all_keys, self.all_values)
            )
            self.n = self.width = n

        def take_over(self, rows: Any, new: list[Any]) -> None:
            for held, part in zip((self.all_keys, self.all_values), new):
                held[rows, :, self.n - part.shape[2] : self.n] = part

        def update(self, key_states: Any, value_states: Any, *args: Any, **kwargs: Any) -> Any:
            self.n, self.width = self.n + 1, self.width + 1
            self.all_keys[:, :, self.n - 1 : self.n] = key_states
            self.all_values[:, :, self.n - 1 : self.n] = value_states
            first = self.n - self.width
            return self.all_keys[:, :, first : self.n], self.all_values[:, :, first : self.n]

        def get_seq_length(self) -> int:
            return self.width

    return Layer


def _moved(held: Any, rows: Any) -> Any:
    _, n_heads, n, width = held.shape
    new = held.new_empty(len(rows), n_heads, n + ROOM, width)
    new[:, :, :n] = held[rows]
    return new
