"""Pairs with the columns that TRL reads."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, cast

from engine.method.prompts import fill

if TYPE_CHECKING:
    import pyarrow


def with_prompts(
    batches: Iterator["pyarrow.RecordBatch"], template: str, further: Sequence[str]
) -> Iterator["pyarrow.RecordBatch"]:
    """TRL's columns first; the prompt is what the policy read, in place of the question.

    Args:
        further: columns that are kept whatever they are.
    """
    import pyarrow

    for batch in batches:
        questions = cast(list[str], batch.column("question").to_pylist())  # NOT NULL in the schema
        prompts = pyarrow.array([fill(template, q) for q in questions], pyarrow.string())
        left_out = {"chosen", "rejected"} | ({"question"} - {*further})
        rest = [name for name in batch.schema.names if name not in left_out]
        columns = [prompts, *(batch.column(name) for name in ("chosen", "rejected", *rest))]
        yield pyarrow.record_batch(columns, names=["prompt", "chosen", "rejected", *rest])
