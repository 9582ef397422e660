"""The Qwen2.5-Math-PRM family through vLLM's pooling: the same rows as engine.rewards.qwen_prm,
read by an engine in this process.

vLLM knows the architecture, so no code from the hub runs. The step tag is given by its id: without
the right one vLLM answers with no rows and no error, which is an error here.
"""

import os
from collections.abc import Iterator
from typing import Any

from engine.config.splitter import Splitter, StepRule
from engine.errors import RewardModelError
from engine.models import vllm
from engine.rewards.batched import BatchedReward, Item, Row, load_tokenizer
from engine.rewards.step_tags import StepTags

GPU_MEMORY_SHARE = 0.25
"""Share of the GPU's memory for weights and cache; the policy's sampler takes 0.7 beside it."""


class PooledQwenPrm(BatchedReward):
    """Scores steps through vLLM. Implements engine.rewards.RewardModel; its prompts are bare
    questions.

    bf16 on a GPU, fp32 on a CPU; the head is fp32 on both. vLLM batches by itself.

    Args:
        path: a folder with config, tokenizer and safetensors, or a hub id.
        trust_remote_code: run code that comes with the tokenizer or the configuration.
        steps, step_pattern: where responses are cut into steps, as config.splitter.Splitter has it.

    Raises: RewardModelError if the model cannot be loaded, or a vLLM engine is open in this
    process.
    """

    def __init__(
        self,
        path: str,
        *,
        trust_remote_code: bool = False,
        steps: StepRule = "blank_line",
        step_pattern: str = "",
    ):
        super().__init__(path, Splitter(steps, step_pattern))
        if vllm.is_taken():
            raise RewardModelError(
                "A model is already open in vLLM in this process, and two engines in one process"
                ' die together. Set reward.backend = "transformers", or placement = "worker": one'
                " process per model."
            )
        for name, value in vllm.ENVIRONMENT.items():
            os.environ.setdefault(name, value)
        tokenizer = load_tokenizer(self.path, trust_remote_code)
        self._tags = StepTags(self.path, tokenizer, self._splitter)
        try:
            self._model: Any = _start(self.path, self._tags.tag_id, trust_remote_code)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise RewardModelError(
                f"vLLM could not load a Qwen process reward model from {path!r} ({error}). Give a"
                ' folder or a hub id of the family, or set reward.backend = "transformers".'
            ) from error
        vllm.set_taken(True)
        self._longest = self._model.model_config.max_model_len

    def close(self) -> None:
        """Give memory and device back. Safe to call twice."""
        if self._model is None:
            return
        # vLLM is an optional installation
        from vllm.distributed import (  # pyright: ignore[reportMissingImports]
            cleanup_dist_env_and_memory,
        )

        self._model.llm_engine.engine_core.shutdown()
        self._model = None
        cleanup_dist_env_and_memory()
        vllm.set_taken(False)

    def _read(self, item: Item) -> Row:
        return self._tags.read(item)

    def _answers(self, rows: list[Row]) -> Iterator[tuple[Row, list[float]]]:
        prompts = [{"prompt_token_ids": row.ids} for row in rows]
        answers = (
            self._model.encode(prompts, pooling_task="token_classify", use_tqdm=False)
            if rows
            else []
        )
        for row, answer in zip(rows, answers, strict=True):
            yield row, [right for _, right in answer.outputs.data.tolist()]


def _start(path: str, tag_id: int, trust_remote_code: bool):
    import torch

    # vLLM is an optional installation
    from vllm import LLM  # pyright: ignore[reportMissingImports]
    from vllm.config import PoolerConfig  # pyright: ignore[reportMissingImports]

    on_gpu = {"dtype": "bfloat16", "gpu_memory_utilization": GPU_MEMORY_SHARE}
    on_cpu = {"dtype": "float32", "enforce_eager": True, "block_size": vllm.CPU_BLOCK_TOKENS}
    return LLM(
        model=path,
        tokenizer=path,
        runner="pooling",
        pooler_config=PoolerConfig(step_tag_id=tag_id),
        trust_remote_code=trust_remote_code,
        max_model_len=-1,
        enable_prefix_caching=False,
        disable_log_stats=True,
        **(on_gpu if torch.cuda.is_available() else on_cpu),
    )
