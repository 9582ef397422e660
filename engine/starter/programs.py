"""The starter's code problems with recorded responses: seeded tasks with tests, and programs for
them, right and wrong, written here and labelled so. No model wrote them.

In MBPP's shape where tests are asserts, else with pairs of input and output. What the tests want is
worked out here from the right program, which is ours.
"""

import io
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from random import Random
from typing import Any
from unittest.mock import patch

N_RESPONSES = 8


@dataclass(frozen=True, slots=True)
class Task:
    """A kind of task; $K in its texts is a small number."""

    name: str
    """Of the function; empty for a program that reads and writes."""
    text: str
    right: tuple[str, ...]
    wrong: tuple[str, ...]
    given: tuple[str, ...]
    """Arguments of the function, or what the program reads."""
    pass_rate: float


TASKS = (
    Task(
        "plus",
        "Write a function plus that adds $K to a number.",
        ("def plus(x):\n    return x + $K", "plus = lambda x: $K + x"),
        ("def plus(x):\n    x + $K",),
        ("1", "0", "-7"),
        0.9,
    ),
    Task(
        "count_multiples",
        "Write a function count_multiples that counts the multiples of $K in a list.",
        (
            "def count_multiples(numbers):\n    return sum(n % $K == 0 for n in numbers)",
            "def count_multiples(numbers):\n    count = 0\n    for n in numbers:\n"
            "        if n % $K == 0:\n            count += 1\n    return count",
        ),
        ("def count_multiples(numbers):\n    return numbers.count($K)",),
        ("[1, 2, 3, 4, 5, 6, 12]", "[]", "[$K, $K + $K, 1]"),
        0.6,
    ),
    Task(
        "last_items",
        "Write a function last_items that gives the last $K items of a list.",
        ("def last_items(items):\n    return items[-$K:]",),
        (
            "def last_items(items):\n    return items[:$K]",
            "def last_items(items):\n    return [items[-i] for i in range($K, 0, -1)]",
        ),
        ("[1, 2, 3, 4, 5, 6]", "['a', 'b', 'c', 'd', 'e']", "[9]"),
        0.5,
    ),
    Task(
        "chunks",
        "Write a function chunks that cuts a list into lists of $K; the last may be shorter.",
        ("def chunks(items):\n    return [items[i : i + $K] for i in range(0, len(items), $K)]",),
        (
            "def chunks(items):\n"
            "    return [items[i * $K : i * $K + $K] for i in range(len(items) // $K)]",
            "def chunks(items):\n    return [items[:$K], items[$K:]]",
        ),
        ("[1, 2, 3, 4, 5, 6, 7]", "[]", "[1]"),
        0.4,
    ),
    Task(
        "rotated",
        "Write a function rotated that moves the first item of a list to its end, 1$K times.",
        (
            "def rotated(items):\n    k = 1$K % len(items) if items else 0\n"
            "    return items[k:] + items[:k]",
        ),
        (
            "def rotated(items):\n    return items[1$K:] + items[:1$K]",
            "def rotated(items):\n    return items[-1$K:] + items[:-1$K]",
        ),
        ("[1, 2, 3, 4, 5, 6, 7, 8]", "[1, 2]", "[]"),
        0.15,
    ),
    Task(
        "",
        "Read whole numbers, one on each line, and print the sum of those greater than $K.",
        (
            "import sys\n\nprint(sum(n for n in map(int, sys.stdin) if n > $K))",
            "total = 0\nwhile True:\n    try:\n        n = int(input())\n"
            "    except EOFError:\n        break\n    if n > $K:\n        total += n\nprint(total)",
        ),
        (
            "import sys\n\nprint(sum(n for n in map(int, sys.stdin) if n >= $K))",
            "n = int(input())\nprint(n if n > $K else 0)",
        ),
        ("1\n9\n$K\n10\n", "$K\n", "20\n"),
        0.5,
    ),
)
NUMBERS = (2, 3, 4, 5)
OPENINGS = ("Here is a program.", "We go through it once.", "This does it:")
NO_PROGRAM = "One has to go through the items and decide for each of them."


def code_rows(seed: int = 404) -> list[dict[str, Any]]:
    """One row per problem, with its responses and their labels."""
    rng, rows = Random(seed), []
    for number in NUMBERS:
        for task in TASKS:
            texts, flags = zip(*_responses(task, number, rng))
            row = _problem(task, number)
            rows.append({**row, "responses": list(texts), "correct": list(flags)})
    return rows


def _problem(task: Task, number: int) -> dict[str, Any]:
    text, code = (_with(part, number) for part in (task.text, task.right[0]))
    given = [_with(part, number) for part in task.given]
    if not task.name:
        tests = [{"input": read, "output": _written(code, read)} for read in given]
        return {"question": text, "domain": "code", "code": code, "tests": tests}
    space: dict[str, Any] = {}
    exec(code, space)
    wanted = [eval(f"{task.name}({arguments})", space) for arguments in given]
    tests = [f"assert {task.name}({a}) == {value!r}" for a, value in zip(given, wanted)]
    return {"text": text, "code": code, "test_list": tests, "test_setup_code": ""}


def _written(code: str, read: str) -> str:
    """What one of our own programs writes."""
    written = io.StringIO()
    with patch("sys.stdin", io.StringIO(read)), redirect_stdout(written):
        exec(code, {})
    return written.getvalue()


def _responses(task: Task, number: int, rng: Random) -> Iterator[tuple[str, bool]]:
    """(text, whether it is right)."""
    for place in range(N_RESPONSES):
        if place == N_RESPONSES - 1 and task.pass_rate < 0.5:
            yield NO_PROGRAM, False
            continue
        is_right = rng.random() < task.pass_rate
        code = _with(rng.choice(task.right if is_right else task.wrong), number)
        yield f"{rng.choice(OPENINGS)}\n\n```python\n{code}\n```", is_right


def _with(text: str, number: int) -> str:
    return text.replace("$K", str(number))
