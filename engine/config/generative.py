r"""How generative reward models are asked: what a person may set, and the layouts that are known.

Sources, read as code: mukhal/ThinkPRM, utils/helper.py and prm/thinkprm_api.py (think_prm);
NJUNLP/R-PRM, src/evaluate/GenPRM/evaluate-PRM-CoT.py and src/reward-guide-search (r_prm);
RyanLiu112/GenPRM, src/prm_evaluation/infer_module (gen_prm). Temperatures and limits are theirs
where they agree, else ours.
"""

from dataclasses import dataclass, replace
from typing import Annotated, Literal

from pydantic import Field

from engine.config.addresses import checked_url
from engine.config.ranges import require
from engine.config.tables import Table

LayoutName = Literal["think_prm", "r_prm", "gen_prm"]
Reads = Literal["probability", "word"]


@dataclass(frozen=True, slots=True)
class GenerativeConfig(Table):
    """How a language model that writes its judgements is asked for them (reward.family =
    "generative"): it is served elsewhere, by an OpenAI-compatible server, and reward.path is its
    name there.
    """

    layout: LayoutName = "think_prm"
    """think_prm: one request judges all steps. r_prm: one request per step. gen_prm: one chat, two
    requests per step on vLLM, one elsewhere; the programs it writes are not run.
    """
    base_urls: tuple[str, ...] = ()
    """Where the servers are, such as http://127.0.0.1:8000/v1. Keys come from HS_STAR_API_KEY or
    OPENAI_API_KEY.
    """
    votes: Annotated[int, Field(ge=1)] = 1
    """How often every judgement is asked for; a step's score is the mean of those that can be
    read.
    """
    temperature: Annotated[float, Field(ge=0)] = 0.6
    """Of the replies; above 0 where there are several votes."""
    top_p: Annotated[float, Field(gt=0, le=1)] = 0.95
    """As sampling.top_p, of the replies."""
    max_tokens: Annotated[int, Field(ge=1)] = 4096
    """Tokens after which a reply is cut; one that is cut before its judgement cannot be read."""
    n_in_flight: Annotated[int, Field(ge=1)] = 64
    """Requests in flight over all servers."""
    prompt: str | None = None
    """What is asked. Left out, the layout's own; r_prm has none here and must be given. {question}
    and {solution} for think_prm, {question}, {previous} and {step} for r_prm; for gen_prm what the
    system role says.
    """
    opening: str | None = None
    """How a reply begins, where the server lets it be said (vLLM). {number} is the step's. Left
    out, the layout's; empty for none.
    """
    reads: Reads | None = None
    """probability: that of Yes against No where the judgement stands, which needs a server that
    gives log probabilities. word: 1 or 0 by what is written. Left out, the layout's: word for
    think_prm, probability for the others.
    """


@dataclass(frozen=True, slots=True)
class GenerativeLayout:
    """A layout in which nothing is left out; see GenerativeConfig."""

    prompt: str
    opening: str
    reads: Reads
    holds: tuple[str, ...]
    """What must stand in the prompt, once each."""


LAYOUTS: dict[LayoutName, GenerativeLayout] = {
    "think_prm": GenerativeLayout(
        "You are given a math problem and a proposed step-by-step solution:\n\n[Math Problem]\n\n"
        "{question}\n\n[Solution]\n\n{solution}\n\nReview and critique each step in the proposed"
        " solution to determine whether each step is correct. If the solution is incomplete, only"
        " verify the provided steps.",
        "\nLet's verify step by step:",
        "word",
        ("{question}", "{solution}"),
    ),
    "r_prm": GenerativeLayout("", "", "probability", ("{question}", "{previous}", "{step}")),
    "gen_prm": GenerativeLayout(
        "You are a math teacher. Your task is to review and critique the paragraphs in solution"
        " step by step.",
        "<analyze>\nLet's analyze the Paragraph {number} step by step: ",
        "probability",
        (),
    ),
}
"""By name. The wording is the authors': the models were trained with it."""


def generative_layout(config: GenerativeConfig) -> GenerativeLayout:
    """The layout of a configuration: what is set, else the layout's own.

    >>> generative_layout(GenerativeConfig(opening="")).opening
    ''
    """
    own = LAYOUTS[config.layout]
    given = {name: getattr(config, name) for name in ("prompt", "opening", "reads")}
    return replace(own, **{name: value for name, value in given.items() if value is not None})


def what_scores_depend_on(config: GenerativeConfig) -> tuple[object, ...]:
    """Of the settings: not where the servers are, nor how much they are asked at once."""
    layout, c = generative_layout(config), config
    how = layout.prompt, layout.opening, layout.reads
    return (c.layout, *how, c.votes, c.temperature, c.top_p, c.max_tokens)


def check_generative(config: GenerativeConfig) -> None:
    """What the settings mean together. Raises: ConfigError for the first that cannot be used."""
    for url in config.base_urls:
        checked_url(url, "generative.base_urls")
    allowed = 'at least one address, because reward.family is "generative"'
    require("generative.base_urls", list(config.base_urls), bool(config.base_urls), allowed)
    layout = generative_layout(config)
    fits = all(layout.prompt.count(mark) == 1 for mark in layout.holds)
    wanted = f"a text with {', '.join(layout.holds)}, once each"
    if config.layout == "r_prm" and config.prompt is None:
        wanted += (
            ". R-PRM's own is the user's turn in src/prompts/GenPRM/GenPRM-evaluate-new3-qwen.txt"
            " of its repository, whose {} stand for them in this order"
        )
    require("generative.prompt", repr(config.prompt or "left out"), fits, wanted)
    fits = layout.reads == "word" or config.layout != "think_prm"
    allowed = "word, because think_prm writes correct or incorrect, not Yes or No"
    require("generative.reads", layout.reads, fits, allowed)
    fits = config.votes == 1 or config.temperature > 0
    allowed = "above 0, because generative.votes is above 1 and equal replies say the same"
    require("generative.temperature", config.temperature, fits, allowed)
