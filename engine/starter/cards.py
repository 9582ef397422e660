"""The cards beside the starter files, written from the figures that the build measured. Text
only.
"""

from pathlib import Path

from engine.starter.kinds import EASY, HARD, MID
from engine.starter.policy import MIXED, ONE_EVENT_SHARE, POLICY_RECIPE, PROMPT_TEMPLATE, Recipe
from engine.starter.prm import (
    MIXED_SHARE,
    N_PER_PROBLEM,
    N_SAMPLED_PROBLEMS,
    PRM_RECIPE,
    RIGHT_SHARE,
    SAMPLING_TEMPERATURE,
)
from engine.starter.tokenizer import CONTEXT

LIMITS = f"""## Limits

- The vocabulary is closed: the words of the starter problems, digits, four signs. Any other word \
is read as `<unk>`,
  and what the model then does means nothing.
- {CONTEXT} positions. Prompts with worked examples, instructions or other layouts were never seen \
in training.
- Quantities from 1 to 99, one operation per step, at most four events.
- It shows how a self-taught reasoner behaves; it says nothing about mathematics or about large \
models.
- A rebuild on the same machine gives the same weights. Elsewhere the figures agree within \
sampling error.
"""


def write_cards(out: Path, figures: dict) -> None:
    """Write README.md for data/starter, the policy and the process reward model."""
    (out / "README.md").write_text(_overview(figures), encoding="utf-8")
    (out / "policy" / "README.md").write_text(_policy_card(figures["policy"]), encoding="utf-8")
    (out / "prm" / "README.md").write_text(_prm_card(figures["prm"]), encoding="utf-8")


SPOILT_HEADER = [
    "band",
    "problems",
    "mean reward of right ones",
    "AUC against habit",
    "AUC against spoilt",
]


def table(header: list[str], rows: list[list[object]]) -> str:
    """A Markdown table; None is shown as a dash."""
    lines = [header, ["---"] * len(header), *rows]
    return (
        "\n".join(
            "| " + " | ".join("-" if cell is None else str(cell) for cell in line) + " |"
            for line in lines
        )
        + "\n"
    )


def _recipe(recipe: Recipe) -> str:
    return (
        f"AdamW (betas .9 and .98, weight decay {recipe.weight_decay:g} on matrices), learning rate"
        f" {recipe.learning_rate:g}, {recipe.n_warmup} warm-up steps, cosine to {recipe.floor:.0%}"
        f" and the last {recipe.tail:.0%} of the steps there, {recipe.n_steps:,} steps of"
        f" {recipe.batch_size}, gradient norm at most 1, fp32, one thread, seed {recipe.seed}."
    )


def _policy_card(figures: dict) -> str:
    by_level = [
        [level, row["mean@8"], row["greedy"], row["corpus"]]
        for level, row in figures["by_level"].items()
    ]
    kinds = [
        [name, row["sampled"], row["corpus"], row["n"]]
        for name, row in figures["right_rule_by_kind"].items()
    ]
    weights = ", ".join(f"{level or 'one event'}: {weight:g}" for level, weight in MIXED.items())
    return f"""# Starter policy

About 0.9 million parameters, trained from nothing on worked solutions of starter problems written \
by a student with
habits: each kind of event is misread at a fixed rate. Made by `python -m engine.starter build`; \
the design is in
docs/decisions.md, "Starter corpus design". It is trained as a Qwen2 model and saved as the Llama \
model that computes
the same function, because AutoTokenizer would read a folder of type qwen2 with another tokenizer \
than the one in it.

Prompt template: `{PROMPT_TEMPLATE.encode("unicode_escape").decode()}`; the response follows \
directly. Sample at
temperature 1, top_p 1, 96 new tokens.

## Recipe

Hidden size 128, 4 layers, 4 heads, feed-forward 384, tied embeddings. Word-level tokenizer, \
digits one by one.
{_recipe(POLICY_RECIPE)} Loss on the solution only. The first {ONE_EVENT_SHARE:.0%} of the steps \
see problems of one
event; then levels are drawn with weights
{weights}. No shipped problem is among them.

## Figures

{figures["n_problems"]} held-out problems, 8 responses each at temperature 1: mean@8 \
**{figures["mean@8"]}**, greedy
**{figures["greedy"]}**. "Corpus" is the share of the student's own solutions that are right. Of 8 \
responses to a
problem {figures["distinct_texts_of_8"]} are distinct texts on average.

{table(["level", "mean@8", "greedy", "corpus"], by_level)}
Problems by number of correct responses, 0 to 8: \
{", ".join(map(str, figures["n_problems_by_n_correct"]))}.

How often a sampled step follows the right rule, given that the steps before it are right:

{table(["kind", "sampled", "corpus", "steps"], kinds)}
{LIMITS}"""


