"""Group relative policy optimisation through TRL's GRPOTrainer, on the groups of a committed plan.

Source: Shao et al. 2024 (arXiv 2402.03300), section 4.1; losses by TRL's names, docs/method.md,
section 7.
"""

from typing import Any

from engine.training import TrainingTask
from engine.training.plan_trainer import PlanTrainer


class GrpoTrainer(PlanTrainer):
    """Trains on groups that it draws itself."""

    name = "grpo"

    def build(self, task: TrainingTask, shared: dict[str, Any], **parts: Any) -> Any:
        from trl.trainer.grpo_config import GRPOConfig
        from trl.trainer.grpo_trainer import GRPOTrainer

        c = task.config
        parts["callbacks"] = [*parts["callbacks"], self.callback()]
        arguments = GRPOConfig(
            **self.arguments(task, shared),
            loss_type=c.policy_loss,
            scale_rewards=c.scale_rewards,
            importance_sampling_level=c.importance,
        )
        own = self.drawn_by(GRPOTrainer, task)
        return own(args=arguments, reward_funcs=self.reward_funcs(task), **parts)
