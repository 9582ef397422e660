"""How causal language models that judge steps by a tag are read: what a person may set, and the
layouts that are known.

Sources of the known ones, read as code: RLHFlow/RLHF-Reward-Modeling, math-rm/prm_evaluate.py
(rlhflow); the model card of peiyi9979/math-shepherd-mistral-7b-prm as UW-Madison-Lee-Lab/VersaPRM
runs it, evaluation/get_rewards_reasoning_step.py (math_shepherd, math_psa, versa_prm).
"""

from dataclasses import dataclass, fields
from typing import Annotated, Literal

from pydantic import Field

from engine.config.tables import Table

Preset = Literal["own", "rlhflow", "math_shepherd", "math_psa", "versa_prm"]


@dataclass(frozen=True, slots=True)
class TaggedLmConfig(Table):
    """How a causal language model is read that says after every step whether it is right
    (reward.family = "tagged_lm"): the probability of one token against another, at a tag or before
    it. A preset fills what is left out here.
    """

    preset: Preset = "own"
    """rlhflow: Llama3.1-8B-PRM-Deepseek-Data and -Mistral-Data. math_shepherd:
    math-shepherd-mistral-7b-prm. math_psa: OpenR's, its adapter merged. versa_prm: VersaPRM and
    Llama-PRM800K. own: a layout of one's own.
    """
    turns: bool | None = None
    """Whether every step is a user's turn of a chat and the tag the assistant's; else all is one
    text. Left out, the preset's; false for own.
    """
    question: str | None = None
    """What stands before the first step, with {question}. Left out, the preset's; "{question} " for
    own.
    """
    step: str | None = None
    """How a step is written, with {step}, {number} from 1 on, and {tag} in one text. What stands
    before {step} is left out where the step itself begins with it. Left out, the preset's;
    "{step} {tag}\\n" for own, "{step}" in turns.
    """
    tag: str | None = None
    """The text that stands where a judgement is due: one token, or the last of several that tag_id
    or the preset's authors name. Left out, the preset's; "+" for own in turns, and must be given
    for own in one text.
    """
    positive: str | None = None
    """The text of a right step's token; its last token counts. Left out, the preset's; "+" for
    own.
    """
    negative: str | None = None
    """The text of a wrong step's token. Left out, the preset's; "-" for own."""
    read_at: Literal["tag", "before"] | None = None
    """Whether the probability is read at the tag or at the token before it. Left out, the preset's;
    tag for own.
    """
    tag_id: Annotated[int, Field(ge=0)] | None = None
    """The tag's token id, where its text does not lead to it."""
    positive_id: Annotated[int, Field(ge=0)] | None = None
    """As tag_id, of a right step's token."""
    negative_id: Annotated[int, Field(ge=0)] | None = None
    """As tag_id, of a wrong step's token."""


@dataclass(frozen=True, slots=True)
class TagLayout:
    """A layout in which nothing is left out; see TaggedLmConfig."""

    turns: bool
    question: str
    step: str
    tag: str
    positive: str = "+"
    negative: str = "-"
    read_at: Literal["tag", "before"] = "tag"
    tag_id: int | None = None
    positive_id: int | None = None
    negative_id: int | None = None


LAYOUTS: dict[str, TagLayout] = {
    "rlhflow": TagLayout(True, "{question} ", "{step}", "+", read_at="before"),
    "math_shepherd": TagLayout(False, "{question} ", "Step {number}: {step} {tag}\n", "ки"),
    "math_psa": TagLayout(
        False, "{question} ", "Step {number}: {step}{tag} ", " \n\n\n\n\n", " +", " -"
    ),
    "versa_prm": TagLayout(False, "{question} \n\n", "{step}{tag}", " \n\n\n\n"),
}
"""By preset."""


def layout_of(config: TaggedLmConfig) -> TagLayout:
    """The layout of a configuration: what is set, else what its preset says.

    >>> layout_of(TaggedLmConfig("math_shepherd", positive="good")).positive
    'good'
    """
    in_turns = bool(config.turns)
    own = TagLayout(
        in_turns,
        "{question} ",
        "{step}" if in_turns else "{step} {tag}\n",
        "+" if in_turns else "",
    )
    base = LAYOUTS.get(config.preset, own)
    given = {f.name: getattr(config, f.name) for f in fields(TagLayout)}
    values = {
        name: getattr(base, name) if value is None else value for name, value in given.items()
    }
    return TagLayout(**values)