def _prm_card(figures: dict) -> str:
    levels = [[level, value] for level, value in figures["response_auc_by_level"].items()]
    written = [[band, *row.values()] for band, row in figures["written"].items()]
    bins = [
        [f"{row['from']:.1f}", row["n"], row["mean_score"], row["share_right"]]
        for row in figures["calibration"]
    ]
    return f"""# Starter process reward model

A token classifier with one label on the starter policy's backbone. The score of a step is the \
sigmoid of the logit at
the token that holds the step's last character. A step is right if its quantities are those of the \
right path,
whatever its wording; every step after a slip is wrong. Made by `python -m engine.starter build`.

## Recipe

Binary cross-entropy at step ends. Half of every batch: {N_PER_PROBLEM} responses of the policy to \
each of
{N_SAMPLED_PROBLEMS:,} problems at temperature {SAMPLING_TEMPERATURE}. The other half is written \
by the generator:
{RIGHT_SHARE:.0%} right solutions, {MIXED_SHARE:.0%} mixtures of right rules and habits, and the \
rest right solutions
with one number spoilt. No shipped problem is among them. {_recipe(PRM_RECIPE)}

## Figures

{figures["n_responses"]:,} distinct responses of the starter policy to held-out problems, \
{figures["n_steps"]:,}
steps, {figures["share_of_steps_right"]:.0%} of them right. Step AUC **{figures["step_auc"]}**
({figures["step_auc_until_first_slip"]} up to the first slip), response AUC of the smallest step \
score
**{figures["response_auc"]}**; mean smallest score of right responses \
{figures["mean_reward"]["right"]}, of wrong ones
{figures["mean_reward"]["wrong"]}.

{table(["level", "response AUC"], levels)}
A dash stands where a level has right or wrong responses only.

Calibration, by step score:

{table(["score from", "steps", "mean score", "share right"], bins)}
## What it cannot see

The responses above hold hardly any arithmetic slips, because the policy makes hardly any. On \
solutions written by the
generator for the same problems, right ones rank against all-habit ones, and against right ones \
with one number spoilt
(a wrong sum, a miscopied number, a wrong box), as follows. An AUC of .5 is chance.

{table(SPOILT_HEADER, written)}
So it knows which rule a sentence asks for, also where the policy does not; read the last column \
before trusting it with
arithmetic. Scores of right steps stay below 1 because a share of its training rows is spoilt. \
After preference training
a policy's responses move away from those it was trained on, and its scores become less certain.

{LIMITS}"""


def _overview(figures: dict) -> str:
    difficulty = figures["difficulty"]
    rows = [[pair, *counts.values()] for pair, counts in difficulty["classes"].items()]
    return f"""# Starter problems and models

Made by `python -m engine.starter build`, in about half an hour on one core; nothing in here comes \
from another data
set.

- `train.jsonl`, `held_out.jsonl`: 2,400 and 800 word problems, no question in both; one JSON \
object per line with
  question, answer, level ("1" to "5") and solution. Levels come in turn, so every prefix is \
balanced.
- `recorded/choice.jsonl`, `recorded/code.jsonl`: 24 choices and 24 programming tasks with 8 \
responses each, right and
  wrong, written by the generator and labelled so. No model wrote them, and the policy cannot \
answer such problems.
- `policy/`, `prm/`: ordinary transformers folders, each with a card.
- `figures.json`: what the build measured.

{len(EASY)} easy, {len(MID)} mid and {len(HARD)} hard kinds of events. Level 1: easy ones; 2: easy \
ones, a mid one in
a third of the problems; 3: one or two mid ones; 4: a hard one, or two mid ones in a third of the \
problems; 5: one or
two hard ones. About a third of all problems is easy, a third mid, a third hard.

## Difficulty classes

{difficulty["n_problems"]} training problems, {difficulty["n_presample"]} pre-samples each at \
temperature 1. Problems
by number of correct pre-samples, 0 to {difficulty["n_presample"]}:
{", ".join(map(str, difficulty["n_problems_by_n_correct"]))}. Suggested thresholds: tau_l \
{difficulty["tau_l"]}, tau_h
{difficulty["tau_h"]}.

{table(["tau_l / tau_h", "inlier", "boundary", "outlier"], rows)}
{LIMITS}"""
