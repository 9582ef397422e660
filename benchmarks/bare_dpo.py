"""DPO with TRL and nothing else, for the benchmark: python benchmarks/bare_dpo.py PAIRS.json POLICY
FOLDER. Prints wall and CPU seconds.
"""

import json
import sys
import time
from pathlib import Path

import torch
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
from trl import DPOConfig, DPOTrainer


class Clock(TrainerCallback):
    """From the first step's begin to the last step's log."""

    def on_train_begin(self, *arguments, **kwargs):
        self.began = time.perf_counter(), time.process_time()

    def on_log(self, args, state, control, logs=None, **kwargs):
        if "loss" in logs:
            self.ended = time.perf_counter(), time.process_time()


def main(pairs: str, policy: str, folder: str) -> None:
    told = json.loads(Path(pairs).read_text())
    on_cpu = not torch.cuda.is_available()
    arguments = DPOConfig(
        output_dir=folder,
        max_length=None,
        precompute_ref_log_probs=True,
        logging_steps=1,
        save_strategy="no",
        report_to=[],
        bf16=not on_cpu,
        use_cpu=on_cpu,
        dataloader_pin_memory=not on_cpu,
        gradient_checkpointing=False,
        disable_tqdm=True,
        **told["arguments"],
    )
    clock = Clock()
    DPOTrainer(
        model=AutoModelForCausalLM.from_pretrained(policy, dtype=torch.float32),
        processing_class=AutoTokenizer.from_pretrained(policy),
        args=arguments,
        train_dataset=Dataset.from_list(told["rows"]),
        callbacks=[clock],
    ).train()
    print("SECONDS", *(end - begin for begin, end in zip(clock.began, clock.ended)))


if __name__ == "__main__":
    main(*sys.argv[1:])
