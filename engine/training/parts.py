"""What one of TRL's trainers is built from: the policy, rows, a LoRA adapter, arguments."""

import math
import shutil
from pathlib import Path
from typing import Any

from engine.errors import TrainingError, in_one_line
from engine.models.precision import is_bfloat16
from engine.models.vocabulary import require_known_ids
from engine.models.whole import load_whole
from engine.training import TrainingTask, ranks


def load(task: TrainingTask):
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


def adapter(task: TrainingTask):
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


def dataset(rows: list[dict], work: Path):
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


def shared_arguments(task: TrainingTask, n_steps: int) -> dict[str, Any]:
    """Arguments of every TRL trainer. One optimiser step takes batch_size rows, however many ranks
    share them.

    The rate falls in a cosine to 0; where the optimiser is inherited it stays constant after the
    warm-up of the first training.
    """
    import torch

    c, on_cpu = task.config, not torch.cuda.is_available()
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


def printer() -> type:
    from transformers import PrinterCallback

    return PrinterCallback
