"""Reward models that write their judgements, behind OpenAI-compatible servers.

Servers are chosen, left to rest and given up as those of the sampler openai_api are, and asked for
their list of models first: only one that serves the model by its name is asked anything. What a
layout asks is engine.rewards.judge_layouts'. Every request has its own seed, a hash of what is
asked. How much was asked, and how much of it could not be read, is counted with the scores.

Must not know of problems, runs or thresholds.
"""

import asyncio
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

from engine.config.addresses import checked_url
from engine.config.generative import GenerativeConfig, generative_layout
from engine.config.splitter import Splitter, StepRule
from engine.errors import RewardModelError
from engine.method.seeds import stable_hash
from engine.method.steps import normalise_newlines
from engine.rewards import SCORE_DECIMALS
from engine.rewards.judge_layouts import Ask, judge_layout, together
from engine.rewards.judgements import NoProbabilities, Reply, Token
from engine.servers.connection import Asking, Connection, DoesNotFit, Failed
from engine.servers.pool import Pool
from engine.servers.words import inert
from engine.types import Cost, StepScores

ASKING = Asking("generative.base_urls", "reward model", RewardModelError)
N_LIKELY = 20
"""Most probable tokens that are asked for, GenPRM's and vLLM's default limit."""

Item = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Found:
    """The model on a server."""

    name: str
    can_open: bool
    """It goes on from the beginning of a reply: vLLM."""


class GenerativeReward:
    """Scores steps by what a language model writes of them. Implements engine.rewards.RewardModel;
    its prompts are bare questions. Opening it connects to nothing.

    Args:
        path: the model's name on the servers, or the folder or hub id they loaded it from.
        steps, step_pattern: where responses are cut into steps, as config.splitter.Splitter has it.
        settings: of the table [generative].

    Raises: ConfigError for an address that cannot be used.
    """

    def __init__(
        self, path: str, steps: StepRule = "blank_line", step_pattern: str = "", **settings
    ):
        self.path, self.config = path, GenerativeConfig(**settings)
        self.urls = [checked_url(url, ASKING.setting) for url in self.config.base_urls]
        self._layout, self._splitter = judge_layout(self.config), Splitter(steps, step_pattern)

    def score(self, items: Sequence[Item]) -> list[StepScores]:
        """Score (prompt, response) pairs, in their order; equal items are asked about once, and the
        first of them has the cost. Blocks.

        A response whose prompt the model has no positions for has the status "too_long"; one of
        which no judgement could be read, "unreadable".

        Raises: RewardModelError if all servers are given up, none of them serves the model, or one
            has no room for generative.max_tokens behind a prompt that it can read.
        """
        clean = [(normalise_newlines(prompt), normalise_newlines(text)) for prompt, text in items]
        once = list(dict.fromkeys(clean))
        known = dict(zip(once, asyncio.run(self._scored(once)), strict=True))
        scores = []
        for item in clean:
            scores.append(known[item])
            known[item] = StepScores(known[item].scores, known[item].status, cost=Cost())
        return scores

    def close(self) -> None:
        """Nothing is held between calls. Safe to call twice."""

    async def _scored(self, items: list[Item]) -> list[StepScores]:
        connection = Connection(ASKING)

        async def find(url: str) -> Found:
            return found_model(await connection.models(url), self.path, url)

        pool = Pool(self.urls, find, ASKING, salt=self.path)
        slots = asyncio.Semaphore(self.config.n_in_flight)
        try:
            await pool.start()
            return await together(
                self._judged(_Asking(self, item, connection, pool, slots)) for item in items
            )
        finally:
            await pool.stop()
            await connection.close()

    async def _judged(self, asking: "_Asking") -> StepScores:
        question, response = asking.item
        steps = self._splitter.split(response)
        if not steps:
            return StepScores((), cost=Cost())
        try:
            judged = await self._layout.judged(asking.ask, question, steps)
        except DoesNotFit:
            return StepScores((), "too_long", cost=asking.cost)
        except NoProbabilities:
            raise RewardModelError(
                f"The servers in {ASKING.setting} give no log probabilities with their replies, and"
                " generative.reads is probability. Let them give the"
                f" {N_LIKELY} most probable tokens, or set generative.reads to word in a new run."
            ) from None
        cost = replace(asking.cost, n_judgements=judged.n_due, n_unreadable=judged.n_unreadable)
        if all(score is None for score in judged.scores):
            return StepScores((), "unreadable", cost=cost)
        scores = (None if s is None else round(s, SCORE_DECIMALS) for s in judged.scores)
        return StepScores(tuple(scores), cost=cost)


