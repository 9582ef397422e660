"""A table of pass rates per problem, such as DART-Math's query tables or NeMo Gym's profiles:
accuracies without the responses behind them.

Nothing can be replayed from it; it says how the problems would fall into classes by accuracy alone.
Columns read: query_id, pass_rate in [0, 1] and tot_n_samples. Not seen: the table itself. The three
names were read in other people's code that joins it, and such a table holds no question, so its
rows can be counted and not be sampled. A profile of NeMo Gym has pass_rate, which it fills where it
was given a threshold, and total_samples beside what the task's row held; its names are those of its
public documentation (nemo_gym.profile), and no such file was at hand.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.errors import RecordedSetError
from engine.method.difficulty import class_counts, classify
from engine.problems import Rejected
from engine.problems.rows import Broken, rows_of_file
from engine.recorded.shapes import RESPONSE_FIELDS

RATE, NAME = "pass_rate", "query_id"
COUNTS = ("tot_n_samples", "total_samples")
"""DART-Math's name of the number of samples, and NeMo Gym's."""
NEEDED = f"{RATE} and one of {', '.join(COUNTS)}"


@dataclass(frozen=True, slots=True)
class Rates:
    """Counts per problem, shape (P,) each."""

    names: list[str]
    n_correct: np.ndarray
    n: np.ndarray
    rejected: list[Rejected]

    def classes(self) -> dict[str, int]:
        """Problems per class by accuracy alone."""
        return class_counts(
            classify(self.n_correct, self.n, None, tau_l=0, tau_h=1, mode="accuracy")
        )


def is_rate_table(row: object) -> bool:
    """Whether a row is one of such a table."""
    return (
        isinstance(row, dict)
        and RATE in row
        and not row.keys().isdisjoint(COUNTS)
        and not row.keys() & set(RESPONSE_FIELDS)
    )


def read_rates(source: Path) -> Rates:
    """Read a table. A row that cannot be used is listed, the others stay.

    Raises: ProblemSetError for a file that cannot be read; RecordedSetError for one without a
    usable row.
    """
    names, n_correct, totals, rejected = [], [], [], []
    for line, row in rows_of_file(source):
        if isinstance(row, Broken) or not is_rate_table(row):
            rejected.append(
                Rejected(
                    line,
                    "",
                    row.reason if isinstance(row, Broken) else f"The row has not {NEEDED}.",
                )
            )
            continue
        count = next(name for name in COUNTS if name in row)
        rate, n = _number(row[RATE]), _number(row[count])
        if not 0 <= rate <= 1:
            rejected.append(
                Rejected(line, RATE, f"{RATE} is {row[RATE]!r}; a number in [0, 1] is needed.")
            )
        elif not (n >= 1 and n.is_integer()):
            rejected.append(
                Rejected(
                    line,
                    count,
                    f"{count} is {row[count]!r}; a whole number of at least 1 is needed.",
                )
            )
        else:
            names.append(str(row.get(NAME, line)))
            n_correct.append(round(rate * n))
            totals.append(int(n))
    if not names:
        raise RecordedSetError(f"{source} holds no usable row: each needs {NEEDED}.")
    return Rates(names, np.array(n_correct), np.array(totals), rejected)


def _number(value: object) -> float:
    """NaN, which fails every comparison, where it is none."""
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return math.nan
