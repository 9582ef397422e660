"""REINFORCE leave-one-out through TRL's RLOOTrainer, on the groups of a committed plan.

Source: Ahmadian et al. 2024 (arXiv 2402.14740); docs/method.md, section 7.
"""

from typing import Any

from engine.training import TrainingTask
from engine.training.plan_trainer import PlanTrainer


class RlooTrainer(PlanTrainer):
    """Trains on groups that it draws itself."""

    name = "rloo"

    def build(self, task: TrainingTask, shared: dict[str, Any], **parts: Any) -> Any:
        from trl.trainer.rloo_config import RLOOConfig
        from trl.trainer.rloo_trainer import RLOOTrainer

        parts["callbacks"] = [*parts["callbacks"], self.callback()]
        arguments = RLOOConfig(**self.arguments(task, shared))
        own = self.drawn_by(RLOOTrainer, task)
        return own(args=arguments, reward_funcs=self.reward_funcs(task), **parts)
