"""Tokens per CPU second of hf_local on the small language model, against plain `generate` in
float32 with the same temperature, nucleus, batch and limit.

Both share one process and one thread, in turn. A token counts up to the end token of its response;
what plain `generate` writes behind it is waste.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.rows import Row, against
from engine.method.prompts import fill
from engine.method.seeds import stable_hash
from engine.models import devices
from engine.samplers.hf_local import HfSampler
from engine.small_lm import INSTALL, build, is_installed
from engine.small_lm.configuration import PROMPT
from engine.small_lm.problems import make_problems
from engine.types import Request, SamplingSettings

N_PROBLEMS, N_EACH, BATCH, N_RUNS = 8, 8, 32, 3
SETTINGS = SamplingSettings(temperature=0.7, top_p=0.95, max_new_tokens=128, chat=True)
NAME = "hf_local on the small LM, {}: tokens per CPU second against plain generate, {}"


def measure() -> list[Row]:
    if not is_installed():
        print(f"hf_local on the small LM is skipped: {INSTALL}", file=sys.stderr)
        return []
    import torch

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder) / "lm")
        return _measure(str(Path(folder) / "lm" / "policy"))


def _measure(path: str) -> list[Row]:
    dtypes = ["float32", *(["bfloat16"] if devices.has_native_bfloat16() else [])]
    samplers = {
        dtype: HfSampler(path, batch_size=BATCH, device="cpu", dtype=dtype) for dtype in dtypes
    }
    rates: dict[tuple[str, str], list[float]] = {}
    for _ in range(N_RUNS):
        for dtype, sampler in samplers.items():
            for name, run in (("ours", _ours), ("plain", _plain)):
                rates.setdefault((name, dtype), []).append(_rate(run, sampler))
    base = rates["plain", "float32"]
    rows = [against(NAME.format(d, "float32"), rates["ours", d], base, "tokens/s") for d in dtypes]
    if "bfloat16" in dtypes:
        own = rates["plain", "bfloat16"]
        rows.append(
            against(NAME.format("bfloat16", "bfloat16"), rates["ours", "bfloat16"], own, "tokens/s")
        )
    else:
        print("bfloat16 is skipped: this processor has no instructions for it", file=sys.stderr)
    return rows


def _requests() -> list[Request]:
    return [
        Request(str(place), index, stable_hash(place, index), fill(PROMPT, problem.question))
        for place, problem in enumerate(make_problems(N_PROBLEMS, seed=11))
        for index in range(N_EACH)
    ]


def _rate(run: Callable[[HfSampler], int], sampler: HfSampler) -> float:
    started = time.process_time()
    return run(sampler) / (time.process_time() - started)


def _ours(sampler: HfSampler) -> int:
    drawn = sampler.sample(_requests(), SETTINGS)
    return sum(len(response.tokens or ()) for batch in drawn for response in batch)


def _plain(sampler: HfSampler) -> int:
    """With the library's own attention, as whoever loads the model has it."""
    attention = sampler.model.config._attn_implementation
    sampler.model.set_attn_implementation("sdpa")
    asked = _requests()
    try:
        return sum(
            _generated(sampler, asked[start : start + BATCH])
            for start in range(0, len(asked), BATCH)
        )
    finally:
        sampler.model.set_attn_implementation(attention)


def _generated(sampler: HfSampler, asked: list[Request]) -> int:
    import torch

    chats = [[{"role": "user", "content": request.prompt}] for request in asked]
    prompts: Any = sampler.tokenizer.apply_chat_template(
        chats,
        add_generation_prompt=True,
        return_tensors="pt",
        return_dict=True,
        padding=True,
        tokenizer_kwargs={"padding_side": "left"},
    )
    with torch.inference_mode():
        written = sampler.model.generate(
            **prompts,
            do_sample=True,
            temperature=SETTINGS.temperature,
            top_p=SETTINGS.top_p,
            top_k=0,
            max_new_tokens=SETTINGS.max_new_tokens,
        )
    rows = written[:, prompts["input_ids"].shape[1] :].tolist()
    end = sampler.tokenizer.eos_token_id
    return sum(row.index(end) + 1 if end in row else len(row) for row in rows)
