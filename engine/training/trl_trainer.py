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
import shutil
import threading
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol

from engine.errors import EngineError, TrainingError, in_one_line
from engine.events import Event, Note, PolicySaved
from engine.models.precision import is_bfloat16
from engine.models.tokens import render, response_tokens, written_end
from engine.models.vocabulary import require_known_ids
from engine.models.whole import load_whole
from engine.training import TrainingTask, ranks
from engine.training.checkpoints import history, last_checkpoint, writing_whole
from engine.training.kept import best_step, folder_of
from engine.training.lengths import n_tokens
from engine.training.on_the_way import keep_weights, on_the_way
from engine.training.reporter import reporter
from engine.training.saving import (
    publish,
    require_whole,
    save_optimiser,
    save_policy,
    saved_policy,
)
from engine.training.schedule import warming_up


class TrlTrainer(ABC):
    """Runs one training at a time, in a thread of its own. A subclass names its rows and builds
    TRL's trainer.
    """

    name: ClassVar[str]
    rows_are: ClassVar[str]
    """The plural noun that errors use."""

    @abstractmethod
    def columns(self, row: Any, prompt: list[int], encode: "Encode") -> dict[str, list[int]]:
        """A row as token ids, by TRL's column names: no template is applied to a response.

        Args:
            encode: what is trained on of one response: its text, its sampled ids, whether it was
                cut.
        """

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
        model, tokenizer = _load(task)
        rows = self._fitting_rows(task, _Encoder(tokenizer, model.generation_config, task), emit)
        checkpoint = ranks.from_first(lambda: last_checkpoint(work, emit))
        beside, reports = on_the_way(task, emit), reporter(task, emit, should_stop)
        set_seed(task.seed % 2**32)  # a new adapter is drawn before the trainer seeds anything
        trainer = self.build(
            task,
            _shared_arguments(task, len(rows)),
            model=model,
            processing_class=tokenizer,
            train_dataset=_dataset(rows, work),
            peft_config=_adapter(task),
            callbacks=[beside, reports],
        )
        require_whole(trainer, task.config)
        trainer.remove_callback(_printer())
        _go_on_counting(trainer, history(checkpoint))
        try:
            trainer.train(resume_from_checkpoint=checkpoint)
        finally:
            beside.close()
        if not _is_over(trainer.state, reports.stop_reason, emit):
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
        steps = sorted(s for s in {row["step"] for row in logged} if folder_of(work, s).is_dir())
        best = best_step(by, logged, steps)
        if best is None:
            emit(Note(f"No kept step has {by}: the last weights become the policy."))
        else:
            among = ", ".join(map(str, steps))
            emit(Note(f"The weights of step {best} become the policy: of {among} best by {by}."))
        step = last if best is None else best
        return publish(task, folder_of(work, step), step=step)

    def _fitting_rows(
        self, task: TrainingTask, encoder: "_Encoder", emit: Callable[[Event], None]
    ) -> list[dict[str, list[int]]]:
        limit, rows = task.config.max_length, []
        for row in task.rows:
            columns = self.columns(row, encoder.prompt(row), encoder.response_of(row))
            if n_tokens(columns) <= limit:
                rows.append(columns)
        if not rows:
            raise TrainingError(
                f"None of the {len(task.rows)} {self.rows_are} can be trained on: there are none,"
                f" or all are longer than max_length = {limit} tokens. Commit other thresholds in a"
                " fork, or raise max_length."
            )
        if len(rows) < len(task.rows):
            emit(
                Note(
                    f"{len(task.rows) - len(rows)} {self.rows_are} are longer than {limit} tokens"
                    " and were left out."
                )
            )
        return rows


class Encode(Protocol):
    """Token ids of one response as it is trained on."""

    def __call__(self, text: str, tokens: Sequence[int] | None, *, is_cut: bool) -> list[int]: ...


