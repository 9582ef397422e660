"""What training with any of TRL's trainers shares: a thread, a queue of events, rows that fit,
arguments, checkpoints.

Departures from TRL's defaults: (1) rows longer than max_length are left out and counted, because
truncation keeps the start and cuts the final answer; (2) a loss that is not finite stops training
with a sentence; (3) stopping saves a checkpoint.

Under `accelerate launch` every rank runs this; what the clock, the parent or a folder says is asked
by rank 0 for all.
"""

import math
import queue
import threading
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

from engine.errors import EngineError, TrainingError, in_one_line
from engine.events import Event, Note, PolicySaved
from engine.training import TrainingTask, ranks
from engine.training.checkpoints import history, last_checkpoint, writing_whole
from engine.training.kept import best_whole, folder_of, require_undamaged
from engine.training.on_the_way import keep_weights, on_the_way, steps_to_keep
from engine.training.parts import adapter, dataset, load, printer, shared_arguments
from engine.training.reporter import reporter
from engine.training.saving import (
    publish,
    require_whole,
    save_optimiser,
    save_policy,
    saved_policy,
)
from engine.training.schedule import warming_up

LIBRARIES = ("datasets", "transformers.trainer", "trl.trainer.base_trainer")
"""What every training needs, and no other backend: imported when a trainer is opened."""


class TrlTrainer(ABC):
    """Runs one training at a time, in a thread of its own. A subclass names its rows and builds
    TRL's trainer.
    """

    name: ClassVar[str]

    def __init__(self) -> None:
        for library in LIBRARIES:
            import_module(library)

    @abstractmethod
    def rows(
        self, task: TrainingTask, model: Any, tokenizer: Any, emit: Callable[[Event], None]
    ) -> list[dict[str, Any]]:
        """What TRL's trainer reads, by its column names. Raises: TrainingError where there is
        none.
        """

    def n_steps(self, task: TrainingTask, rows: Sequence[Any]) -> int:
        """Optimiser steps of the whole training."""
        return math.ceil(len(rows) / task.config.batch_size) * task.config.n_epochs

    @abstractmethod
    def build(self, task: TrainingTask, shared: dict[str, Any], **parts: Any) -> Any:
        """TRL's trainer from the shared arguments and the parts (model, dataset, tokenizer,
        callbacks, adapter).
        """

    def base(self, trainer: Any, task: TrainingTask) -> Any:
        """TRL's trainer with our warm-up and checkpoints."""
        return writing_whole(warming_up(trainer, task.config), Path(task.work_dir))

    def train(self, task: TrainingTask, should_stop: Callable[[], bool]) -> Iterator[Event]:
        """See Trainer. Raises: TrainingError for no usable row, an unknown policy, or a loss that
        is not finite.
        """
        events: queue.Queue = queue.Queue()
        abandoned = threading.Event()
        thread = threading.Thread(
            target=self._run,
            args=(task, events.put, lambda: abandoned.is_set() or should_stop()),
            name=self.name,
            daemon=True,
        )
        thread.start()
        try:
            while (event := events.get()) is not None:
                if isinstance(event, BaseException):
                    raise event
                yield event
        finally:
            abandoned.set()
            thread.join()

    def why_over(self, step: int) -> str | None:
        """What of its own ended a training before its last step, in words; None for nothing."""
        return None

    def release(self) -> None:  # noqa: B027, as close
        """Give back what a training opened beside its model."""

    def close(self) -> None:  # noqa: B027, a trainer that keeps something overrides it
        """Nothing is kept between trainings."""

    def _run(self, task: TrainingTask, emit: Callable, should_stop: Callable[[], bool]) -> None:
        try:
            self._train(task, emit, should_stop)
            emit(None)
        except EngineError as error:
            emit(error)
        except Exception as error:
            traceback.print_exc()
            emit(
                TrainingError(
                    f"Training failed: {in_one_line(error)}. The last checkpoint is kept; resume"
                    " the job."
                )
            )

    def _train(
        self, task: TrainingTask, emit: Callable[[Event], None], should_stop: Callable[[], bool]
    ) -> None:
        from transformers import set_seed

        if saved := _weights_there(task, emit):
            emit(saved)
            return
        work = Path(task.work_dir)
        ranks.read_numbered_cpus()
        model, tokenizer = load(task)
        rows = self.rows(task, model, tokenizer, emit)
        checkpoint = ranks.from_first(lambda: last_checkpoint(work, emit))
        beside, reports = on_the_way(task, emit), reporter(task, emit, should_stop)
        set_seed(task.seed % 2**32)  # a new adapter is drawn before the trainer seeds anything
        trainer = self.build(
            task,
            shared_arguments(task, self.n_steps(task, rows)),
            model=model,
            processing_class=tokenizer,
            train_dataset=dataset(rows, work),
            peft_config=adapter(task),
            callbacks=[beside, reports],
        )
        require_whole(trainer, task.config)
        trainer.remove_callback(printer())
        _go_on_counting(trainer, history(checkpoint))
        try:
            trainer.train(resume_from_checkpoint=checkpoint)
        finally:
            beside.close()
            self.release()
        if not _is_over(
            trainer.state, reports.stop_reason or self.why_over(trainer.state.global_step), emit
        ):
            return
        if task.config.inherit_optimizer:
            save_optimiser(trainer, work)
        if saved := self._save(trainer, tokenizer, task, emit):
            emit(saved)

    def _save(
        self, trainer: Any, tokenizer: Any, task: TrainingTask, emit: Callable[[Event], None]
    ) -> PolicySaved | None:
        """The last weights as the policy, or the best ones by training.policy_by."""
        by, logged, last = (
            task.config.policy_by,
            trainer.state.log_history,
            trainer.state.global_step,
        )
        if by == "last":
            return save_policy(trainer, tokenizer, task)
        work = Path(task.work_dir)
        keep_weights(task, trainer.model, last, emit)
        wanted = steps_to_keep(task, trainer.state)
        steps = sorted({row["step"] for row in logged} & wanted | {last})
        best = best_whole(work, by, logged, steps, emit)
        if best is None:
            emit(Note(f"No whole kept step has {by}: the last weights become the policy."))
        else:
            among = ", ".join(str(step) for step in steps if folder_of(work, step).is_dir())
            emit(Note(f"The weights of step {best} become the policy: of {among} best by {by}."))
        step = last if best is None else best
        return publish(task, folder_of(work, step), step=step)


