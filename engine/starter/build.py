"""Build everything in data/starter: problems, tokenizer, policy, process reward model, figures and
cards.

The same weights come out of every build on one machine. On another one the last bits of floating
point differ, and with them the weights; the figures then agree within sampling error.
"""

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from engine.starter.choices import choice_rows
from engine.starter.corpus import StarterProblem, make_problems, reference_solution
from engine.starter.programs import code_rows

N_TRAIN, N_HELD_OUT = 2400, 800
TRAIN_SEED, HELD_OUT_SEED = 101, 202

STAGES = ("problems", "recordings", "policy", "prm", "cards")

Say = Callable[[str], None]


def starter_problems() -> tuple[list[StarterProblem], list[StarterProblem]]:
    """(train, held-out): no question in both, levels 1 to 5 in turn."""
    train = make_problems(N_TRAIN, TRAIN_SEED)
    return train, make_problems(N_HELD_OUT, HELD_OUT_SEED, {problem.question for problem in train})


def problem_lines(problems: Sequence[StarterProblem], seed: int) -> str:
    """JSON lines with question, answer, level and solution; `seed` draws the wordings of the
    solutions.
    """
    rng, lines = Random(seed), []
    for problem in problems:
        row = {
            "question": problem.question,
            "answer": problem.answer,
            "level": str(problem.level),
            "solution": reference_solution(problem, rng),
        }
        lines.append(json.dumps(row, ensure_ascii=False) + "\n")
    return "".join(lines)


def write_problems(out: Path) -> None:
    """Write train.jsonl and held_out.jsonl. Takes a second, needs no torch."""
    out.mkdir(parents=True, exist_ok=True)
    train, held_out = starter_problems()
    (out / "train.jsonl").write_text(problem_lines(train, TRAIN_SEED), encoding="utf-8")
    (out / "held_out.jsonl").write_text(problem_lines(held_out, HELD_OUT_SEED), encoding="utf-8")


def recorded_lines(rows: Sequence[dict[str, Any]]) -> str:
    """JSON lines."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def write_recordings(out: Path) -> None:
    """Write recorded/choice.jsonl and recorded/code.jsonl. Needs no torch."""
    folder = out / "recorded"
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in (("choice", choice_rows()), ("code", code_rows())):
        (folder / f"{name}.jsonl").write_text(recorded_lines(rows), encoding="utf-8")


def build(out: Path, say: Say, stages: Sequence[str] = STAGES) -> None:
    """Run the stages in order, about half an hour on one core in all. Each needs what the ones
    before it wrote.
    """
    train, held_out = starter_problems()
    avoid = {problem.question for problem in train + held_out}
    policy, prm = out / "policy", out / "prm"
    if "problems" in stages:
        write_problems(out)
        say(f"problems: {len(train)} to train on, {len(held_out)} held out")
    if "recordings" in stages:
        write_recordings(out)
        say("recorded responses to choices and to code")
    if "policy" in stages:
        _build_policy(policy, avoid, say)
    if "prm" in stages:
        _build_prm(policy, prm, avoid, say)
    if "cards" in stages:
        _build_cards(out, policy, prm, train, held_out, say)


def _build_policy(folder: Path, avoid: set[str], say: Say) -> None:
    from engine.starter.policy import as_llama, train_policy
    from engine.starter.tokenizer import build_tokenizer

    tokenizer = build_tokenizer()
    model = as_llama(train_policy(tokenizer, avoid, say))
    model.generation_config.do_sample = True
    _save(folder, model, tokenizer)


def _build_prm(policy: Path, folder: Path, avoid: set[str], say: Say) -> None:
    from engine.starter.prm import train_prm
    from engine.starter.tokenizer import build_tokenizer

    tokenizer = build_tokenizer()
    model = train_prm(policy, tokenizer, avoid, say)
    model.config.id2label, model.config.label2id = {0: "right"}, {"right": 0}
    _save(folder, model, tokenizer)


def _save(folder: Path, model, tokenizer) -> None:
    if folder.is_dir():
        shutil.rmtree(folder)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _build_cards(
    out: Path,
    policy: Path,
    prm: Path,
    train: list[StarterProblem],
    held_out: list[StarterProblem],
    say: Say,
) -> None:
    from engine.starter.cards import write_cards
    from engine.starter.measure import measure

    say("figures: sampling and scoring the held-out problems")
    figures = measure(policy, prm, train, held_out)
    (out / "figures.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    write_cards(out, figures)
    policy_row, prm_row = figures["policy"], figures["prm"]
    say(
        f"done: mean@8 {policy_row['mean@8']}, greedy {policy_row['greedy']}, step AUC"
        f" {prm_row['step_auc']}"
    )
