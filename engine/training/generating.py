"""How a policy in training draws responses: through transformers, with the sampler that every other
response comes from, or through TRL's vLLM.
"""

from collections.abc import Callable
from typing import Any

from engine.models.tokens import end_tokens, render
from engine.samplers.finished import as_response
from engine.samplers.hf_local import LoadedSampler
from engine.training import TrainingTask
from engine.types import Request, Response


class Transformers:
    """Our own sampler over the model as it is. Its noise follows from each request's seed alone.

    No response is longer than training.max_length less its prompt.
    """

    def __init__(self, task: TrainingTask, tokenizer: Any):
        assert task.draws is not None, "what draws itself is told what"
        self._task, self._tokenizer = task, tokenizer
        self._batch_size = task.draws.batch_size
        self.is_bfloat16 = False
        """What the model computes in."""

    def __call__(self, model: Any, requests: list[Request]) -> list[Response]:
        import torch

        sampler = LoadedSampler(model, self._tokenizer, batch_size=self._batch_size)
        sampler.n_positions = min(sampler.n_positions, self._task.config.max_length)
        device = model.device.type
        with torch.autocast(device, dtype=torch.bfloat16, enabled=self.is_bfloat16):
            batches = sampler.sample(requests, self._task.settings)
            drawn = {(r.problem_id, r.index): r for batch in batches for r in batch}
        return [drawn[r.problem_id, r.index] for r in requests]


class Vllm:
    """What one of TRL's trainers draws through vLLM. Not run by us. It takes no seeds, so a
    repeated step may draw other responses.
    """

    def __init__(self, task: TrainingTask, tokenizer: Any):
        self._task, self._tokenizer = task, tokenizer
        self.ask: Callable[[list[list[int]]], tuple[list[list[int]], list[Any] | None]] | None = (
            None
        )
        """Set once TRL's trainer is built: tokens, and their log-probabilities where it has them,
        for the prompt of every response, whole groups one after the other.
        """
        self.log_probabilities: dict[tuple[str, int], Any] = {}
        """Of the responses of the last step, by problem id and index."""

    def __call__(self, model: Any, requests: list[Request]) -> list[Response]:
        assert self.ask is not None, "the trainer is built"
        settings = self._task.settings
        prompts = render(self._tokenizer, {r.prompt for r in requests}, settings)
        drawn, log_probabilities = self.ask([prompts[r.prompt].ids for r in requests])
        ends = end_tokens(model.generation_config, self._tokenizer, settings)
        responses = [
            as_response(self._tokenizer, request, prompts[request.prompt], ids, ends, settings.stop)
            for request, ids in zip(requests, drawn, strict=True)
        ]
        for r, own in zip(responses, log_probabilities or []):
            self.log_probabilities[r.problem_id, r.index] = own[: len(r.tokens or ())]
        return responses
