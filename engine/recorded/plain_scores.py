"""Scores of many rows at a time: which are per step, which of the whole response, which are odd;
and all of them as probabilities.
"""

import io
import math
import re
from typing import Any, NamedTuple

import numpy as np

from engine.method.steps import n_steps
from engine.recorded.about import Scale
from engine.recorded.shapes import OUTCOME_FIELDS

Column = Any
"""A pyarrow array."""

_NUMBER = re.compile(r"null|[-+.\deE]++")
_LIST = re.compile(r"null|\[[-+.\deE,\s]*+\]")

EXACT = 2.0**53
"""Whole numbers below are the same as floating point."""


class Scores(NamedTuple):
    """N rows' scores."""

    raw: Column
    """Lists of numbers, or null."""
    kind: Column
    """"steps", "outcome" or null."""
    is_odd: np.ndarray
    """bool, shape (N,): rows to be read alone, such as those with other scores than steps."""


def scores_of_rows(
    column: Column, name: str | None, text: Column, scale: Scale | None
) -> Scores | None:
    """Scores as a column under a name has them; None where they are no numbers, or their scale is
    not known.
    """
    import pyarrow

    types, n = pyarrow.types, len(column)
    if types.is_string(column.type) and (column := _written_out(column)) is None:
        return None
    if types.is_null(column.type):
        nothing = np.zeros(n, dtype=bool)
        nulls = pyarrow.nulls(n, pyarrow.list_(pyarrow.float64()))
        return Scores(nulls, _kinds(nothing, nothing), nothing)
    is_list = types.is_list(column.type)
    of = column.type.value_type if is_list else column.type
    if scale is None or not (types.is_floating(of) or types.is_integer(of)):
        return None
    sizes = (
        column.value_lengths().fill_null(0).to_numpy(False)
        if is_list
        else column.is_valid().to_numpy(False).astype(np.int64)
    )
    numbers = (column.flatten() if is_list else column.drop_null()).cast(pyarrow.float64(), False)
    values = numbers.to_numpy(zero_copy_only=False)
    ends = np.cumsum(sizes)
    wrong = ~np.isfinite(values) | (np.abs(values) >= EXACT)
    if scale == "probability":
        wrong |= (values < 0) | (values > 1)
    is_odd = np.zeros(n, dtype=bool)
    is_odd[np.searchsorted(ends, np.flatnonzero(wrong), side="right")] = True
    is_scored = sizes > 0
    n_each = _n_steps(text, is_scored) if is_list and name not in OUTCOME_FIELDS else None
    is_steps = np.zeros(n, dtype=bool)
    if n_each is not None:
        is_steps = is_scored & ~((sizes == 1) & (n_each > 1))
        is_odd |= is_steps & (sizes != n_each)
    offsets = pyarrow.array(np.concatenate([[0], ends]), type=pyarrow.int32(),
                            mask=np.append(~is_scored, False))  # fmt: skip
    raw = pyarrow.ListArray.from_arrays(offsets, pyarrow.array(values))
    return Scores(raw, _kinds(is_steps, is_scored & ~is_steps), is_odd)


def _written_out(texts: Column) -> Column | None:
    """Texts that are all JSON numbers, or all lists of them, as these; empty ones as null. None
    for any other.
    """
    import pyarrow
    import pyarrow.compute
    import pyarrow.json

    written = [text or "null" for text in pyarrow.compute.utf8_trim_whitespace(texts).to_pylist()]
    is_list = any(text.startswith("[") for text in written)
    if not all(map((_LIST if is_list else _NUMBER).fullmatch, written)):
        return None
    number = pyarrow.float64()
    schema = pyarrow.schema({"scores": pyarrow.list_(number) if is_list else number})
    rows = "".join([f'{{"scores":{text}}}\n' for text in written]).encode()
    whole = pyarrow.json.ReadOptions(use_threads=False, block_size=len(rows) + 1)
    try:
        table = pyarrow.json.read_json(
            io.BytesIO(rows), whole, pyarrow.json.ParseOptions(explicit_schema=schema)
        )
    except pyarrow.ArrowException:
        return None
    return pyarrow.concat_arrays(table["scores"].chunks)


def _n_steps(text: Column, of: np.ndarray) -> np.ndarray:
    texts = text.to_pylist()
    return np.array([n_steps(t) if needed and t else 0 for t, needed in zip(texts, of.tolist())])


def _kinds(is_steps: np.ndarray, is_outcome: np.ndarray) -> Column:
    import pyarrow

    names = pyarrow.array(["steps", "outcome"])
    codes: Column = pyarrow.array(is_outcome.astype(np.int8), mask=~(is_steps | is_outcome))
    return names.take(codes)


def probabilities(raw: Column, scale: Scale | None) -> Column:
    """Raw scores, each a probability already or a logit, as probabilities."""
    import pyarrow

    if scale != "logit":
        return raw
    values = pyarrow.array(list(map(sigmoid, raw.values.to_pylist())), pyarrow.float64())
    return pyarrow.ListArray.from_arrays(_offsets(raw), values)


def _offsets(raw: Column) -> Column:
    import pyarrow

    is_null = np.append(raw.is_null().to_numpy(zero_copy_only=False), False)
    return pyarrow.array(raw.offsets.to_numpy(), type=pyarrow.int32(), mask=is_null)


def sigmoid(score: float) -> float:
    """A logit as a probability."""
    return 1 / (1 + math.exp(-score)) if score >= 0 else (e := math.exp(score)) / (1 + e)
