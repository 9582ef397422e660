"""Responses that a policy draws while it is trained: the plan's groups in their order, sampled,
graded in killable processes, scored, said as events.

What is drawn at a place of the plan depends on the weights and on the seeds that stand there, and
on nothing else: so a step that is repeated after a kill draws the same. Where the plan stands is in
the checkpoint.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import import_module
from typing import Any

from engine.events import Draw, Drawn, Event
from engine.grading import Grader
from engine.models.tokens import render
from engine.training import Draws, Group, RewardModelTold, TrainingTask
from engine.training.interim import undisturbed
from engine.types import Request, Response, StepScores, Verdict

Generate = Callable[[Any, list[Request]], list[Response]]
"""Responses of a policy in training, in the order of the requests."""


@dataclass
class Place:
    """Where a training stands in its plan."""

    n_groups: int = 0
    """Drawn so far, discarded ones included."""
    n_discarded: int = 0
    """Groups."""


class Drawer:
    """Draws one training's groups, and keeps its grader and reward model between steps.

    Args:
        tokenizer: of the policy.
        generate: how responses are drawn.
    """

    def __init__(
        self,
        task: TrainingTask,
        groups: Sequence[Group],
        tokenizer: Any,
        generate: Generate,
        emit: Callable[[Event], None],
    ):
        assert task.draws is not None, "what draws itself is told what"
        self._draws: Draws = task.draws
        self._config, self._groups = task.config, groups
        self._generate, self._emit = generate, emit
        self.prompts = render(tokenizer, set(self._draws.prompts.values()), task.settings)
        self.place = Place()
        self._grader: Grader | None = None
        self._reward_model: Any = None

    @property
    def n_left(self) -> int:
        """Groups of the plan that are not drawn yet."""
        return len(self._groups) - self.place.n_groups

    def prompt_ids(self, problem_id: str) -> list[int]:
        return self.prompts[self._draws.prompts[problem_id]].ids

    def draw(self, model: Any, n_groups: int, step: int) -> list[Draw]:
        """The draws of a step: n_groups whole groups, one after the other. Blocks.

        With training.max_redraws a group whose rewards are all equal is discarded and the plan's
        next one drawn; where that comes to its limit, or to the plan's end, what is missing is made
        up from those that were discarded first.

        Args:
            model: the policy in training.
            step: the optimiser step that trains on them, counted from 1.
        """
        most = min(n_groups * (1 + self._config.max_redraws), self.n_left)
        used: list[list[Draw]] = []
        spare: list[list[Draw]] = []
        while len(used) < n_groups and len(used) + len(spare) < most:
            n_drawn = len(used) + len(spare)
            for group in self._next(model, min(n_groups - len(used), most - n_drawn)):
                wanted = not self._config.max_redraws or is_mixed(group)
                (used if wanted else spare).append(group)
        n_missing = n_groups - len(used)
        used, discarded = [*used, *spare[:n_missing]], spare[n_missing:]
        self.place.n_discarded += len(discarded)
        flat = [draw for group in used for draw in group]
        thrown = [replace(draw, is_discarded=True) for group in discarded for draw in group]
        model_of_rewards = self._draws.reward_model
        prm_id = model_of_rewards.prm_id if model_of_rewards else ""
        self._emit(Drawn(self._draws.sample_set_id, prm_id, step, flat + thrown))
        return flat

    def close(self) -> None:
        if self._grader:
            self._grader.close()
        if self._reward_model is not None and hasattr(self._reward_model, "close"):
            self._reward_model.close()

    def _next(self, model: Any, n: int) -> list[list[Draw]]:
        groups = self._groups[self.place.n_groups : self.place.n_groups + n]
        self.place.n_groups += n
        requests = [
            Request(g.problem_id, g.first + i, seed, self._draws.prompts[g.problem_id])
            for g in groups
            for i, seed in enumerate(g.seeds)
        ]
        with undisturbed(model):
            judged = self._judged(self._generate(model, requests))
        size = len(groups[0].seeds)
        return [judged[start : start + size] for start in range(0, len(judged), size)]

    def _judged(self, responses: list[Response]) -> list[Draw]:
        self._grader = self._grader or Grader()
        items = [(self._draws.references[r.problem_id], r.answer) for r in responses]
        verdicts = self._grader.grade_many(items, self._draws.rules)
        scores = self._scores(responses)
        return [
            Draw(r, v, s, self._reward(v, s), False)
            for r, v, s in zip(responses, verdicts, scores, strict=True)
        ]

    def _scores(self, responses: list[Response]) -> list[StepScores] | list[None]:
        by = self._draws.reward_model
        if by is None:
            return [None] * len(responses)
        if self._reward_model is None:
            self._reward_model = _opened(by)
        texts = [r.text if by.scored == "response" else r.answer for r in responses]
        items = [(by.prompts[r.problem_id], text) for r, text in zip(responses, texts)]
        return [replace(s, aggregation=by.aggregation) for s in self._reward_model.score(items)]

    def _reward(self, verdict: Verdict, scores: StepScores | None) -> float:
        process = scores.reward if scores else None
        return float(verdict.correct) + self._config.process_weight * (process or 0.0)


def is_mixed(group: Sequence[Draw]) -> bool:
    """Whether the rewards of a group differ, so that it says something.

    Source: TRL 1.16 calls a group without signal by math.isclose of its deviation and 0, too.
    """
    return not all(math.isclose(draw.reward, group[0].reward, abs_tol=1e-8) for draw in group)


def place_as_plain(place: Place) -> dict[str, int]:
    return asdict(place)


def _opened(by: RewardModelTold) -> Any:
    module, _, name = by.opens.partition(":")
    return getattr(import_module(module), name)(by.path, **by.options)
