"""Direct preference optimisation through TRL's DPOTrainer.

Follows DPO (Rafailov et al. 2023) as HS-STaR uses it: docs/method.md, section 1.6. The reference
log-probabilities are computed once, before the first step, from the policy as it was given; under
LoRA that is the model with its adapter switched off.

Departure from TRL's defaults, beside those in trl_trainer: dropout is left to LoRA, everywhere else
it is off.
"""

from collections.abc import Sequence
from typing import Any

from engine.training import TrainingTask
from engine.training.lengths import n_tokens, side_by_side
from engine.training.row_trainer import Encode, RowTrainer
from engine.types import Preference

MEANS_OVER_PAIRS = {
    *("sigmoid", "hinge", "ipo", "nca_pair", "sppo_hard", "apo_zero", "apo_down", "discopop"),
    "sigmoid_norm",
}
"""Losses of TRL that are the same however a step's pairs are divided into micro-batches. The others
weigh a pair by its company: sft by the tokens of the micro-batch, aot sorts it, bco_pair takes its
mean reward.
"""


class DpoTrainer(RowTrainer):
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

        c = task.config

        trainer = self.base(DPOTrainer, task)
        if set(c.loss_type) <= MEANS_OVER_PAIRS:
            trainer = side_by_side(trainer, c.batch_size)

        class TokenTrainer(trainer):
            """Takes rows that are token ids already: nothing is rendered or tokenised again. The
            reference reads them by length, so that little is padded.
            """

            def _prepare_dataset(
                self, dataset: Any, processing_class: Any, args: Any, dataset_name: str
            ) -> Any:
                return dataset

            def _precompute_ref_logps(self, dataset: Any, name: str, batch_size: int) -> Any:
                lengths = [n_tokens(row) for row in dataset]
                by_length = sorted(range(len(lengths)), key=lambda row: -lengths[row])
                read = super()._precompute_ref_logps(dataset.select(by_length), name, batch_size)
                places = sorted(range(len(by_length)), key=by_length.__getitem__)
                return read.select(places)

        arguments = DPOConfig(
            **shared,
            beta=c.beta,
            loss_type=list(c.loss_type),
            loss_weights=list(c.loss_weights) if c.loss_weights else None,
            disable_dropout=not (c.lora_rank and c.lora_dropout),
            precompute_ref_log_probs=True,
            precompute_ref_batch_size=max(c.micro_batch_size, 16),
        )
        trainer = TokenTrainer(args=arguments, **parts)
        _log_each_loss(trainer, c.loss_type)
        return trainer


def _log_each_loss(trainer: Any, names: Sequence[str]) -> None:
    """Where several are added up."""
    if len(names) > 1:
        trainer.loss_weights = [
            _NotingWeight(weight, f"loss/{name}", trainer)
            for name, weight in zip(names, trainer.loss_weights, strict=True)
        ]


class _NotingWeight:
    """The weight of one loss among several, which logs what it weighs.

    TRL multiplies each loss by its weight and adds the products up, and logs the sum alone.
    """

    def __init__(self, weight: float, name: str, trainer: Any):
        self.weight, self.name, self.trainer = weight, name, trainer

    def __rmul__(self, loss: Any) -> Any:
        mode = "train" if self.trainer.model.training else "eval"
        read = self.trainer.accelerator.gather_for_metrics(loss.detach()).mean().item()
        self.trainer._metrics[mode][self.name].append(read)
        return loss * self.weight