class _Asking:
    """What is asked about one item, and what that takes."""

    def __init__(
        self,
        model: GenerativeReward,
        item: Item,
        connection: Connection,
        pool: Pool[Found],
        slots: asyncio.Semaphore,
    ):
        self._model, self.item, self.cost = model, item, Cost()
        self._connection, self._pool, self._slots = connection, pool, slots

    async def ask(self, ask: Ask) -> Reply:
        """Raises: DoesNotFit; RewardModelError."""
        async with self._slots:
            return await self._pool.ask(lambda url, model: self._one_try(url, model, ask))

    async def _one_try(self, url: str, model: Found, ask: Ask) -> Reply:
        is_opened = model.can_open and bool(ask.opening)
        asked = self._asked(model, ask, is_opened)
        try:
            return reply_of(await self._post(url, asked), is_opened)
        except DoesNotFit as error:
            await self._require_too_long(url, asked, error)
            raise

    async def _post(self, url: str, asked: dict[str, Any]) -> dict[str, Any]:
        self.cost = replace(self.cost, n_requests=self.cost.n_requests + 1)
        answer = await self._connection.post(url, "/chat/completions", json.dumps(asked).encode())
        self.cost = replace(
            self.cost,
            n_read_tokens=self.cost.n_read_tokens + _count(answer, "prompt_tokens"),
            n_written_tokens=self.cost.n_written_tokens + _count(answer, "completion_tokens"),
        )
        return answer

    async def _require_too_long(self, url: str, asked: dict[str, Any], error: DoesNotFit) -> None:
        """Servers word a prompt without room for the reply as one that is too long by itself: the
        same is asked for one token. Raises: RewardModelError where that fits.
        """
        with suppress(DoesNotFit):
            await self._post(url, {**asked, "max_tokens": 1})
            raise RewardModelError(
                f"{url} can read the question about a response, and has no room for"
                f" {asked['max_tokens']:,} tokens of a reply behind it ({error}). Serve the model"
                " with a larger --max-model-len and resume the job, or set generative.max_tokens"
                " lower in a new run."
            ) from None

    def _asked(self, model: Found, ask: Ask, is_opened: bool) -> dict[str, Any]:
        c = self._model.config
        messages = [{"role": role, "content": text} for role, text in ask.messages]
        stop = ask.stop if ask.stop_if_opened is None or not is_opened else ask.stop_if_opened
        asked: dict[str, Any] = {
            "model": model.name,
            "messages": messages,
            "max_tokens": ask.max_tokens or c.max_tokens,
            "temperature": c.temperature,
            "top_p": c.top_p,
            **({"stop": list(stop)} if stop else {}),
        }
        if c.temperature:
            asked["seed"] = stable_hash(self._model.path, *self.item, *ask.salt) % 2**63
        if generative_layout(c).reads == "probability":
            asked |= {"logprobs": True, "top_logprobs": N_LIKELY}
        if is_opened:
            messages.append({"role": "assistant", "content": ask.opening})
            asked |= {"add_generation_prompt": False, "continue_final_message": True}
        return asked


def found_model(listing: Any, wanted: str, url: str) -> Found:
    """The model in a server's list that has the name, or was loaded from it. Raises:
    RewardModelError naming what is served.
    """
    models = listing.get("data") if isinstance(listing, dict) else None
    models = [m for m in models or [] if isinstance(m, dict) and isinstance(m.get("id"), str)]
    for model in models:
        root = model.get("root")
        is_folder = isinstance(root, str) and os.path.realpath(root) == os.path.realpath(wanted)
        if wanted in (model["id"], root) or is_folder:
            return Found(model["id"], model.get("owned_by") == "vllm")
    serves = ", ".join(model["id"] for model in models) or "no model"
    raise RewardModelError(
        f"{url} serves {inert(serves)}, and reward.path is {wanted}. Serve that model there and"
        " resume the job, or name the one that is served in a new run."
    )


def reply_of(answer: dict[str, Any], is_opened: bool) -> Reply:
    """The reply in a server's answer, its reasoning in front where a parser took it out. Raises:
    Failed for an answer that is no chat completion.
    """
    try:
        choice = answer["choices"][0]
        message = choice["message"]
        reasoning = message.get("reasoning_content") or message.get("reasoning")
        text = message["content"] or ""
        listed = (choice.get("logprobs") or {}).get("content") or ()
        tokens = tuple(
            Token(
                str(token["token"]),
                _logprob(token),
                {str(one["token"]): _logprob(one) for one in token.get("top_logprobs") or ()},
            )
            for token in listed
        )
        is_cut = choice.get("finish_reason") == "length"
    except (LookupError, TypeError, AttributeError) as error:
        raise Failed(f"its answer is not a chat completion (no {error})") from None
    if not isinstance(text, str):
        raise Failed("its reply is no text")
    return Reply(f"{reasoning}</think>{text}" if reasoning else text, tokens, is_opened, is_cut)


def _logprob(token: dict[str, Any]) -> float:
    """Raises: Failed for what is no finite number."""
    value = token["logprob"]
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise Failed(f"the log probability {inert(repr(value))} in its answer is no finite number")
    return value


def _count(answer: dict[str, Any], name: str) -> int:
    """Tokens that a server says it read or wrote, 0 where it does not say."""
    usage = answer.get("usage")
    n = usage.get(name) if isinstance(usage, dict) else None
    return n if isinstance(n, int) else 0
