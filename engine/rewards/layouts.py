"""Families laid out without their weights: for servers that hold those, and to be looked at before
anything is scored.

Must not know of problems, runs or thresholds. What vLLM makes of each was read in vllm 0.31,
model_executor/models/adapters.py and model_executor/layers/pooler.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from engine.config.splitter import Splitter, StepRule
from engine.config.tagged import TaggedLmConfig, layout_of
from engine.rewards.batched import Item, Row, load_tokenizer
from engine.rewards.outcome import WholeResponse
from engine.rewards.step_tags import StepTags
from engine.rewards.tag_layout import TagReader
from engine.rewards.token_classification import OneText
from engine.types import ScoreStatus

POOLING = "--runner pooling"


@dataclass(frozen=True, slots=True)
class Layout:
    """How a family lays items out, and how vLLM serves it."""

    tokenizer: Any
    splitter: Splitter
    read: Callable[[Item], Row]
    """Token ids, and where each score is read."""
    task: Literal["token_classify", "classify"] = "token_classify"
    """What a pooling server is asked for: numbers for every token, or for the whole text."""
    serve: str = POOLING
    """What `vllm serve FOLDER` takes beside the folder."""
    compared: tuple[int, int] | None = None
    """Ids of the tokens of a right and a wrong step, where a score is the probability of one
    against the other; None where the model has a head of its own.
    """

    @property
    def reads_as(self) -> str:
        """What else than its files decides a model's numbers: part of the name that it must be
        served by; empty for nothing.
        """
        return f"{self.compared[0]}-against-{self.compared[1]}" if self.compared else ""

    @property
    def status(self) -> Literal["ok", "outcome"]:
        return "outcome" if self.task == "classify" else "ok"

    def unscored(self, row: Row) -> ScoreStatus:
        """The status of an item of which no token is read."""
        return "holds_tag" if row.spells_tag else self.status


def open_layout(
    family: str,
    path: str,
    *,
    trust_remote_code: bool = False,
    steps: StepRule = "blank_line",
    step_pattern: str = "",
    **more: Any,
) -> Layout:
    """The layout of a family that BackendEntry.is_served, from the tokenizer in a folder.

    Args:
        more: the settings of the table [tagged_lm] for that family; ignored for the others.

    Raises: RewardModelError where the tokenizer does not fit the family.
    """
    tokenizer, splitter = load_tokenizer(path, trust_remote_code), Splitter(steps, step_pattern)
    if family == "tagged_lm":
        return _tagged(path, tokenizer, splitter, TaggedLmConfig(**more))
    if family == "qwen_prm":
        tags = StepTags(path, tokenizer, splitter)
        serve = f"{POOLING} --pooler-config '{json.dumps({'step_tag_id': tags.tag_id})}'"
        return Layout(tokenizer, splitter, tags.read, serve=serve)
    if family == "outcome":
        return Layout(tokenizer, splitter, WholeResponse(path, tokenizer).read, task="classify")
    return Layout(tokenizer, splitter, OneText(path, tokenizer, splitter).read)


def _tagged(path: str, tokenizer: Any, splitter: Splitter, config: TaggedLmConfig) -> Layout:
    """Served as a classifier of two tokens: the sigmoid of the difference of their logits is the
    softmax over the two.
    """
    reader = TagReader(path, tokenizer, layout_of(config), splitter)
    right, wrong = reader.tokens.positive, reader.tokens.negative
    two = tokenizer.convert_ids_to_tokens([wrong, right])
    overrides = json.dumps({"classifier_from_token": two, "method": "from_2_way_softmax"})
    return Layout(
        tokenizer,
        splitter,
        reader.read,
        serve=f"{POOLING} --convert classify --hf-overrides '{overrides}'"
        """ --pooler-config '{"task": "token_classify"}'""",
        compared=(right, wrong),
    )
