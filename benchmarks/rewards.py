"""What batching by length buys a reward model: the same responses read in batches, and one by one.

The starter's process reward model on written solutions, and a Qwen process reward model of 4 layers
with random weights: its speed depends on its size alone.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random

from benchmarks.rows import Row, against, interleaved
from engine.paths import STARTER
from engine.rewards.qwen_prm import QwenPrm
from engine.rewards.token_classification import TokenClassificationReward
from engine.starter.corpus import make_problems, write_solution

N_RESPONSES, N_RUNS = 256, 5
CHAT = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        _build_qwen_prm(Path(folder))
        return [
            _row(
                "token_classification",
                lambda **tokens: TokenClassificationReward(str(STARTER / "prm"), **tokens),
            ),
            _row("qwen_prm", lambda **tokens: QwenPrm(folder, **tokens)),
        ]


def _row(name: str, open_scorer: Callable) -> Row:
    batched, single, items = open_scorer(), open_scorer(batch_tokens=0), _items()
    times = interleaved(lambda: batched.score(items), lambda: single.score(items), N_RUNS)
    return against(f"rewards: {name}, batched against one by one", *times, "s")


def _items() -> list[tuple[str, str]]:
    rng = Random(0)
    return [
        (p.question + "\n", write_solution(p, [rng.random() < 0.2 for _ in p.events], rng))
        for p in make_problems(N_RESPONSES, seed=5)
    ]


def _build_qwen_prm(folder: Path) -> None:
    import torch
    from torch import nn
    from transformers import AutoTokenizer, Qwen2Config, Qwen2ForCausalLM, Qwen2Model

    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(STARTER / "prm")
    tokenizer.add_special_tokens(
        {"additional_special_tokens": ["<|im_start|>", "<|im_end|>", "<extra_0>"]}
    )
    tokenizer.chat_template = CHAT
    tokenizer.save_pretrained(folder)
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=128,
        intermediate_size=384,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=1024,
        tie_word_embeddings=False,
    )
    score = nn.Sequential(nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 2))
    weights = {f"model.{name}": tensor for name, tensor in Qwen2Model(config).state_dict().items()}
    weights |= {f"score.{name}": tensor for name, tensor in score.state_dict().items()}
    Qwen2ForCausalLM(config).save_pretrained(folder, state_dict=weights)
