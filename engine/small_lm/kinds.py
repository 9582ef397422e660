"""The kinds of elementary word problems: their words, their numbers and their steps of arithmetic.

A kind is data: sentences with numbers left open, where each number is drawn from, and the steps
that lead to the answer. All of it is our own writing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

NAMES = tuple(
    "Anna Ben Carla David Ella Finn Grace Hugo Iris Jack Kira Liam Maya Noah Olive Paul"
    " Rosa Sara Theo Vera".split()
)
ITEMS = tuple("apples pears cherries cookies carrots muffins cupcakes plums lemons peaches".split())
SIGNS = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left // right,
}
"""What a sign does to two integers; a division leaves no rest, or the numbers are not used."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of arithmetic: `result = left sign right`, and the words around it."""

    words: str
    """A sentence with {left}, {sign}, {right} and {result}, and {name}, {other}, {items}."""
    result: str
    left: str
    """Name of a drawn number, of an earlier result, or digits."""
    sign: str
    right: str


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem."""

    name: str
    level: int
    """1: one step. 2: one step, in a comparison or with money. 3: two steps. 4: three steps."""
    question: str
    """With {name}, {other}, {items} and the drawn numbers."""
    ranges: Mapping[str, tuple[int, int]]
    """Smallest and largest value of every drawn number."""
    steps: tuple[Step, ...]
    """The last one's result is the answer."""

    def worked(self, numbers: Mapping[str, int]) -> dict[str, int] | None:
        """The drawn numbers and every step's result, by name; None where a step leaves the whole
        numbers from 1 on.
        """
        values = dict(numbers)
        for step in self.steps:
            left, right = (_value(term, values) for term in (step.left, step.right))
            if step.sign == "/" and left % right:
                return None
            values[step.result] = SIGNS[step.sign](left, right)
            if values[step.result] < 1:
                return None
        return values

    def sentences(self, values: Mapping[str, int], words: Mapping[str, str]) -> list[str]:
        """The worked steps as sentences, from what `worked` gave."""
        return [
            step.words.format(
                left=_value(step.left, values),
                sign=step.sign,
                right=_value(step.right, values),
                result=values[step.result],
                **words,
            )
            for step in self.steps
        ]


def _value(term: str, values: Mapping[str, int]) -> int:
    return int(term) if term.isdigit() else values[term]


_EQUATION = "{left} {sign} {right} = {result}"


