"""The starter policy: about 0.9 million parameters, supervised on the student's solutions. Trained
as a Qwen2, saved as the Llama that computes the same.

Counts of steps, never minutes, decide when training ends, so that a rebuild gives the same weights.
Loss on the solution only. The first steps see problems of one event; the last steps run at the
lowest learning rate, which is what makes the arithmetic safe. Must not know of files other than the
folder it is told to write.
"""

import math
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

from engine.method.prompts import fill
from engine.starter.corpus import StarterProblem, stream_problems, student_solution
from engine.starter.tokenizer import CONTEXT

if TYPE_CHECKING:
    import torch
    from transformers import LlamaForCausalLM, PreTrainedTokenizerFast, Qwen2ForCausalLM

PROMPT_TEMPLATE = "{question}\n"
"""What the starter policy reads; the response follows directly."""

ONE_EVENT = {0: 1.0}
MIXED = {0: 0.15, 1: 0.15, 2: 0.15, 3: 0.25, 4: 0.15, 5: 0.15}
"""Level weights of the two stages; level 0 is any single event."""

IGNORED = -100


@dataclass(frozen=True, slots=True)
class Recipe:
    """How long and how fast a starter model learns."""

    n_steps: int
    learning_rate: float
    batch_size: int
    n_warmup: int
    weight_decay: float
    floor: float
    """Lowest learning rate, as a share of the highest."""
    tail: float
    """Share of the steps, at the end, that run at the lowest learning rate."""
    seed: int = 0

    def rate(self, step: int) -> float:
        """Learning rate of a step, counted from 0: linear warm-up, cosine to the floor, then
        flat.
        """
        progress = min(1.0, step / (self.n_steps * (1 - self.tail)))
        cosine = self.floor + (1 - self.floor) * 0.5 * (1 + math.cos(math.pi * progress))
        return self.learning_rate * min(1.0, (step + 1) / self.n_warmup) * cosine


POLICY_RECIPE = Recipe(
    n_steps=3000,
    learning_rate=2e-3,
    batch_size=48,
    n_warmup=100,
    weight_decay=0.05,
    floor=0.03,
    tail=0.15,
    seed=11,
)
ONE_EVENT_SHARE = 0.15
"""Share of the steps that see problems of one event only."""


def new_policy(tokenizer: "PreTrainedTokenizerFast", seed: int) -> "Qwen2ForCausalLM":
    """An untrained policy for a tokenizer's vocabulary."""
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    torch.manual_seed(seed)
    return Qwen2ForCausalLM(
        Qwen2Config(
            vocab_size=len(tokenizer),
            hidden_size=128,
            num_hidden_layers=4,
            num_attention_heads=4,
            num_key_value_heads=4,
            intermediate_size=384,
            max_position_embeddings=CONTEXT,
            tie_word_embeddings=True,
            attention_dropout=0.0,
            pad_token_id=_one_id(tokenizer.pad_token_id),
            eos_token_id=_one_id(tokenizer.eos_token_id),
            bos_token_id=None,
        )
    )


def _one_id(id: object) -> int:
    """A special token's id; transformers' annotation allows for several and for texts."""
    assert isinstance(id, int), id
    return id


def as_llama(model: "Qwen2ForCausalLM") -> "LlamaForCausalLM":
    """The same function under the architecture name Llama: biases on q, k and v as they are, a zero
    bias on o.

    AutoTokenizer (transformers 5.17) reads every folder of model type qwen2 with Qwen2's own
    tokenizer, whatever tokenizer_config.json says; a folder of type llama keeps the tokenizer that
    lies in it.
    """
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    old = model.config
    names = (
        "vocab_size",
        "hidden_size",
        "num_hidden_layers",
        "num_attention_heads",
        "num_key_value_heads",
        "intermediate_size",
        "max_position_embeddings",
        "tie_word_embeddings",
        "attention_dropout",
        "rms_norm_eps",
        "hidden_act",
        "rope_parameters",
        "pad_token_id",
        "eos_token_id",
        "bos_token_id",
    )
    config = LlamaConfig(
        **{name: getattr(old, name) for name in names}, attention_bias=True, mlp_bias=False
    )
    twin = LlamaForCausalLM(config)
    missing, unexpected = twin.load_state_dict(model.state_dict(), strict=False)
    assert not unexpected and all(name.endswith("o_proj.bias") for name in missing), (
        missing,
        unexpected,
    )
    with torch.no_grad():
        layers: Any = twin.model.layers  # a ModuleList does not say what it holds
        for layer in layers:
            layer.self_attn.o_proj.bias.zero_()
    return twin.eval()