def _weights_there(task: TrainingTask, emit: Callable[[Event], None]) -> PolicySaved | None:
    """The policy of a training that is over, or that only has to publish what it kept."""
    work, policies = Path(task.work_dir), Path(task.policies_dir)
    work.mkdir(parents=True, exist_ok=True)
    if saved := ranks.from_first(lambda: saved_policy(work, policies, emit)):
        return saved
    if not task.checkpoint:
        return None
    require_undamaged(Path(task.checkpoint))
    return publish(task, Path(task.checkpoint))


def _go_on_counting(trainer: Any, logged: list[dict[str, Any]]) -> None:
    """TRL counts the tokens it trained on in an attribute that no checkpoint holds."""
    counted = [row["num_tokens"] for row in logged if "num_tokens" in row]
    if counted:
        trainer._total_train_tokens = counted[-1]


def _is_over(state: Any, stop_reason: str | None, emit: Callable[[Event], None]) -> bool:
    """Whether the policy can be saved; where a training ended before its last step, why is said."""
    step = f"step {state.global_step} of {state.max_steps}"
    if state.global_step >= state.max_steps:
        return True
    if stop_reason:
        emit(Note(f"Ended early at {step}: {stop_reason}."))
        return True
    emit(Note(f"Stopped at {step}; the checkpoint is kept."))
    return False
