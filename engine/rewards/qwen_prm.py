"""The Qwen2.5-Math-PRM family: a tag after every step, and the probability of the positive class
read at the tag.

Read as the model card reads it: a chat of its system prompt, the bare question and the steps, each
followed by <extra_0>. The steps are ours (engine.method.steps); nothing stands between a tag and
the next step.

Must not know of problems, runs or thresholds. Source: HS-STaR, docs/method.md, section 1.3;
Qwen2.5-Math-PRM-7B's model card.
"""

from importlib.util import find_spec
from typing import Literal

from engine.config.splitter import Splitter, StepRule
from engine.errors import RewardModelError
from engine.models import devices, vllm
from engine.rewards.batched import ForwardReward, Item, Row, load_tokenizer
from engine.rewards.headed import end_states, load_headed
from engine.rewards.step_tags import StepTags


class QwenPrm(ForwardReward):
    """Scores steps through transformers. Implements engine.rewards.RewardModel; its prompts are
    bare questions.

    Args:
        path: a folder in transformers' format, or a hub id.
        device: "auto" takes a GPU where there is one; else "cpu", "cuda", "cuda:1".
        batch_tokens: padded tokens per forward pass; at least one text is always read. None: 512 on
            a CPU, 16,384 on a GPU.
        trust_remote_code: run code that comes with the tokenizer; the model's own is never needed.
        steps, step_pattern: where responses are cut into steps, as config.splitter.Splitter has it.

    Raises: RewardModelError: nothing of this family is loadable at `path`.
    """

    def __init__(
        self,
        path: str,
        device: str = "auto",
        batch_tokens: int | None = None,
        trust_remote_code: bool = False,
        steps: StepRule = "blank_line",
        step_pattern: str = "",
    ):
        super().__init__(path, device, batch_tokens, Splitter(steps, step_pattern))
        tokenizer = load_tokenizer(self.path, trust_remote_code)
        self._tags = StepTags(self.path, tokenizer, self._splitter)
        self._model = load_headed(self.path, "score", _score_head, self._device)
        self._longest = self._model.config.max_position_embeddings

    def _read(self, item: Item) -> Row:
        return self._tags.read(item)

    def _probabilities(self, ids, mask, batch: list[Row]) -> list[list[float]]:
        states = end_states(self._model, ids, mask, [row.ends for row in batch])
        return [self._model.score(steps).softmax(-1)[:, 1].tolist() for steps in states]


def open_qwen_prm(
    path: str,
    backend: Literal["auto", "transformers", "vllm"] = "auto",
    trust_remote_code: bool = False,
    steps: StepRule = "blank_line",
    step_pattern: str = "",
):
    """The family's scorer. "auto": vLLM where it is installed with an NVIDIA GPU and no other vLLM
    runs in this process.

    Raises: RewardModelError, also where vLLM is asked for and not installed.
    """
    has_vllm = find_spec("vllm") is not None
    if backend == "vllm" and not has_vllm:
        raise RewardModelError(
            'reward.backend is "vllm", and vLLM is not installed. Install requirements-vllm.txt'
            ' (NVIDIA) or requirements-vllm-cpu.txt, or set reward.backend = "transformers".'
        )
    if backend == "vllm" or (
        backend == "auto" and has_vllm and devices.has_gpu() and not vllm.is_taken()
    ):
        from engine.rewards.qwen_prm_vllm import PooledQwenPrm

        return PooledQwenPrm(
            path, trust_remote_code=trust_remote_code, steps=steps, step_pattern=step_pattern
        )
    return QwenPrm(
        path, trust_remote_code=trust_remote_code, steps=steps, step_pattern=step_pattern
    )


def _score_head(hidden_size: int):
    from torch import nn

    return nn.Sequential(nn.Linear(hidden_size, hidden_size), nn.ReLU(), nn.Linear(hidden_size, 2))
