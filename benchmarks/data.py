"""Importing 1,000,000 recorded responses of 125,000 problems, and staging 200,000 problems with
their report: speed, size on disk, and the reader's own peak memory.
"""

import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.rows import Row, alone
from engine.paths import ROOT

N_PROBLEMS, N_EACH = 125_000, 8
IMPORT = """
import json, resource, sys, time
from pathlib import Path
from engine.recorded import import_responses
started = time.perf_counter()
made = import_responses(Path(sys.argv[1]), Path(sys.argv[2]), scale="probability")
seconds = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"n": made.n_responses, "seconds": seconds, "peak_mib": peak}))
"""


N_STAGED = 200_000
STAGE = """
import json, resource, sys, time
from pathlib import Path
from engine.problems.staging import stage_problems
started = time.perf_counter()
staged = stage_problems(Path(sys.argv[1]), Path(sys.argv[2]))
seconds = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"n": staged.report.n_problems, "seconds": seconds, "peak_mib": peak}))
"""


def measure() -> list[Row]:
    return [*_recorded(), *_problems()]


def _problems() -> list[Row]:
    """A set as the Data page and `hs-star doctor` read it, without anything to compare it with."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "problems.jsonl"
        _write_problems(source)
        staged = _in_a_process(STAGE, source, Path(folder))
        if staged["n"] != N_STAGED:
            raise AssertionError(f"{staged['n']} of {N_STAGED} problems were staged.")
    return [
        alone("data: staging of 200,000 problems", [staged["n"] / staged["seconds"]], "rows/s"),
        alone("data: peak memory of the staging", [staged["peak_mib"]], "MiB"),
    ]


def _in_a_process(program: str, *arguments: Path) -> dict:
    """What a program prints, whose peak memory is its own."""
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout)


def _write_problems(path: Path) -> None:
    """Seeded made-up problems with answers of several kinds."""
    rng = random.Random(0)
    kinds = (str, lambda n: f"{n}/7", lambda n: f"\\sqrt{{{n}}}", lambda n: f"{n}.5")
    with path.open("w", encoding="utf-8") as file:
        for problem in range(N_STAGED):
            n = rng.randrange(1, 1000)
            row = {
                "question": f"What is the value number {problem} of table {n}, which is long?",
                "answer": kinds[problem % len(kinds)](n),
                "level": str(n % 5),
            }
            file.write(json.dumps(row) + "\n")


def _recorded() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        source, artifacts = Path(folder) / "responses.jsonl", Path(folder) / "files"
        _write(source)
        found = _in_a_process(IMPORT, source, artifacts)
        if found["n"] != N_PROBLEMS * N_EACH:
            raise AssertionError(f"{found['n']} of {N_PROBLEMS * N_EACH} responses were imported.")
        size = sum(file.stat().st_size for file in artifacts.rglob("*") if file.is_file()) / 2**20
    return [
        alone("data: import of 1,000,000 responses", [found["n"] / found["seconds"]], "rows/s"),
        alone("data: size of the imported set", [size], "MiB"),
        alone("data: peak memory of the importer", [found["peak_mib"]], "MiB"),
    ]


def _write(path: Path) -> None:
    """Seeded made-up responses: a few sentences and a boxed answer each, with step scores."""
    rng = random.Random(0)
    with path.open("w", encoding="utf-8") as file:
        for problem in range(N_PROBLEMS):
            gold = rng.randrange(1000)
            for _ in range(N_EACH):
                answer = gold if rng.random() < 0.6 else rng.randrange(1000)
                steps = [
                    f"Step {k}: {rng.randrange(100)} + {rng.randrange(100)} is on the way."
                    for k in range(3)
                ]
                row = {
                    "question": f"What is the value number {problem} of the table?",
                    "answer": str(gold),
                    "response": "\n\n".join([*steps, f"The answer is \\boxed{{{answer}}}."]),
                    "step_scores": [round(rng.random(), 3) for _ in range(4)],
                }
                file.write(json.dumps(row) + "\n")
