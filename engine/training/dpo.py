"""Direct preference optimisation through TRL's DPOTrainer.

Follows DPO (Rafailov et al. 2023) as HS-STaR uses it: method.md section 1.6. The reference log-probabilities are computed
once, before the first step, from the policy as it was given.

Departures from TRL's defaults: (1) pairs longer than max_length are left out and counted, because truncation keeps the start
and cuts the final answer; (2) a loss that is not finite stops training with a sentence; (3) stopping saves a checkpoint.
"""

import json
import math
import queue
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from engine.errors import TrainingError
from engine.events import CheckpointSaved, Event, Note, OptimiserStep, Planned, PolicySaved
from engine.policies import content_id
from engine.training import TrainingTask

REWARDS = ("loss", "rewards/margins")
"""A log entry with these is an optimiser step; the summary at the end of a run has none of them."""

SAVED = "policy_id"
"""File in the work folder that names the policy once it is saved: a crash after that trains nothing again."""


class DpoTrainer:
    """Runs one training at a time, in a thread of its own."""

    def train(self, task: TrainingTask, should_stop: Callable[[], bool]) -> Iterator[Event]:
        """See Trainer. Raises: TrainingError for no usable pair, an unknown policy, or a loss that is not finite."""
        events: queue.Queue = queue.Queue()
        abandoned = threading.Event()
        thread = threading.Thread(
            target=_run, args=(task, events.put, lambda: abandoned.is_set() or should_stop()), name="dpo", daemon=True
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

    def close(self) -> None:
        """Nothing is kept between trainings."""


def _run(task: TrainingTask, emit: Callable, should_stop: Callable[[], bool]) -> None:
    try:
        _train(task, emit, should_stop)
        emit(None)
    except TrainingError as error:
        emit(error)
    except Exception as error:
        emit(TrainingError(f"Training failed: {type(error).__name__}: {error}. The last checkpoint is kept; resume the job."))


def _train(task: TrainingTask, emit: Callable[[Event], None], should_stop: Callable[[], bool]) -> None:
    from transformers import PrinterCallback
    from trl import DPOTrainer

    work = Path(task.work_dir)
    work.mkdir(parents=True, exist_ok=True)
    saved = work / SAVED
    if saved.exists() and (final := Path(task.policies_dir) / saved.read_text()).is_dir():
        emit(PolicySaved(final.name, str(final)))
        return
    model, tokenizer = _load(task.policy_path, task.trust_remote_code)
    rows = _fitting_rows(task, tokenizer, emit)
    checkpoint = _last_checkpoint(work)
    trainer = DPOTrainer(
        model=model,
        args=_arguments(task, len(rows)),
        train_dataset=_dataset(rows),
        processing_class=tokenizer,
        callbacks=[_callback(task, emit, should_stop)],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train(resume_from_checkpoint=checkpoint)
    if trainer.state.global_step < trainer.state.max_steps:
        emit(Note(f"Stopped at step {trainer.state.global_step} of {trainer.state.max_steps}; the checkpoint is kept."))
        return
    trainer.model.to(_config(task).dtype)
    trainer.model.config.use_cache = _config(task).use_cache
    emit(_save(trainer, tokenizer, Path(task.policies_dir), work))


def _last_checkpoint(work: Path) -> str | None:
    """The newest whole checkpoint; one that a killed process left half written is removed."""
    for folder in sorted(work.glob("checkpoint-*"), key=lambda folder: -int(folder.name.removeprefix("checkpoint-"))):
        try:
            json.loads((folder / "trainer_state.json").read_text())  # the trainer writes it last
            return str(folder)
        except (OSError, ValueError):
            shutil.rmtree(folder, ignore_errors=True)
    return None


def _load(path: str, trust_remote_code: bool):
    """Weights in fp32 whatever they were saved in: at learning rates of 1e-6 an update vanishes in bf16."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(path, trust_remote_code=trust_remote_code)
        model = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32, trust_remote_code=trust_remote_code)
    except Exception as error:  # damaged files raise what they like
        raise TrainingError(f"The policy at {path} could not be loaded for training ({error}).") from error
    return model, tokenizer


def _config(task: TrainingTask):
    """The policy's own configuration; training turns its cache off."""
    from transformers import AutoConfig

    return AutoConfig.from_pretrained(task.policy_path, trust_remote_code=task.trust_remote_code)


def _fitting_rows(task: TrainingTask, tokenizer, emit: Callable[[Event], None]) -> list[dict]:
    rows = []
    for pair in task.pairs:
        longest = max(len(tokenizer(pair.prompt + text).input_ids) for text in (pair.chosen, pair.rejected))
        if longest < task.config.max_length:
            rows.append(_row(pair, task.chat))
    if not rows:
        raise TrainingError(
            f"None of the {len(task.pairs)} preference pairs can be trained on: there are none, or all are longer than "
            f"training.max_length = {task.config.max_length} tokens. Commit other thresholds in a fork, or raise max_length."
        )
    if len(rows) < len(task.pairs):
        emit(Note(f"{len(task.pairs) - len(rows)} pairs are longer than {task.config.max_length} tokens and were left out."))
    return rows


def _row(pair, chat: bool) -> dict:
    if not chat:
        return {"prompt": pair.prompt, "chosen": pair.chosen, "rejected": pair.rejected}
    return {
        "prompt": [{"role": "user", "content": pair.prompt}],
        "chosen": [{"role": "assistant", "content": pair.chosen}],
        "rejected": [{"role": "assistant", "content": pair.rejected}],
    }


def _dataset(rows: list[dict]):
    from datasets import Dataset, disable_progress_bars

    disable_progress_bars()
    return Dataset.from_list(rows)


def _arguments(task: TrainingTask, n_pairs: int):
    import torch
    from trl import DPOConfig

    c, on_cpu = task.config, not torch.cuda.is_available()
    n_steps = math.ceil(n_pairs / c.batch_size) * c.n_epochs
    return DPOConfig(
        output_dir=task.work_dir,
        learning_rate=c.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=min(math.ceil(c.warmup_share * n_steps), n_steps - 1),
        weight_decay=c.weight_decay,
        beta=c.beta,
        loss_type=list(c.loss_type),
        loss_weights=list(c.loss_weights) if c.loss_weights else None,
        num_train_epochs=c.n_epochs,
        per_device_train_batch_size=c.micro_batch_size,
        gradient_accumulation_steps=c.batch_size // c.micro_batch_size,
        gradient_checkpointing=c.gradient_checkpointing,
        max_length=None,
        precompute_ref_log_probs=True,
        precompute_ref_batch_size=max(c.micro_batch_size, 16),
        bf16=not on_cpu,
        use_cpu=on_cpu,
        dataloader_pin_memory=not on_cpu,
        logging_steps=1,
        logging_nan_inf_filter=False,
        save_strategy="no",
        save_total_limit=2,
        seed=task.seed % 2**32,
        report_to=[],
        disable_tqdm=True,
    )


def _callback(task: TrainingTask, emit: Callable[[Event], None], should_stop: Callable[[], bool]):
    from transformers import TrainerCallback

    class Reporter(TrainerCallback):
        """Turns the trainer's log into events, and saves by the clock and on stopping."""

        saved_at = time.monotonic()

        def on_train_begin(self, args, state, control, **kwargs):
            emit(Planned(state.max_steps, state.global_step, "steps"))

        def on_step_end(self, args, state, control, **kwargs):
            if should_stop():
                control.should_training_stop = True
            due = time.monotonic() - self.saved_at >= task.config.checkpoint_every_s
            unfinished = state.global_step < state.max_steps
            control.should_save = unfinished and (due or control.should_training_stop)
            return control

        def on_save(self, args, state, control, **kwargs):
            self.saved_at = time.monotonic()
            path = Path(args.output_dir) / f"checkpoint-{state.global_step}"
            emit(CheckpointSaved(state.global_step, str(path)))

        def on_log(self, args, state, control, logs=None, **kwargs):
            if not logs or any(name not in logs for name in REWARDS):
                return
            if not math.isfinite(logs["loss"]):
                raise TrainingError(
                    f"The loss is {logs['loss']} at step {state.global_step}: training went astray. Lower "
                    f"training.learning_rate (now {task.config.learning_rate:g}) and train again; nothing stored is lost."
                )
            values = {name: float(v) for name, v in logs.items() if isinstance(v, int | float) and math.isfinite(v)}
            emit(OptimiserStep(state.global_step, state.max_steps, values))

    return Reporter()


def _save(trainer, tokenizer, policies: Path, work: Path) -> PolicySaved:
    unnamed = work / "policy"
    shutil.rmtree(unnamed, ignore_errors=True)
    trainer.save_model(str(unnamed))
    tokenizer.save_pretrained(str(unnamed))
    (unnamed / "training_args.bin").unlink(missing_ok=True)
    policy_id = content_id(unnamed)
    final = policies / policy_id
    if final.exists():
        shutil.rmtree(unnamed)
    else:
        policies.mkdir(parents=True, exist_ok=True)
        unnamed.replace(final)
    (work / SAVED).write_text(policy_id)
    for checkpoint in work.glob("checkpoint-*"):
        shutil.rmtree(checkpoint, ignore_errors=True)
    return PolicySaved(policy_id, str(final))
