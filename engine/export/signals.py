"""What the pre-samples say of problems, as columns beside others."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, cast

from engine import store
from engine.store import Database
from engine.study.handle import Iteration

if TYPE_CHECKING:
    import pyarrow

SIGNALS = ("n", "n_correct", "pass_rate", "phi_r")


def with_signals(
    it: Iteration, batches: Iterable["pyarrow.RecordBatch"]
) -> Iterator["pyarrow.RecordBatch"]:
    """Batches with a problem_id, and SIGNALS behind their columns; null for problems that are not
    finished.
    """
    yield from map(_appending(it), batches)


def plan_with_signals(
    db: Database, run_id: str, batches: Iterable["pyarrow.RecordBatch"]
) -> Iterator["pyarrow.RecordBatch"]:
    """The same for rows of plans, each by the pre-samples of its own iteration."""
    import pyarrow

    by_iteration = {
        row.number: _appending(Iteration(db, run_id, row.number))
        for row in store.runs.iterations(db, run_id)
    }
    for batch in batches:
        numbers = cast(list[int], batch["iteration"].to_pylist())
        for number in sorted(set(numbers)) or [0]:
            own = batch.filter(pyarrow.array([n == number for n in numbers], pyarrow.bool_()))
            yield by_iteration[number](own)


def _appending(it: Iteration) -> Callable[["pyarrow.RecordBatch"], "pyarrow.RecordBatch"]:
    """What appends an iteration's signals."""
    import pyarrow

    estimates = store.samples.estimates(it)
    place = {id: at for at, id in enumerate(estimates.problem_ids.tolist())}
    columns = {
        "n": pyarrow.array(estimates.n),
        "n_correct": pyarrow.array(estimates.n_correct),
        "pass_rate": pyarrow.array(estimates.n_correct / estimates.n),
        "phi_r": pyarrow.array(estimates.phi_r, from_pandas=True),
    }

    def append(batch: "pyarrow.RecordBatch") -> "pyarrow.RecordBatch":
        at = pyarrow.array([place.get(id) for id in batch["problem_id"].to_pylist()], "int64")
        for name in SIGNALS:
            batch = batch.append_column(name, columns[name].take(at))
        return batch

    return append
