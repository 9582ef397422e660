"""Supervised fine-tuning through TRL's SFTTrainer: rejection-sampling fine-tuning (RFT), STaR, and
step-wise initialisation.

The loss is the mean negative log-probability per token of the response and its end-of-sequence
token; the prompt has none.
"""

from typing import Any

from engine.training import TrainingTask
from engine.training.lengths import side_by_side
from engine.training.row_trainer import Encode, RowTrainer
from engine.types import Worked


class SftTrainer(RowTrainer):
    """Trains on worked solutions."""

    name = "sft"
    rows_are = "worked solutions"

    def columns(self, row: Worked, prompt: list[int], encode: Encode) -> dict[str, list[int]]:
        ids = encode(row.response, row.tokens, is_cut=row.is_cut)
        return {
            "input_ids": prompt + ids,
            "completion_mask": [0] * len(prompt) + [1] * len(ids),
        }

    def build(self, task: TrainingTask, shared: dict[str, Any], **parts: Any) -> Any:
        from trl.trainer.sft_config import SFTConfig
        from trl.trainer.sft_trainer import SFTTrainer

        own = side_by_side(self.base(SFTTrainer, task), task.config.batch_size)
        return own(args=SFTConfig(**shared, completion_only_loss=True, packing=False), **parts)
