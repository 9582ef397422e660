"""The responses of an imported set that came with a flag, ready to be graded again."""

from collections.abc import Iterator
from pathlib import Path

from engine.grading.again import Earlier
from engine.problems import read_problems

AT_ONCE = 512


def flagged(folder: Path) -> Iterator[list[Earlier]]:
    """Every response with a flag, in batches of at most AT_ONCE, in the order of the file."""
    import pyarrow.parquet

    problems = {p.id: p for p in read_problems(folder / "problems.jsonl").problems}
    with pyarrow.parquet.ParquetFile(folder / "responses.parquet") as file:
        for batch in file.iter_batches(AT_ONCE, columns=["problem_id", "idx", "text", "correct"]):
            rows = [row for row in batch.to_pylist() if row["correct"] is not None]
            if rows:
                yield [
                    Earlier(
                        row["problem_id"],
                        row["idx"],
                        problems[row["problem_id"]].answer,
                        row["text"],
                        row["correct"],
                        domain=problems[row["problem_id"]].domain,
                        details=problems[row["problem_id"]].details,
                    )
                    for row in rows
                ]
