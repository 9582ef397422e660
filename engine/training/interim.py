"""How a policy does while it is trained: between two optimiser steps it answers held-out problems
greedily, and the run's rules grade them.

The training is left as it was: modes of modules and all random states are put back, and sampling
keeps no gradient.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from engine.config.training import HELD_OUT_ACCURACY
from engine.events import InterimAnswer, InterimEvaluated
from engine.grading import Grader
from engine.samplers.hf_local import LoadedSampler
from engine.training import Interim
from engine.types import Response

N_SAMPLES = 4
"""Answers kept of each evaluation."""
N_PROBLEMS = "held_out/n"
"""The name under which it is logged how many problems the accuracy is over."""


class InterimEvaluator:
    """Evaluates the policy of one training, and keeps the checking processes between two
    evaluations.
    """

    def __init__(self, task: Interim):
        self._task = task
        self._grader: Grader | None = None

    def is_due(self, step: int) -> bool:
        return step % self._task.every == 0

    def evaluate(
        self, model: Any, tokenizer: Any, step: int, *, is_bfloat16: bool
    ) -> InterimEvaluated:
        """Blocks until everything is answered and graded.

        Args:
            model: in training, on its device.
            step: optimiser steps that it has taken.
            is_bfloat16: what it computes in.
        """
        import torch

        sampler = LoadedSampler(model, tokenizer, batch_size=self._task.batch_size)
        passes = torch.autocast(model.device.type, dtype=torch.bfloat16, enabled=is_bfloat16)
        with undisturbed(model), passes:
            batches = sampler.sample(self._task.requests, self._task.settings)
            responses = {r.problem_id: r for batch in batches for r in batch}
        return self._graded(step, [responses[r.problem_id] for r in self._task.requests])

    def close(self) -> None:
        if self._grader:
            self._grader.close()

    def _graded(self, step: int, responses: list[Response]) -> InterimEvaluated:
        self._grader = self._grader or Grader()
        items = [(self._task.references[r.problem_id], r.answer) for r in responses]
        verdicts = self._grader.grade_many(items, self._task.rules)
        answers = [InterimAnswer(r, v) for r, v in zip(responses, verdicts)]
        n_correct = sum(v.correct for v in verdicts)
        return InterimEvaluated(step, len(answers), n_correct, answers[:N_SAMPLES])


def logged(evaluated: InterimEvaluated) -> dict[str, float]:
    """An evaluation as metrics of its step."""
    n = evaluated.n_problems
    return {HELD_OUT_ACCURACY: evaluated.n_correct / n, N_PROBLEMS: float(n)}


@contextmanager
def undisturbed(model: Any) -> Iterator[None]:
    """The model in evaluation mode; afterwards every module is in the mode it was in, and random
    numbers go on where they were.
    """
    import torch

    modes = [(module, module.training) for module in model.modules()]
    states = random.getstate(), np.random.get_state()
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        model.eval()
        try:
            yield
        finally:
            random.setstate(states[0])
            np.random.set_state(states[1])
            for module, mode in modes:
                module.training = mode
