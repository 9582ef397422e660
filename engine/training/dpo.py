"""Direct preference optimisation through TRL's DPOTrainer.

Follows DPO (Rafailov et al. 2023) as HS-STaR uses it: docs/method.md, section 1.6. The reference
log-probabilities are computed once, before the first step, from the policy as it was given; under
LoRA that is the model with its adapter switched off.

Departure from TRL's defaults, beside those in trl_trainer: dropout is left to LoRA, everywhere else
it is off.
"""

from typing import Any

from engine.training import TrainingTask
from engine.training.schedule import warming_up
from engine.training.trl_trainer import Encode, TrlTrainer
from engine.types import Preference


class DpoTrainer(TrlTrainer):
    """Trains on preference pairs."""

    name = "dpo"
    rows_are = "preference pairs"

    def columns(self, row: Preference, prompt: list[int], encode: Encode) -> dict[str, list[int]]:
        return {
            "prompt_ids": prompt,
            "chosen_ids": encode(row.chosen, row.chosen_tokens, is_cut=row.chosen_is_cut),
            "rejected_ids": encode(row.rejected, row.rejected_tokens, is_cut=row.rejected_is_cut),
        }

    def build(self, task: TrainingTask, shared: dict[str, Any], **parts: Any) -> Any:
        from trl.trainer.dpo_config import DPOConfig
        from trl.trainer.dpo_trainer import DPOTrainer

        class TokenTrainer(warming_up(DPOTrainer, task.config)):
            """Takes rows that are token ids already: nothing is rendered or tokenised again."""

            def _prepare_dataset(
                self, dataset: Any, processing_class: Any, args: Any, dataset_name: str
            ) -> Any:
                return dataset

        c = task.config
        arguments = DPOConfig(
            **shared,
            beta=c.beta,
            loss_type=list(c.loss_type),
            loss_weights=list(c.loss_weights) if c.loss_weights else None,
            disable_dropout=not (c.lora_rank and c.lora_dropout),
            precompute_ref_log_probs=True,
            precompute_ref_batch_size=max(c.micro_batch_size, 16),
        )
        return TokenTrainer(args=arguments, **parts)