KINDS = (
    Kind(
        "gains",
        1,
        "{name} has {a} {items}. {other} gives {name} {b} more. How many {items} does {name} have"
        " now?",
        {"a": (2, 12), "b": (2, 9)},
        (Step(f"{{name}} now has {_EQUATION} {{items}}.", "total", "a", "+", "b"),),
    ),
    Kind(
        "loses",
        1,
        "{name} has {a} {items} and gives {b} of them to {other}. How many {items} does {name}"
        " have left?",
        {"a": (4, 15), "b": (2, 9)},
        (Step(f"{{name}} has {_EQUATION} {{items}} left.", "left over", "a", "-", "b"),),
    ),
    Kind(
        "boxes",
        1,
        "{name} has {a} boxes with {b} {items} in each box. How many {items} does {name} have in"
        " all?",
        {"a": (2, 6), "b": (2, 10)},
        (Step(f"There are {_EQUATION} {{items}} in all.", "total", "a", "*", "b"),),
    ),
    Kind(
        "shares",
        1,
        "{name} shares {a} {items} equally among {b} friends. How many {items} does each friend"
        " get?",
        {"a": (4, 30), "b": (2, 6)},
        (Step(f"Each friend gets {_EQUATION} {{items}}.", "share", "a", "/", "b"),),
    ),
    Kind(
        "more than",
        2,
        "{name} has {a} {items}. {other} has {b} more {items} than {name}. How many {items} does"
        " {other} have?",
        {"a": (2, 12), "b": (2, 9)},
        (Step(f"{{other}} has {_EQUATION} {{items}}.", "others", "a", "+", "b"),),
    ),
    Kind(
        "fewer than",
        2,
        "{name} has {a} {items}. {other} has {b} fewer {items} than {name}. How many {items} does"
        " {other} have?",
        {"a": (4, 15), "b": (2, 9)},
        (Step(f"{{other}} has {_EQUATION} {{items}}.", "others", "a", "-", "b"),),
    ),
    Kind(
        "difference",
        2,
        "{name} has {a} {items} and {other} has {b} {items}. How many more {items} does {name}"
        " have than {other}?",
        {"a": (4, 20), "b": (2, 12)},
        (Step(f"{{name}} has {_EQUATION} {{items}} more.", "more", "a", "-", "b"),),
    ),
    Kind(
        "times as many",
        2,
        "{name} has {a} {items}. {other} has {b} times as many {items}. How many {items} does"
        " {other} have?",
        {"a": (2, 10), "b": (2, 5)},
        (Step(f"{{other}} has {_EQUATION} {{items}}.", "others", "a", "*", "b"),),
    ),
    Kind(
        "price",
        2,
        "One of the {items} costs {a} dollars. {name} buys {b} of them. How many dollars does"
        " {name} pay?",
        {"a": (2, 10), "b": (2, 6)},
        (Step(f"{{name}} pays {_EQUATION} dollars.", "paid", "a", "*", "b"),),
    ),
    Kind(
        "saving",
        2,
        "{name} has {a} dollars and wants a bag of {items} that costs {b} dollars. How many more"
        " dollars does {name} need?",
        {"a": (2, 12), "b": (5, 20)},
        (Step(f"{{name}} needs {_EQUATION} dollars more.", "missing", "b", "-", "a"),),
    ),
    Kind(
        "change",
        3,
        "{name} buys {a} {items} at {b} dollars each and pays with {c} dollars. How many dollars"
        " does {name} get back?",
        {"a": (2, 5), "b": (2, 5), "c": (10, 30)},
        (
            Step(f"The {{items}} cost {_EQUATION} dollars.", "cost", "a", "*", "b"),
            Step(f"{{name}} gets {_EQUATION} dollars back.", "back", "c", "-", "cost"),
        ),
    ),
    Kind(
        "boxes and some",
        3,
        "{name} fills {a} boxes with {b} {items} each and has {c} {items} left over. How many"
        " {items} did {name} have?",
        {"a": (2, 5), "b": (2, 6), "c": (1, 6)},
        (
            Step(f"In the boxes there are {_EQUATION} {{items}}.", "boxed", "a", "*", "b"),
            Step(f"With the rest there are {_EQUATION} {{items}}.", "total", "boxed", "+", "c"),
        ),
    ),
    Kind(
        "gains and loses",
        3,
        "{name} has {a} {items}, finds {b} more and then gives {c} to {other}. How many {items}"
        " does {name} have at the end?",
        {"a": (2, 12), "b": (2, 9), "c": (2, 9)},
        (
            Step(f"First {{name}} has {_EQUATION} {{items}}.", "found", "a", "+", "b"),
            Step(f"At the end {{name}} has {_EQUATION} {{items}}.", "rest", "found", "-", "c"),
        ),
    ),
    Kind(
        "together",
        3,
        "{name} has {a} {items}. {other} has {b} more {items} than {name}. How many {items} do"
        " they have together?",
        {"a": (2, 10), "b": (2, 9)},
        (
            Step(f"{{other}} has {_EQUATION} {{items}}.", "others", "a", "+", "b"),
            Step(f"Together they have {_EQUATION} {{items}}.", "both", "a", "+", "others"),
        ),
    ),
    Kind(
        "bought and shared",
        3,
        "{name} has {a} {items} and buys {b} more. Then {name} shares all of them equally among"
        " {c} friends. How many {items} does each friend get?",
        {"a": (2, 12), "b": (2, 9), "c": (2, 5)},
        (
            Step(f"{{name}} has {_EQUATION} {{items}}.", "all", "a", "+", "b"),
            Step(f"Each friend gets {_EQUATION} {{items}}.", "share", "all", "/", "c"),
        ),
    ),
    Kind(
        "times together and gives",
        4,
        "{name} has {a} {items}. {other} has {b} times as many. They put all of them together and"
        " give {c} away. How many {items} are left?",
        {"a": (2, 6), "b": (2, 4), "c": (2, 9)},
        (
            Step(f"{{other}} has {_EQUATION} {{items}}.", "others", "a", "*", "b"),
            Step(f"Together they have {_EQUATION} {{items}}.", "both", "a", "+", "others"),
            Step(f"Then {_EQUATION} {{items}} are left.", "rest", "both", "-", "c"),
        ),
    ),
    Kind(
        "two prices and change",
        4,
        "{name} buys {a} {items} at {b} dollars each and a bag for {c} dollars, and pays with {d}"
        " dollars. How many dollars does {name} get back?",
        {"a": (2, 5), "b": (2, 5), "c": (2, 9), "d": (20, 50)},
        (
            Step(f"The {{items}} cost {_EQUATION} dollars.", "cost", "a", "*", "b"),
            Step(f"With the bag it is {_EQUATION} dollars.", "paid", "cost", "+", "c"),
            Step(f"{{name}} gets {_EQUATION} dollars back.", "back", "d", "-", "paid"),
        ),
    ),
    Kind(
        "days and friends",
        4,
        "{name} picks {a} {items} a day for {b} days, eats {c} of them and shares the rest equally"
        " among {d} friends. How many {items} does each friend get?",
        {"a": (2, 6), "b": (2, 5), "c": (1, 9), "d": (2, 4)},
        (
            Step(f"{{name}} picks {_EQUATION} {{items}}.", "picked", "a", "*", "b"),
            Step(f"Then {_EQUATION} {{items}} are left.", "rest", "picked", "-", "c"),
            Step(f"Each friend gets {_EQUATION} {{items}}.", "share", "rest", "/", "d"),
        ),
    ),
)
