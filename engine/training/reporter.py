"""The callback that turns a trainer's log into events, saves by the clock, stops when asked, and
hands the optimiser down.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.config import TrainingConfig
from engine.config.training import HELD_OUT_ACCURACY
from engine.errors import TrainingError
from engine.events import CheckpointSaved, Event, OptimiserStep, Planned, StepsBefore
from engine.training import TrainingTask, ranks
from engine.training.saving import inherit_optimiser


def reporter(task: TrainingTask, emit: Callable[[Event], None], should_stop: Callable[[], bool]):
    """A TrainerCallback for one training.

    Raises (inside the trainer): TrainingError for a loss that is not finite, or an inherited
    optimiser state that does not fit.
    """
    from transformers import TrainerCallback

    class Reporter(TrainerCallback):
        saved_at = time.monotonic()
        stop_reason: str | None = None  # why the training ends before its last step

        def on_train_begin(self, args, state, control, optimizer=None, **kwargs):
            # a checkpoint of this training has its own
            if task.inherit_from and state.global_step == 0:
                inherit_optimiser(optimizer, Path(task.inherit_from))
            if state.global_step > 0:
                emit(StepsBefore(_logged_steps(state)))
            emit(Planned(state.max_steps, state.global_step, "steps"))

        # returned as the class's own text says; its annotation is that of an empty body
        def on_step_end(self, args, state, control, **kwargs):  # pyright: ignore[reportIncompatibleMethodOverride]
            every_s = task.config.checkpoint_every_s
            stop, due = ranks.from_first(
                lambda: (should_stop(), time.monotonic() - self.saved_at >= every_s)
            )
            if stop:
                control.should_training_stop = True
            control.should_save = state.global_step < state.max_steps and (due or stop)
            return control

        def on_save(self, args, state, control, **kwargs):
            self.saved_at = time.monotonic()
            checkpoints, step = Path(args.output_dir or task.work_dir), state.global_step
            emit(CheckpointSaved(step, str(checkpoints / f"checkpoint-{step}")))

        def on_log(self, args, state, control, logs=None, **kwargs):
            if not logs or "loss" not in logs:  # the summary at the end of a run has none
                return
            _require_finite(logs["loss"], state.global_step, task.config.learning_rate)
            emit(OptimiserStep(state.global_step, state.max_steps, _finite_numbers(logs)))
            self.stop_reason = why_stop(task.config, state.log_history)
            control.should_training_stop |= self.stop_reason is not None

    return Reporter()


def _logged_steps(state: Any) -> list[OptimiserStep]:
    """What the trainer itself has logged so far, step by step."""
    return [
        OptimiserStep(row["step"], state.max_steps, _finite_numbers(row, but="step"))
        for row in state.log_history
        if "loss" in row
    ]


def why_stop(config: TrainingConfig, logged: Sequence[Mapping[str, Any]]) -> str | None:
    """What ends a training early, in words; None while nothing does.

    Args:
        logged: all steps so far, those before a resume too, so that it ends where an unbroken one
            does.
    """
    c = config
    values = [float(row[c.stop_on]) for row in logged if c.stop_on in row][-c.stop_window :]
    if len(values) < c.stop_window:
        return None
    mean = sum(values) / len(values)
    unit = "evaluations" if c.stop_on == HELD_OUT_ACCURACY else "steps"
    said = f"{c.stop_on} was {mean:.4g} on average over {c.stop_window} {unit}"
    if c.stop_above is not None and mean > c.stop_above:
        return f"{said}, above training.stop_above = {c.stop_above:g}"
    if c.stop_below is not None and mean < c.stop_below:
        return f"{said}, below training.stop_below = {c.stop_below:g}"
    return None


def _require_finite(loss: float, step: int, learning_rate: float) -> None:
    if not math.isfinite(loss):
        raise TrainingError(
            f"The loss is {loss} at step {step}: training went astray. Lower"
            f" training.learning_rate (now {learning_rate:g}) and train again; nothing stored is"
            " lost."
        )


def _finite_numbers(logs: Mapping[str, Any], *, but: str | None = None) -> dict[str, float]:
    return {
        name: float(v)
        for name, v in logs.items()
        if name != but and isinstance(v, int | float) and math.isfinite(v)
    }