class _Encoder:
    """Prompts as they were sampled from, and responses as they were sampled."""

    def __init__(self, tokenizer: Any, generation_config: Any, task: TrainingTask):
        self._tokenizer = tokenizer
        prompts = {row.prompt for row in task.rows}
        self._prompts = render(tokenizer, prompts, task.settings)
        self._end = written_end(generation_config, tokenizer, task.settings)

    def prompt(self, row: Any) -> list[int]:
        return self._prompts[row.prompt].ids

    def response_of(self, row: Any) -> Encode:
        prompt = self._prompts[row.prompt]

        def encode(text: str, tokens: Sequence[int] | None, *, is_cut: bool) -> list[int]:
            if tokens is not None:
                return list(tokens)
            return response_tokens(self._tokenizer, prompt, text, None if is_cut else self._end)

        return encode


def _weights_there(task: TrainingTask, emit: Callable[[Event], None]) -> PolicySaved | None:
    """The policy of a training that is over, or that only has to publish what it kept."""
    work, policies = Path(task.work_dir), Path(task.policies_dir)
    work.mkdir(parents=True, exist_ok=True)
    if saved := ranks.from_first(lambda: saved_policy(work, policies, emit)):
        return saved
    return publish(task, Path(task.checkpoint)) if task.checkpoint else None


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


def _load(task: TrainingTask):
    """Weights in fp32 whatever they were saved in: at learning rates of 1e-6 an update vanishes in
    bf16.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    trust = task.trust_remote_code
    try:
        tokenizer = AutoTokenizer.from_pretrained(task.policy_path, trust_remote_code=trust)
        model = load_whole(
            AutoModelForCausalLM, task.policy_path, dtype=torch.float32, trust_remote_code=trust
        )
    except Exception as error:  # damaged files raise what they like
        raise TrainingError(
            f"The policy at {task.policy_path} could not be loaded for training"
            f" ({in_one_line(error)})."
        ) from error
    require_known_ids(tokenizer, model.config, task.policy_path)
    return model, tokenizer


def _adapter(task: TrainingTask):
    """A LoRA adapter on every linear layer but the output, or None for training all weights."""
    c = task.config
    if c.lora_rank is None:
        return None
    from peft import LoraConfig

    return LoraConfig(
        r=c.lora_rank,
        lora_alpha=c.lora_alpha,
        lora_dropout=c.lora_dropout,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )


def _dataset(rows: list[dict], work: Path):
    """In memory; for several ranks from files, where one of them leaves the reference
    log-probabilities for the others.
    """
    from datasets import Dataset, disable_progress_bars

    disable_progress_bars()
    if not ranks.is_launched():
        return Dataset.from_list(rows)

    def store() -> str:
        shutil.rmtree(work / "rows", ignore_errors=True)
        Dataset.from_list(rows).save_to_disk(work / "rows")
        return str(work / "rows")

    return Dataset.load_from_disk(ranks.from_first(store))


def _shared_arguments(task: TrainingTask, n_rows: int) -> dict:
    """Arguments of every TRL trainer. One optimiser step takes batch_size rows, however many ranks
    share them.

    The rate falls in a cosine to 0; where the optimiser is inherited it stays constant after the
    warm-up of the first training.
    """
    import torch

    c, on_cpu = task.config, not torch.cuda.is_available()
    n_steps = math.ceil(n_rows / c.batch_size) * c.n_epochs
    warmup_steps = min(math.ceil(c.warmup_share * n_steps), n_steps - 1)
    return {
        "output_dir": task.work_dir,
        "learning_rate": c.learning_rate,
        "lr_scheduler_type": "constant_with_warmup" if c.inherit_optimizer else "cosine",
        "warmup_steps": 0 if task.inherit_from else warmup_steps,
        "weight_decay": c.weight_decay,
        "num_train_epochs": c.n_epochs,
        "per_device_train_batch_size": c.micro_batch_size,
        "gradient_accumulation_steps": c.batch_size // (c.micro_batch_size * ranks.n_ranks()),
        "gradient_checkpointing": c.gradient_checkpointing,
        "ddp_find_unused_parameters": False,
        "max_length": None,
        "bf16": is_bfloat16(c.dtype, on_gpu=not on_cpu),
        "use_cpu": on_cpu,
        "dataloader_pin_memory": not on_cpu,
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        "save_strategy": "no",
        "seed": task.seed % 2**32,
        "report_to": [],
        "disable_tqdm": True,
    }


def _printer() -> type:
    from transformers import PrinterCallback

    return PrinterCallback
