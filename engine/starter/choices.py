"""The starter's choice problems with recorded responses: seeded questions with options, and answers
to them, right and wrong, written here and labelled so. No model wrote them.

In ARC's shape, so that they are read like anybody's (engine.problems.domains).
"""

from collections.abc import Iterator
from random import Random
from typing import Any

N_PROBLEMS, N_RESPONSES = 24, 8
LETTERS = "ABCD"

CATEGORIES = {
    "a metal": ("iron", "copper", "silver", "tin", "zinc", "lead"),
    "an animal": ("a horse", "an owl", "a trout", "a frog", "an ant", "a goat"),
    "a tool": ("a hammer", "a saw", "a file", "a drill", "a spade", "a rake"),
    "a fruit": ("a pear", "a plum", "a fig", "an apple", "a cherry", "a lemon"),
    "a colour": ("red", "green", "purple", "white", "brown", "yellow"),
    "a month": ("March", "June", "August", "October", "May", "July"),
}

PASS_RATES = {"is": 0.9, "alphabet": 0.5, "several": 0.4, "largest": 0.1}
"""The share of right responses, by kind of question."""

CLOSINGS = (
    r"So it is \boxed{{{letters}}}.",
    "The answer is {letters}.",
    "Answer: {letters}",
    "The correct option is ({letters}).",
    r"\boxed{{{text}}}",
    "**{dressed}**",
)
NO_ANSWER = "I cannot tell which of them it is."


def choice_rows(seed: int = 303) -> list[dict[str, Any]]:
    """One row per problem, with its responses and their labels."""
    rng, rows = Random(seed), []
    kinds = list(PASS_RATES)
    while len(rows) < N_PROBLEMS:
        kind = kinds[len(rows) % len(kinds)]
        row = _problem(kind, rng)
        if all(row["question"] != other["question"] for other in rows):
            texts, flags = zip(*_responses(kind, row, rng))
            rows.append({**row, "responses": list(texts), "correct": list(flags)})
    return rows


def _problem(kind: str, rng: Random) -> dict[str, Any]:
    if kind in ("is", "several"):
        category = rng.choice(list(CATEGORIES))
        others = [thing for name in CATEGORIES if name != category for thing in CATEGORIES[name]]
        n = 1 if kind == "is" else 2
        right = rng.sample(CATEGORIES[category], n)
        texts = right + rng.sample(others, 4 - n)
        asked = f"Which of these is {category}?" if n == 1 else f"Which two are each {category}?"
        question = f"{asked} One of the others is {texts[-1]}."
    elif kind == "alphabet":
        words = [word.split()[-1] for things in CATEGORIES.values() for word in things]
        texts = rng.sample([word for word in words if word.islower()], 4)
        right = [min(texts)]
        question = f"Which of these words comes first in a dictionary, {texts[0]} or another?"
    else:
        whole = rng.randint(1, 9)
        texts = [f"{whole}.{n}" for n in (rng.randint(5, 9), rng.randint(101, 399))]
        texts += [f"{whole}.{n}" for n in (rng.randint(10, 29), rng.randint(30, 49))]
        right = [max(texts, key=float)]
        question = f"Which is the largest of these numbers between {whole} and {whole + 1}?"
    rng.shuffle(texts)
    letters = [letter for letter, text in zip(LETTERS, texts) if text in right]
    choices = {"text": texts, "label": list(LETTERS)}
    return {"question": question, "choices": choices, "answerKey": ", ".join(letters)}


def _responses(kind: str, row: dict[str, Any], rng: Random) -> Iterator[tuple[str, bool]]:
    """(text, whether it is right): a look at every option, then an answer in some dress."""
    by_letter = dict(zip(LETTERS, row["choices"]["text"]))
    right = row["answerKey"].split(", ")
    for place in range(N_RESPONSES):
        if place == N_RESPONSES - 1 and kind == "alphabet":
            yield NO_ANSWER, False
            continue
        is_right = rng.random() < PASS_RATES[kind]
        picked = right if is_right else _others(right, by_letter, rng)
        steps = [f"Option {letter} is {text}." for letter, text in by_letter.items()]
        closing = rng.choice(CLOSINGS[:3] if len(right) > 1 else CLOSINGS).format(
            letters=", ".join(picked),
            text=by_letter[picked[0]],
            dressed=f"{picked[0]}. {by_letter[picked[0]]}",
        )
        yield "\n\n".join([" ".join(steps), closing]), is_right


def _others(right: list[str], by_letter: dict[str, str], rng: Random) -> list[str]:
    """As many letters that are not all right."""
    while sorted(picked := rng.sample(list(by_letter), len(right))) == right:
        continue
    return sorted(picked)