def new_optimiser(model: "torch.nn.Module", recipe: Recipe) -> "torch.optim.Optimizer":
    """AdamW; vectors (norms, biases) are not decayed."""
    import torch

    matrices = [weight for weight in model.parameters() if weight.dim() > 1]
    vectors = [weight for weight in model.parameters() if weight.dim() < 2]
    groups = [
        {"params": matrices, "weight_decay": recipe.weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=recipe.learning_rate, betas=(0.9, 0.98))


def descend(
    model: "torch.nn.Module", optimiser: "torch.optim.Optimizer", loss: "torch.Tensor", rate: float
) -> None:
    """One optimiser step at a learning rate, gradients clipped at norm 1."""
    import torch

    for group in optimiser.param_groups:
        group["lr"] = rate
    optimiser.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimiser.step()


def train_policy(
    tokenizer: "PreTrainedTokenizerFast",
    avoid: Collection[str],
    say: Callable[[str], None],
    recipe: Recipe = POLICY_RECIPE,
) -> "Qwen2ForCausalLM":
    """Train the starter policy from nothing.

    Args:
        avoid: questions that must not be seen in training (the shipped problems).
        say: is told a line every hundred steps.
    """
    import torch

    model = new_policy(tokenizer, recipe.seed)
    model.train()
    optimiser, average = new_optimiser(model, recipe), None
    for step, (ids, labels) in enumerate(_batches(tokenizer, avoid, recipe)):
        hidden = model.model(input_ids=ids[:, :-1]).last_hidden_state
        wanted = labels[:, 1:] != IGNORED
        loss = torch.nn.functional.cross_entropy(
            model.lm_head(hidden[wanted]), labels[:, 1:][wanted]
        )
        descend(model, optimiser, loss, recipe.rate(step))
        average = loss.item() if average is None else 0.98 * average + 0.02 * loss.item()
        if (step + 1) % 100 == 0:
            say(f"policy: step {step + 1} of {recipe.n_steps}, loss {average:.4f}")
    return model.eval()


def _batches(
    tokenizer: "PreTrainedTokenizerFast", avoid: Collection[str], recipe: Recipe
) -> Iterator[tuple["torch.Tensor", "torch.Tensor"]]:
    """Exactly `n_steps` batches (ids, labels), each of problems of similar length, (batch, longest)
    int64.
    """
    rng, n_batches = Random(recipe.seed), 0
    n_first = int(ONE_EVENT_SHARE * recipe.n_steps)
    stages = (
        stream_problems(recipe.seed + 1, ONE_EVENT, avoid),
        stream_problems(recipe.seed + 2, MIXED, avoid),
    )
    while n_batches < recipe.n_steps:
        stream = stages[n_batches >= n_first]
        rows = sorted(
            (_row(tokenizer, next(stream), rng) for _ in range(16 * recipe.batch_size)),
            key=lambda row: len(row[0]),
        )
        groups = [
            rows[start : start + recipe.batch_size]
            for start in range(0, len(rows), recipe.batch_size)
        ]
        rng.shuffle(groups)
        for group in groups[: recipe.n_steps - n_batches]:
            n_batches += 1
            yield _pad(group, _one_id(tokenizer.pad_token_id))


def _row(
    tokenizer: "PreTrainedTokenizerFast", problem: StarterProblem, rng: Random
) -> tuple[list[int], list[int]]:
    prompt = tokenizer(fill(PROMPT_TEMPLATE, problem.question)).input_ids
    response = [*tokenizer(student_solution(problem, rng)).input_ids, tokenizer.eos_token_id]
    return prompt + response, [IGNORED] * len(prompt) + response


def _pad(
    rows: list[tuple[list[int], list[int]]], pad: int
) -> tuple["torch.Tensor", "torch.Tensor"]:
    import torch

    longest = max(len(ids) for ids, _ in rows)
    ids = torch.tensor([ids + [pad] * (longest - len(ids)) for ids, _ in rows])
    labels = torch.tensor([labels + [IGNORED] * (longest - len(labels)) for _, labels in rows])
    return ids, labels
