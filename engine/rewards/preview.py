"""One response as a reward model would be given it: how it is cut, laid out and read, before
anything is scored. Loads a tokenizer and no weights.
"""

from dataclasses import dataclass
from pathlib import Path

from engine.config import RunConfig
from engine.config.backends import BACKENDS, opening_options, reads_as
from engine.errors import ConfigError
from engine.method.prompts import fill
from engine.method.steps import normalise_newlines
from engine.models.own_code import looking_at
from engine.rewards.layouts import open_layout
from engine.types import ScoreStatus

EXAMPLE = (
    "Ann has 5 eggs. She buys 2 more and eats 3. How many eggs are there in the end?",
    "Ann has 5 + 2 = 7 eggs.\n\nShe eats 3, so 7 - 3 = 4.\n\nThe answer is \\boxed{4}.",
)
"""A question and a response of ours, where a person gives none."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One token of what the model is given."""

    id: int
    text: str
    step: int | None
    """The step that is judged here, from 1 on; None for a token at which nothing is read."""


@dataclass(frozen=True, slots=True)
class Preview:
    """How one response is read."""

    steps: list[str]
    tokens: list[Shown]
    """Empty where it would get no score, for the reason in status."""
    status: ScoreStatus
    compared: tuple[Shown, Shown] | None
    """The tokens of a right and a wrong step; None where the model has a head of its own."""


def preview(config: RunConfig, folder: str, question: str, response: str) -> Preview:
    """How a configuration's reward model would read a response.

    Args:
        folder: of the model on this machine.

    Raises: ConfigError for a family that cannot be shown without its weights; RewardModelError
        where the layout does not fit the tokenizer; OwnCode for a model that only its own code
        could show.
    """
    require_shown(config)
    family = config.reward.family
    options = opening_options(family, config)
    options["trust_remote_code"] = False
    with looking_at(Path(folder), trusted=config.reward.trust_remote_code):
        layout = open_layout(family, folder, **options)
    is_text = reads_as(family) == "text"
    prompt = fill(config.policy.prompt_template, question) if is_text else question
    row = layout.read((normalise_newlines(prompt), normalise_newlines(response)))
    step_at = {at: step for step, at in enumerate(row.ends, 1)}

    def token(id: int, step: int | None = None) -> Shown:
        return Shown(id, layout.tokenizer.decode([id]), step)

    return Preview(
        layout.splitter.split(response),
        [token(id, step_at.get(at)) for at, id in enumerate(row.ids)],
        layout.status if row.ends else layout.unscored(row),
        (token(layout.compared[0]), token(layout.compared[1])) if layout.compared else None,
    )


def require_shown(config: RunConfig) -> None:
    """Raises: ConfigError for a family that cannot be shown without its weights."""
    family = config.reward.family
    if family not in BACKENDS or not BACKENDS[family].is_served:
        shown = ", ".join(entry.name for entry in BACKENDS.values() if entry.is_served)
        raise ConfigError(
            f"reward.family is {family}: what it reads can be shown for {shown} only. Its scores"
            " can be tried on the Playground page."
        )


def said(preview: Preview) -> str:
    """What is compared and where, in a sentence or two."""
    if preview.status == "holds_tag":
        return (
            "This response spells the model's tag: it would get no score, and its problem would"
            " stay pending."
        )
    n = sum(token.step is not None for token in preview.tokens)
    where = f"{len(preview.steps)} steps, {n} scores, {len(preview.tokens):,} tokens."
    if preview.compared is None:
        return where
    right, wrong = preview.compared
    return (
        f"{where} A score is the probability of {right.text!r} (token {right.id}) against"
        f" {wrong.text!r} (token {wrong.id})."
    )
