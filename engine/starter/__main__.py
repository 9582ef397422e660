"""`python -m engine.starter build`: make data/starter again."""

import argparse
import os
import sys
import time
from pathlib import Path

CPU_SETTINGS = {
    "OMP_NUM_THREADS": "1",
    "MALLOC_MMAP_THRESHOLD_": "8589934592",
    "MALLOC_TRIM_THRESHOLD_": "17179869184",
    "MALLOC_TOP_PAD_": "268435456",
}
"""One thread, and memory kept rather than given back between steps: twice as fast on a busy
machine, and one thread is what makes sums repeatable.
"""

STAGES = ("problems", "recordings", "policy", "prm", "cards")
DEFAULT_OUT = Path(__file__).resolve().parents[2] / "data" / "starter"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m engine.starter",
        description="Build the starter problems, policy and process reward model.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    build_parser = commands.add_parser(
        "build", help="make everything again, about half an hour on one core"
    )
    build_parser.add_argument(
        "--out", type=Path, default=DEFAULT_OUT, help="folder to write (default: %(default)s)"
    )
    build_parser.add_argument(
        "--only",
        nargs="+",
        choices=STAGES,
        default=STAGES,
        help="run these stages alone; the others' files must be there",
    )
    return parser


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)

    if any(os.environ.get(name) != value for name, value in CPU_SETTINGS.items()):
        # They are read when a process starts, so this one starts again with them.
        os.execve(
            sys.executable,
            [sys.executable, "-m", "engine.starter", *(arguments or sys.argv[1:])],
            {**os.environ, **CPU_SETTINGS},
        )

    import torch

    from engine.starter.build import build

    torch.set_num_threads(1)
    started = time.monotonic()
    build(
        options.out,
        lambda line: print(f"{time.monotonic() - started:6.0f} s  {line}", flush=True),
        options.only,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
