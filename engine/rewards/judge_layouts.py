r"""What generative reward models are asked about a response, and what their replies say of its
steps: ThinkPRM, R-PRM and GenPRM.

Knows no server: whoever asks hands in how. Sources: engine.config.generative. Departures from the
authors' scripts: 1. The steps are ours. 2. ThinkPRM: a step's score is the share of votes whose
chain calls it correct; its authors rank whole solutions by the probability of "Yes" behind the
chain. 3. R-PRM: the probability is read where the reply itself answers, not in a second pass.
4. GenPRM: only its analysis is asked for, no program; with several votes the first one's critique
stands in the chat when the next step is judged.
"""

import asyncio
import re
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from engine.config.generative import GenerativeConfig, generative_layout
from engine.rewards.judgements import Reply, chain_labels, share_of_yes

_R_PRM = re.compile(r"Is the step correct \(Yes/No\)\?[\s*]*(?P<word>Yes|No)\b")
_GEN_PRM = re.compile(r"(?P<word>Yes|No)\}")
_ITS_NUMBER = re.compile(r"^(?:##\s*)?Step \d+[:.]\s*")
FIRST_STEP = "Since the Now Step is the first step, there are no Previous Steps."
"""What R-PRM reads in place of previous steps."""
VERDICT = "</analyze>\n<output>\n**Judgement**: $\\boxed"
VERDICT_TOKENS = 20

T = TypeVar("T")
Turns = tuple[tuple[str, str], ...]
"""(role, text) of each turn of a chat."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request for a reply."""

    messages: Turns
    salt: tuple[int, ...]
    """What tells it from the others about the same response: step, vote, stage."""
    opening: str = ""
    """How the reply begins, where the server lets it be said."""
    stop: tuple[str, ...] = ()
    stop_if_opened: tuple[str, ...] | None = None
    """In place of stop, where the opening was said; None for the same."""
    max_tokens: int | None = None
    """None for the configuration's."""


