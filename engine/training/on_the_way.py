"""What a training does between two optimiser steps beside training: it evaluates the policy, and
keeps weights.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.events import CheckpointKept, Event
from engine.training import TrainingTask
from engine.training.interim import InterimEvaluator, logged
from engine.training.kept import folder_of, keep, kept_steps


def on_the_way(task: TrainingTask, emit: Callable[[Event], None]):
    """A TrainerCallback for one training, to stand before the one that reports: what it evaluates
    is logged beside the other figures of the step.
    """
    from transformers import TrainerCallback

    class OnTheWay(TrainerCallback):
        evaluator = InterimEvaluator(task.interim) if task.interim else None

        # returned as the class's own text says; its annotation is that of an empty body
        def on_step_end(self, args, state, control, **kwargs):  # pyright: ignore[reportIncompatibleMethodOverride]
            if state.global_step in steps_to_keep(task, state):
                keep_weights(task, kwargs["model"], state.global_step, emit)
            return control

        def on_log(self, args, state, control, logs=None, **kwargs):
            step = state.global_step
            if not logs or "loss" not in logs or not self.evaluator:
                return
            if self.evaluator.is_due(step):
                model, tokenizer = kwargs["model"], kwargs["processing_class"]
                evaluated = self.evaluator.evaluate(model, tokenizer, step, is_bfloat16=args.bf16)
                emit(evaluated)
                # into the checkpoints too, for an early end after a resume
                for row in (logs, state.log_history[-1]):
                    row.update(logged(evaluated))

        def close(self) -> None:
            if self.evaluator:
                self.evaluator.close()

    return OnTheWay()


def steps_to_keep(task: TrainingTask, state: Any) -> frozenset[int]:
    """The steps behind which a training keeps weights, its last one left out.

    Args:
        state: TrainerState, which knows how many steps there are.
    """
    c = task.config
    return kept_steps(state.max_steps, c.keep_checkpoints, c.evaluate_every_steps)


def keep_weights(task: TrainingTask, model: Any, step: int, emit: Callable[[Event], None]) -> None:
    """Keep the weights of a step."""
    folder = folder_of(Path(task.work_dir), step)
    emit(CheckpointKept(step, str(folder), keep(model, folder)))
