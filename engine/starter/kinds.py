"""The words of the starter problems, and what each kind of event does to a quantity.

Every kind has a right rule and one habit: a systematic misreading. `slip_rate` is how often the
corpus shows the habit. Easy kinds slip rarely, mid kinds at .30 to .70, hard kinds always, so that
a policy trained on the corpus has the right rule of a hard kind nowhere in its distribution. The
reasons are in docs/decisions.md, "Starter corpus design".

A rule is a sign and an operand: "m" is the number in the sentence, digits are themselves, "v/3" is
a third of the quantity before the event.
"""

from dataclasses import dataclass
from typing import Literal

Band = Literal["easy", "mid", "hard"]
BANDS: tuple[Band, ...] = ("easy", "mid", "hard")
"""In the order of how hard they are."""

NAMES = tuple("Tom Mia Ben Eva Leo Amy Sam Zoe Max Ivy Dan Lily Omar Ruth Wei Priya".split())
ITEMS = tuple("apples books coins cards shells stamps pens balls cups eggs".split())
DAYS = tuple("Monday Tuesday Wednesday Thursday Friday".split())

OPENINGS = (
    "On Monday {name} has {start} {item}.",
    "On Monday {name} starts with {start} {item}.",
    "The box of {name} has {start} {item} on Monday.",
)
CLOSINGS = (
    "How many {item} in the end?",
    "How many {item} does {name} have now?",
    "How many {item} are there on {last_day}?",
)
STEP_WORDINGS = (
    "{day}: {before} {sign} {operand} = {after}.",
    "On {day} {before} {sign} {operand} gives {after}.",
    "Now {before} {sign} {operand} = {after} on {day}.",
    "By {day} it is {before} {sign} {operand} = {after}.",
)
ANSWER_STEP = "The answer is \\boxed{{{answer}}}."


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of event."""

    name: str
    band: Band
    slip_rate: float
    """Share of corpus steps that follow the habit instead of the right rule, in [0, 1]."""
    right: str
    habit: str
    wordings: tuple[str, ...]
    """What follows "On Tuesday Tom"; {m} is the number."""
    low: int = 2
    """Smallest number the sentence may hold."""
    high: int = 20
    """Largest number the sentence may hold."""


def _band(band: Band, *rows: tuple) -> tuple[Kind, ...]:
    return tuple(
        Kind(name, band, rate, right, habit, tuple(wordings.split(" | ")), *span)
        for name, rate, right, habit, wordings, *span in rows
    )


EASY = _band(
    "easy",
    ("buys", 0.02, "+m", "-m", "buys {m} more | gets {m} more from the shop"),
    ("wins", 0.02, "+m", "-m", "wins {m} | wins {m} in a game"),
    ("finds", 0.03, "+m", "-m", "finds {m} on the way | finds {m} in a bag"),
    ("uses", 0.03, "-m", "+m", "uses up {m} | uses {m} of them"),
    ("loses", 0.04, "-m", "+m", "loses {m} | loses {m} on the way"),
    ("earns", 0.04, "+m", "-m", "earns {m} more | gets {m} for some work"),
    ("sells", 0.05, "-m", "+m", "sells {m} | sells {m} at the market"),
)

MID = _band(
    "mid",
    ("borrow", 0.30, "+m", "-m", "borrows {m} from a friend | asks a friend for {m} and gets them"),
    ("let", 0.30, "-m", "+m", "lets a friend take {m} | lets a friend have {m} of them"),
    ("dozen", 0.35, "+12", "+10", "buys a dozen more | gets another dozen"),
    ("pair", 0.35, "+2", "+1", "finds a pair on the way | gets another pair"),
    ("count", 0.35, "+0", "+m", "counts {m} of them | shows {m} of them to a friend"),
    ("give", 0.40, "-m", "+0", "gives {m} to a friend | gives away {m}"),
    (
        "triple",
        0.40,
        "*3",
        "+3",
        "has three times as many as before | makes it three times as many",
    ),
    ("back", 0.40, "+m", "-m", "gets back {m} | takes back {m} from a friend"),
    ("twice", 0.45, "*2", "+2", "has twice as many as before | makes it twice as many"),
    ("score", 0.45, "+20", "+10", "buys a score more | gets another score"),
    ("throw", 0.45, "-m", "+0", "throws out {m} | throws {m} in the bin"),
    ("fewer", 0.50, "-m", "+m", "has {m} fewer than before | sees {m} fewer than before"),
    ("third", 0.50, "/3", "-3", "has a third as many as before | keeps a third of them"),
    ("want", 0.50, "+0", "+m", "wants {m} more but gets none | asks for {m} more but gets none"),
    ("lend", 0.50, "-m", "+m", "lends {m} to a friend | lends out {m}"),
    ("quarter", 0.55, "/4", "-4", "has a quarter as many as before | keeps a quarter of them"),
    ("six", 0.55, "+6", "+12", "buys half a dozen more | gets another half dozen"),
    (
        "times",
        0.60,
        "*m",
        "+m",
        "has {m} times as many as before | makes it {m} times as many",
        3,
        5,
    ),
    ("return", 0.60, "-m", "+m", "brings {m} back to the shop | returns {m} to the shop"),
    ("plan", 0.60, "+0", "-m", "plans to sell {m} | plans to use {m} of them"),
    ("half", 0.65, "/2", "-2", "has half as many as before | keeps half of them"),
    ("almost", 0.65, "+0", "-m", "almost loses {m} | almost sells {m}"),
    (
        "share",
        0.70,
        "/m",
        "-m",
        "makes {m} equal piles and keeps one | keeps one of {m} equal piles",
        2,
        5,
    ),
    ("missing", 0.70, "-m", "+0", "is missing {m} | sees that {m} are missing"),
)

HARD = _band(
    "hard",
    (
        "were fewer",
        1.0,
        "+m",
        "-m",
        "notes there were {m} fewer before | is told it was {m} fewer before",
    ),
    (
        "were more",
        1.0,
        "-m",
        "+m",
        "notes there were {m} more before | is told it was {m} more before",
    ),
    (
        "were twice",
        1.0,
        "/2",
        "*2",
        "notes there were twice as many before | is told it was twice as many before",
    ),
    (
        "were times",
        1.0,
        "/m",
        "*m",
        "notes there were {m} times as many before | is told it was {m} times as many before",
        3,
        5,
    ),
    ("half again", 1.0, "+v/2", "/2", "has half as many again | gets half as many again"),
    ("third again", 1.0, "+v/3", "/3", "has a third as many again | gets a third as many again"),
    ("double twice", 1.0, "*4", "*2", "makes it twice as many and then again twice as many"),
    ("halve twice", 1.0, "/4", "/2", "keeps half and then keeps half of that"),
    ("one in three", 1.0, "-v/3", "-3", "gives away one in three | sells one in three"),
    ("one in four", 1.0, "-v/4", "-4", "gives away one in four | sells one in four"),
    ("swap", 1.0, "+m", "*2", "swaps {m} for twice as many"),
    ("two for one", 1.0, "/2", "-2", "swaps every two for one"),
)