Asker = Callable[[Ask], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Judged:
    """What was said of a response's steps."""

    scores: tuple[float | None, ...]
    n_due: int
    """Judgements that were due."""
    n_unreadable: int


class JudgeLayout(ABC):
    """One way of asking, by a configuration."""

    def __init__(self, config: GenerativeConfig):
        self._layout, self._n_votes = generative_layout(config), config.votes

    @abstractmethod
    def first(self, question: str, steps: list[str]) -> Ask:
        """The first request about a response, to be seen before anything is asked."""

    @abstractmethod
    async def judged(self, ask: Asker, question: str, steps: list[str]) -> Judged:
        """Ask about all steps of one response, at least one.

        Raises: judgements.NoProbabilities; whatever asking raises.
        """

    def _opening(self, number: int) -> str:
        return self._layout.opening.replace("{number}", str(number))


class Chains(JudgeLayout):
    """ThinkPRM: one chain of thought about all steps."""

    def first(self, question: str, steps: list[str], vote: int = 0) -> Ask:
        written = [f"Step {n}: {_ITS_NUMBER.sub('', step)}" for n, step in enumerate(steps, 1)]
        text = _filled(self._layout.prompt, question=question, solution="\n".join(written))
        stop = ("Is the solution correct?", "</think>", f"Step {len(steps) + 1}:")
        return Ask((("user", text),), (0, vote), self._layout.opening, stop)

    async def judged(self, ask: Asker, question: str, steps: list[str]) -> Judged:
        replies = await together(
            ask(self.first(question, steps, vote)) for vote in range(self._n_votes)
        )
        read = [chain_labels(reply.text, len(steps)) for reply in replies]
        n_due = sum(due for _, due in read)
        n_read = sum(label is not None for labels, _ in read for label in labels)
        votes = [[None if v is None else float(v) for v in labels] for labels, _ in read]
        return Judged(_means(zip(*votes)), n_due, n_due - n_read)


class Critiques(JudgeLayout):
    """R-PRM: a critique of one step after the other, each asked for by itself."""

    def first(self, question: str, steps: list[str], number: int = 1, vote: int = 0) -> Ask:
        text = _filled(
            self._layout.prompt,
            question=question,
            previous="\n".join(steps[: number - 1]) or FIRST_STEP,
            step=steps[number - 1],
        )
        return Ask((("user", text),), (number, vote), self._opening(number))

    async def judged(self, ask: Asker, question: str, steps: list[str]) -> Judged:
        replies = await together(
            ask(self.first(question, steps, number, vote))
            for number in range(1, len(steps) + 1)
            for vote in range(self._n_votes)
        )
        said = [share_of_yes(r, _R_PRM, self._layout.reads, last=False) for r in replies]
        return _counted([said[n : n + self._n_votes] for n in range(0, len(said), self._n_votes)])


class Analyses(JudgeLayout):
    """GenPRM: one chat, a step a turn, each answered by its analysis and a verdict."""

    def first(self, question: str, steps: list[str]) -> Ask:
        return self._turn(question, steps, 1, 0, (("system", self._layout.prompt),))

    async def judged(self, ask: Asker, question: str, steps: list[str]) -> Judged:
        before: Turns = (("system", self._layout.prompt),)
        said = []
        for number in range(1, len(steps) + 1):
            asked = [
                self._turn(question, steps, number, vote, before) for vote in range(self._n_votes)
            ]
            votes = await together(self._analysed(ask, one) for one in asked)
            said.append([share for share, _ in votes])
            before = (*asked[0].messages, ("assistant", votes[0][1]))
        return _counted(said)

    def _turn(self, question: str, steps: list[str], number: int, vote: int, before: Turns) -> Ask:
        text = f"{question}\n{steps[0]}" if number == 1 else steps[number - 1]
        return Ask(
            (*before, ("user", text)),
            (number, vote),
            self._opening(number),
            ("</output>",),
            ("</analyze>",),
        )

    async def _analysed(self, ask: Asker, first: Ask) -> tuple[float | None, str]:
        """(share of Yes, the critique) of one vote. An analysis that was cut off is asked for no
        verdict: it had not come to one.
        """
        reply, critique = await ask(first), ""
        if reply.is_opened and reply.is_cut:
            return None, f"{first.opening}{reply.text}</output>\n"
        if reply.is_opened:
            critique = f"{first.opening}{reply.text}{VERDICT}"
            salt = (*first.salt, 1)
            reply = await ask(
                Ask(first.messages, salt, critique, first.stop, max_tokens=VERDICT_TOKENS)
            )
        share = share_of_yes(reply, _GEN_PRM, self._layout.reads, last=True)
        return share, f"{critique}{reply.text}</output>\n"


def judge_layout(config: GenerativeConfig) -> JudgeLayout:
    """The layout that a configuration names."""
    known = {"think_prm": Chains, "r_prm": Critiques, "gen_prm": Analyses}
    return known[config.layout](config)


async def together(work: Iterable[Awaitable[T]]) -> list[T]:
    """All results, in order; what is still at work when one fails is given up."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()


def _counted(said: list[list[float | None]]) -> Judged:
    """Every vote of every step was due."""
    votes = [vote for step in said for vote in step]
    return Judged(_means(said), len(votes), votes.count(None))


def _means(said: Iterable[Iterable[float | None]]) -> tuple[float | None, ...]:
    """Of each step's votes that could be read; None where none could."""
    read = [[vote for vote in votes if vote is not None] for votes in said]
    return tuple(sum(votes) / len(votes) if votes else None for votes in read)


def _filled(prompt: str, **values: str) -> str:
    """What a person or a policy wrote is put in once: a brace of theirs means nothing."""
    return re.sub(r"\{(\w+)\}", lambda mark: values.get(mark[1], mark[0]), prompt)
