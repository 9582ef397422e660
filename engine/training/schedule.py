"""How the learning rate rises: step k of w warm-up steps takes k / w of the highest rate.

Departure from transformers, where step k takes (k - 1) / w: its first optimiser step has rate 0 and
changes nothing. What follows the warm-up is transformers' own.
"""

from collections.abc import Callable
from typing import Any

from engine.config import TrainingConfig


def share_of_rate(step: int, n_warmup: int, behind: Callable[[int], float]) -> float:
    """Share of the highest rate that an optimiser step takes.

    Args:
        step: counted from 0.
        behind: the share of a step after the warm-up.

    >>> [share_of_rate(step, 2, lambda step: 0.8) for step in range(3)]
    [0.5, 1.0, 0.8]
    """
    return (step + 1) / n_warmup if step < n_warmup else behind(step)


def warming_up(trainer: Any, config: TrainingConfig) -> Any:
    """A subclass of one of TRL's trainers with the warm-up above; the class as it is for a training
    that warms up from rate 0.
    """
    if config.warmup_from_zero:
        return trainer

    class WarmingUp(trainer):
        def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
            from torch.optim.lr_scheduler import LambdaLR

            own = super().create_scheduler(num_training_steps, optimizer)
            n_warmup = self.args.get_warmup_steps(num_training_steps)
            (behind,) = {*own.lr_lambdas}
            self.lr_scheduler = LambdaLR(
                own.optimizer, lambda step: share_of_rate(step, n_warmup, behind)
            )
            return self.lr_scheduler

    return WarmingUp
