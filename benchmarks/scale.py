"""The run's path on recorded responses at growing sizes: CPU seconds, exponents and peak memory of
every stage, each a process of its own.

    python -m benchmarks scale --sizes 1000 10000 100000

A stage's figure is user and system time of its process and of all that it waited for; a peak is
the largest resident set of one of these processes.
"""

import json
import math
import os
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from benchmarks.rows import Row, alone
from engine.paths import ROOT

SIZES = (1_000, 10_000)
N_EACH = 8
STAGES = ("import", "presample", "resample and pairs", "export", "regrade", "replay")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one stage took at one size."""

    cpu_s: float
    peak_mib: float


def measure(sizes: Sequence[int] = SIZES) -> list[Row]:
    """Every stage at every size, smallest first; the exponent is of the step from the size before.

    Raises: RuntimeError with the end of what a stage printed, where it fails.
    """
    costs = {size: _study(size) for size in sorted(sizes)}
    rows = []
    for size, stages in costs.items():
        for stage, cost in stages.items():
            name = f"scale: {stage}, {size:,} problems"
            rows += [alone(f"{name}, CPU", [cost.cpu_s], "s")]
            rows += [alone(f"{name}, peak", [cost.peak_mib], "MiB")]
    for (small, before), (large, after) in pairwise(costs.items()):
        for stage in STAGES:
            exponent = math.log(after[stage].cpu_s / before[stage].cpu_s) / math.log(large / small)
            name = f"scale: {stage}, exponent {small:,} to {large:,}"
            rows.append(alone(name, [exponent], ""))
    return rows


def _study(n_problems: int) -> dict[str, Cost]:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "responses.jsonl"
        write_responses(source, n_problems)
        costs = {}
        for stage in STAGES:
            costs[stage] = _run(stage, Path(folder))
            print(f"{n_problems:,} problems, {stage}: {costs[stage]}", file=sys.stderr)
        return costs


def _run(stage: str, folder: Path) -> Cost:
    """One stage in a process of its own."""
    return cost_of(["-m", "benchmarks.scale_stage", stage, str(folder)])


def cost_of(arguments: Sequence[str]) -> Cost:
    """What Python with these arguments takes, in a process of its own. Raises: RuntimeError with
    the end of what it printed, where it fails.
    """
    with tempfile.NamedTemporaryFile("w+") as log:
        child = os.posix_spawn(
            sys.executable,
            [sys.executable, *arguments],
            {**os.environ, "PYTHONPATH": str(ROOT)},
            file_actions=[(os.POSIX_SPAWN_DUP2, log.fileno(), n) for n in (1, 2)],
        )
        _, status, usage = os.wait4(child, 0)
        if status:
            said = Path(log.name).read_text()[-2000:]
            raise RuntimeError(f"{' '.join(arguments)} failed: {said}")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def write_responses(path: Path, n_problems: int) -> None:
    """Seeded made-up responses of 300 to 1,500 characters with step scores: JSON lines, N_EACH of
    every problem.
    """
    rng = random.Random(0)
    with path.open("w", encoding="utf-8") as file:
        for problem in range(n_problems):
            file.writelines(json.dumps(row) + "\n" for row in _rows(rng, problem))


def _rows(rng: random.Random, problem: int) -> Iterator[dict]:
    gold, skill = rng.randrange(1000), rng.random()
    for _ in range(N_EACH):
        answer = gold if rng.random() < 1.4 * skill - 0.2 else rng.randrange(1000)
        steps = [
            f"Step {k}: row {rng.randrange(10**6)} holds {rng.randrange(10**6)}, and the sum of the"
            f" two rows above it is {rng.randrange(10**9)}, so we go on with the next row."
            for k in range(rng.randrange(2, 12))
        ]
        yield {
            "question": f"What is the value number {problem} of the table of sums?",
            "answer": str(gold),
            "response": "\n\n".join([*steps, f"The answer is \\boxed{{{answer}}}."]),
            "step_scores": [round(rng.random(), 3) for _ in range(len(steps) + 1)],
        }
