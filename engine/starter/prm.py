"""The starter process reward model: the policy's backbone with one label per token, trained to see
the first slip.

Half of every batch are the policy's own responses; the other half are written by the generator:
right solutions, solutions that mix right rules and habits (the only place where a hard kind is seen
both ways), and right solutions with one number spoilt, because the policy's own arithmetic slips
are too rare to learn from.
"""

from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from engine.method.prompts import fill
from engine.method.steps import step_spans
from engine.rewards.step_ends import step_end_tokens
from engine.starter.corpus import (
    LARGEST,
    StarterProblem,
    label_steps,
    operate,
    reference_solution,
    stream_problems,
    write_solution,
    write_steps,
)
from engine.starter.draw import draw_responses
from engine.starter.policy import PROMPT_TEMPLATE, Recipe, descend, new_optimiser

if TYPE_CHECKING:
    from transformers import LlamaForTokenClassification, PreTrainedTokenizerFast

PRM_RECIPE = Recipe(
    n_steps=1600,
    learning_rate=1e-3,
    batch_size=32,
    n_warmup=50,
    weight_decay=0.01,
    floor=0.03,
    tail=0.1,
    seed=31,
)
EVEN = {1: 1.0, 2: 1.0, 3: 1.0, 4: 1.0, 5: 1.0}
N_SAMPLED_PROBLEMS, N_PER_PROBLEM, SAMPLING_TEMPERATURE = 2400, 3, 1.2
RIGHT_SHARE, MIXED_SHARE = 0.3, 0.35
"""Of the written half: all right, a mixture of right rules and habits; the rest has one number
spoilt.
"""

Example = tuple[list[int], list[int], list[bool]]
"""(token ids of prompt and response, token of every step's end, which steps are right)."""


def train_prm(
    policy: Path,
    tokenizer: "PreTrainedTokenizerFast",
    avoid: Collection[str],
    say: Callable[[str], None],
    recipe: Recipe = PRM_RECIPE,
) -> "LlamaForTokenClassification":
    """Train the starter process reward model on a finished starter policy.

    Args:
        policy: folder of the policy; its backbone is where training starts.
        avoid: questions that must not be seen in training (the shipped problems).
        say: is told a line every hundred steps.
    """
    import torch
    from transformers import LlamaForTokenClassification

    torch.manual_seed(recipe.seed)
    model = LlamaForTokenClassification.from_pretrained(policy, num_labels=1, dtype=torch.float32)
    model.dropout.p = 0.0
    model.train()
    optimiser, average = new_optimiser(model, recipe), None
    for step, batch in enumerate(_batches(policy, tokenizer, avoid, recipe, say)):
        longest = max(len(ids) for ids, _, _ in batch)
        ids = torch.tensor(
            [ids + [tokenizer.pad_token_id] * (longest - len(ids)) for ids, _, _ in batch]
        )
        logits = model(input_ids=ids).logits[..., 0]
        at_ends = torch.cat([logits[row, ends] for row, (_, ends, _) in enumerate(batch)])
        right = torch.tensor([float(good) for _, _, labels in batch for good in labels])
        loss = torch.nn.functional.binary_cross_entropy_with_logits(at_ends, right)
        descend(model, optimiser, loss, recipe.rate(step))
        average = loss.item() if average is None else 0.98 * average + 0.02 * loss.item()
        if (step + 1) % 100 == 0:
            say(f"prm: step {step + 1} of {recipe.n_steps}, loss {average:.4f}")
    return model.eval()


def _batches(
    policy: Path,
    tokenizer: "PreTrainedTokenizerFast",
    avoid: Collection[str],
    recipe: Recipe,
    say: Callable[[str], None],
) -> Iterator[list[Example]]:
    """Exactly `n_steps` batches of examples of similar length, half of them sampled and half
    written.
    """
    stream = stream_problems(recipe.seed + 1, EVEN, avoid)
    problems = [next(stream) for _ in range(N_SAMPLED_PROBLEMS)]
    responses = draw_responses(
        policy, [p.question for p in problems], N_PER_PROBLEM, SAMPLING_TEMPERATURE, recipe.seed
    )
    sampled = [
        _example(tokenizer, problem, text)
        for problem, texts in zip(problems, responses)
        for text in dict.fromkeys(texts)
    ]
    sampled = [example for example in sampled if example[1]]
    say(f"prm: {len(sampled)} responses of the policy to learn from")
    rng, n_batches = Random(recipe.seed), 0
    while n_batches < recipe.n_steps:
        half = 8 * recipe.batch_size
        written = [_written(tokenizer, next(stream), rng) for _ in range(half)]
        rows = sorted(
            rng.sample(sampled, half) + written, key=lambda row: (len(row[0]) // 8, rng.random())
        )
        groups = [
            rows[start : start + recipe.batch_size]
            for start in range(0, len(rows), recipe.batch_size)
        ]
        rng.shuffle(groups)
        yield from groups[: recipe.n_steps - n_batches]
        n_batches += len(groups)


def _example(
    tokenizer: "PreTrainedTokenizerFast", problem: StarterProblem, response: str
) -> Example:
    prompt = fill(PROMPT_TEMPLATE, problem.question)
    encoding = tokenizer(prompt + response, return_offsets_mapping=True)
    spans = [(len(prompt) + start, len(prompt) + end) for start, end in step_spans(response)]
    return (
        encoding.input_ids,
        step_end_tokens(encoding.offset_mapping, spans),
        label_steps(problem, response),
    )


def _written(tokenizer: "PreTrainedTokenizerFast", problem: StarterProblem, rng: Random) -> Example:
    style = rng.random()
    if style < RIGHT_SHARE:
        text = reference_solution(problem, rng)
    elif style < RIGHT_SHARE + MIXED_SHARE:
        text = write_solution(problem, [rng.random() < 0.65 for _ in problem.events], rng)
    else:
        text = spoil(problem, rng)
    return _example(tokenizer, problem, text)


def spoil(problem: StarterProblem, rng: Random) -> str:
    """A right solution with one slip of the pen, carried on from there: a wrong result, a number
    miscopied, or a wrong box.
    """
    slip, place = rng.randrange(len(problem.events) + 1), rng.choice(("before", "after"))
    value, rows = problem.start, []
    for index, event in enumerate(problem.events):
        before = _misread(value, rng) if index == slip and place == "before" else value
        done = operate(event.kind.right, before, event.number)
        if done is None:
            break
        after = _misread(done[2], rng) if index == slip and place == "after" else done[2]
        rows.append((before, done[0], done[1], after))
        value = after
    return write_steps(rows, _misread(value, rng) if slip == len(problem.events) else value, rng)


def _misread(value: int, rng: Random) -> int:
    """Another number in 1..99: one digit changed, or off by one or ten."""
    options = {value + delta for delta in (-10, -1, 1, 10)} | {
        value // 10 * 10 + rng.randrange(10),
        value % 10 + 10 * rng.randrange(10),
    }
    return rng.choice(
        sorted(other for other in options if 1 <= other <= LARGEST and other != value)
    )
