"""What batching by length buys a reward model, and what reading all steps of a response in one pass
does.

The starter's process reward model on written solutions, and models of 4 layers with random weights:
their speed depends on their size alone. A reward model that writes its judgements needs a server:
benchmarks.judges.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random

from benchmarks.rows import Row, against, alone, interleaved
from engine.method.steps import split_steps
from engine.paths import STARTER
from engine.rewards.implicit import ImplicitReward
from engine.rewards.qwen_prm import QwenPrm
from engine.rewards.tagged_lm import TaggedLm
from engine.rewards.token_classification import TokenClassificationReward
from engine.starter.corpus import make_problems, write_solution

N_RESPONSES, N_RUNS = 256, 5
CHAT = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"


TAG = {"tag": "<extra_0>", "positive": "<|im_start|>", "negative": "<|im_end|>"}
"""Tokens that the starter's small vocabulary has: it knows no plus sign by itself."""


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        qwen, tagged, other = (str(Path(folder) / name) for name in ("qwen", "tagged", "other"))
        _build_qwen_prm(Path(qwen))
        _build_causal(Path(tagged), seed=0)
        _build_causal(Path(other), seed=1)
        families: dict[str, Callable] = {
            "token_classification": lambda **tokens: TokenClassificationReward(
                str(STARTER / "prm"), **tokens
            ),
            "qwen_prm": lambda **tokens: QwenPrm(qwen, **tokens),
            "tagged_lm": lambda **tokens: TaggedLm(tagged, preset="rlhflow", **TAG, **tokens),
            "implicit": lambda **tokens: ImplicitReward(tagged, other, **tokens),
        }
        rows = [_row(name, opens) for name, opens in families.items()]
        return [*rows, _row_of_steps(families["tagged_lm"]()), *_questions()]


def _row(name: str, open_scorer: Callable) -> Row:
    batched, single, items = open_scorer(), open_scorer(batch_tokens=0), reviewed()
    times = interleaved(lambda: batched.score(items), lambda: single.score(items), N_RUNS)
    return against(f"rewards: {name}, batched against one by one", *times, "s")


def _row_of_steps(scorer: TaggedLm) -> Row:
    """All steps in one pass, against a text for every step that ends with it, as RLHFlow's own
    script reads: the question and the steps before are read again each time.
    """
    items = reviewed()
    ending = [
        (question, "\n\n".join(steps[: n + 1]))
        for question, response in items
        for steps in [split_steps(response)]
        for n in range(len(steps))
    ]
    times = interleaved(lambda: scorer.score(items), lambda: scorer.score(ending), N_RUNS)
    return against("rewards: tagged_lm, one pass against one per step", *times, "s")


def _questions() -> list[Row]:
    """The share of the tokens that is the question: what could be saved at most by reading it once
    for all responses to a problem.
    """
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(STARTER / "prm")
    lengths = [[len(tokenizer(text).input_ids) for text in item] for item in reviewed()]
    question, response = (sum(column) for column in zip(*lengths))
    share = 100 * question / (question + response)
    return [alone("rewards: the question in what is read", [share], "%")]


def reviewed(n: int = N_RESPONSES) -> list[tuple[str, str]]:
    """(prompt, response) pairs: written solutions of starter problems, a fifth of their steps
    wrong.
    """
    rng = Random(0)
    return [
        (p.question + "\n", write_solution(p, [rng.random() < 0.2 for _ in p.events], rng))
        for p in make_problems(n, seed=5)
    ]


def _build_qwen_prm(folder: Path) -> None:
    import torch
    from torch import nn
    from transformers import Qwen2ForCausalLM, Qwen2Model

    torch.manual_seed(0)
    config = _config(_tokenizer(folder))
    score = nn.Sequential(nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 2))
    weights = {f"model.{name}": tensor for name, tensor in Qwen2Model(config).state_dict().items()}
    weights |= {f"score.{name}": tensor for name, tensor in score.state_dict().items()}
    Qwen2ForCausalLM(config).save_pretrained(folder, state_dict=weights)


def _build_causal(folder: Path, *, seed: int) -> None:
    import torch
    from transformers import Qwen2ForCausalLM

    torch.manual_seed(seed)
    Qwen2ForCausalLM(_config(_tokenizer(folder))).save_pretrained(folder)


def _tokenizer(folder: Path):
    """The starter's, with the tokens of a chat and of step tags, saved in a folder."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(STARTER / "prm")
    tokenizer.add_special_tokens(
        {"additional_special_tokens": ["<|im_start|>", "<|im_end|>", "<extra_0>"]}
    )
    tokenizer.chat_template = CHAT
    tokenizer.save_pretrained(folder)
    return tokenizer


def _config(tokenizer):
    from transformers import Qwen2Config

    return Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=128,
        intermediate_size=384,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=1024,
        tie_word_embeddings=False,
    )
