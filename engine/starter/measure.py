"""What the finished starter models can do: the figures that the model cards and figures.json
show.
"""

from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import ArrayLike

from engine.method.difficulty import class_counts, classify
from engine.method.prompts import fill
from engine.rewards.token_classification import TokenClassificationReward
from engine.starter.corpus import (
    StarterProblem,
    boxed_answer,
    label_steps,
    reference_solution,
    write_solution,
)
from engine.starter.draw import draw_responses
from engine.starter.policy import PROMPT_TEMPLATE
from engine.starter.prm import spoil
from engine.types import StepScores

N_EVALUATE, N_PRESAMPLE = 8, 3
TAU_L, TAU_H = 0.25, 0.65
"""Suggested thresholds for the starter pair."""


def auc(right: ArrayLike, scores: ArrayLike) -> float:
    """The chance that a right one scores above a wrong one, ties counted half; NaN where one side
    is empty.

    >>> auc([True, False, True], [.9, .1, .1])
    0.75
    """
    is_right, score = np.asarray(right, dtype=bool), np.asarray(scores, dtype=float)
    good, bad = score[is_right], np.sort(score[~is_right])
    if not good.size or not bad.size:
        return float("nan")
    below, upto = np.searchsorted(bad, good, "left"), np.searchsorted(bad, good, "right")
    return float((below + upto).mean() / 2 / bad.size)


def measure(
    policy: Path, prm: Path, train: Sequence[StarterProblem], held_out: Sequence[StarterProblem]
) -> dict:
    """All figures, as plain numbers for JSON. Blocks for a few minutes."""
    questions = [problem.question for problem in held_out]
    greedy = [texts[0] for texts in draw_responses(policy, questions, 1, 0.0, 0)]
    samples = draw_responses(policy, questions, N_EVALUATE, 1.0, 71)
    scorer = TokenClassificationReward(str(prm), device="cpu")
    try:
        figures = {
            "policy": policy_figures(held_out, greedy, samples),
            "prm": prm_figures(scorer, held_out, samples),
        }
        figures["prm"]["written"] = written_figures(scorer, held_out)
        figures["difficulty"] = difficulty_figures(scorer, policy, train[:400])
    finally:
        scorer.close()
    return figures


def policy_figures(
    problems: Sequence[StarterProblem], greedy: Sequence[str], samples: Sequence[Sequence[str]]
) -> dict:
    """mean@8 and greedy, both by level too, problems by number of correct responses, and the right
    rule by kind.
    """
    greedy_right = np.array(
        [boxed_answer(text) == problem.answer for problem, text in zip(problems, greedy)]
    )
    right = np.array(
        [
            [boxed_answer(text) == problem.answer for text in texts]
            for problem, texts in zip(problems, samples)
        ]
    )
    levels = np.array([problem.level for problem in problems])
    by_level = {
        str(level): {
            "mean@8": _round(right[levels == level].mean()),
            "greedy": _round(greedy_right[levels == level].mean()),
            "corpus": _round(np.mean([p.teacher_pass_rate for p in problems if p.level == level])),
        }
        for level in sorted(set(levels.tolist()))
    }
    distinct = np.mean([len(set(texts)) for texts in samples])
    return {
        "n_problems": len(problems),
        "mean@8": _round(right.mean()),
        "greedy": _round(greedy_right.mean()),
        "by_level": by_level,
        "n_problems_by_n_correct": np.bincount(right.sum(1), minlength=N_EVALUATE + 1).tolist(),
        "distinct_texts_of_8": _round(distinct),
        "right_rule_by_kind": _rates_by_kind(problems, samples),
    }


def _rates_by_kind(problems: Sequence[StarterProblem], samples: Sequence[Sequence[str]]) -> dict:
    """For every kind: how often a sampled step is right when all steps before it are, and what the
    corpus shows.
    """
    seen: dict[str, list[bool]] = {}
    shown = {}
    for problem, texts in zip(problems, samples):
        for text in texts:
            labels = label_steps(problem, text)
            for index, event in enumerate(problem.events[: len(labels)]):
                if all(labels[:index]):
                    seen.setdefault(event.kind.name, []).append(labels[index])
                    shown[event.kind.name] = 1 - event.kind.slip_rate
    return {
        name: {
            "sampled": _round(np.mean(seen[name])),
            "corpus": _round(shown[name]),
            "n": len(seen[name]),
        }
        for name in sorted(seen)
    }


def prm_figures(
    scorer: TokenClassificationReward,
    problems: Sequence[StarterProblem],
    samples: Sequence[Sequence[str]],
) -> dict:
    """AUC over steps and responses and a calibration table, over the policy's distinct held-out
    responses.
    """
    pairs = [
        (problem, text)
        for problem, texts in zip(problems, samples)
        for text in dict.fromkeys(texts)
    ]
    scores = [
        [score for score in step_scores.scores if score is not None]
        for step_scores in scorer.score(
            [(fill(PROMPT_TEMPLATE, problem.question), text) for problem, text in pairs]
        )
    ]
    labels = [label_steps(problem, text) for problem, text in pairs]
    rewards = np.array([min(row, default=0.0) for row in scores])
    right = np.array([boxed_answer(text) == problem.answer for problem, text in pairs])
    levels = np.array([problem.level for problem, _ in pairs])
    steps, step_right = np.concatenate(scores), np.concatenate(labels)
    return {
        "n_responses": len(pairs),
        "n_steps": len(steps),
        "share_of_steps_right": _round(step_right.mean()),
        "step_auc": _round(auc(step_right, steps)),
        "step_auc_until_first_slip": _round(_auc_until_first_slip(labels, scores)),
        "response_auc": _round(auc(right, rewards)),
        "response_auc_by_level": {
            str(level): _round(auc(right[levels == level], rewards[levels == level]))
            for level in sorted(set(levels.tolist()))
        },
        "mean_reward": {
            "right": _round(rewards[right].mean()),
            "wrong": _round(rewards[~right].mean()),
        },
        "calibration": _calibration(step_right, steps),
    }


def _auc_until_first_slip(
    labels: Sequence[Sequence[bool]], scores: Sequence[Sequence[float]]
) -> float:
    """Of the steps up to each response's first wrong one, with it."""
    upto = [row.index(False) + 1 if False in row else len(row) for row in labels]
    return auc(
        np.concatenate([row[:end] for row, end in zip(labels, upto)]),
        np.concatenate([row[:end] for row, end in zip(scores, upto)]),
    )


def written_figures(scorer: TokenClassificationReward, problems: Sequence[StarterProblem]) -> dict:
    """By band: how right solutions rank against all-habit ones and against right ones with a number
    spoilt.

    These are texts the policy seldom or never writes, so the figures over its own responses do not
    show them.
    """
    rng, figures = Random(73), {}
    for band in ("easy", "mid", "hard"):
        chosen = [problem for problem in problems if problem.band == band]
        texts = {
            "right": [reference_solution(problem, rng) for problem in chosen],
            "habit": [
                write_solution(problem, [False] * len(problem.events), rng) for problem in chosen
            ],
            "spoilt": [spoil(problem, rng) for problem in chosen],
        }
        prompts = [fill(PROMPT_TEMPLATE, problem.question) for problem in chosen]
        rewards = {
            style: [
                _reward(step_scores) for step_scores in scorer.score(list(zip(prompts, written)))
            ]
            for style, written in texts.items()
        }
        against = [True] * len(chosen) + [False] * len(chosen)
        figures[band] = {
            "n_problems": len(chosen),
            "mean_reward_right": _round(np.mean(rewards["right"])),
            "auc_against_habit": _round(auc(against, rewards["right"] + rewards["habit"])),
            "auc_against_spoilt": _round(auc(against, rewards["right"] + rewards["spoilt"])),
        }
    return figures


def _calibration(right: np.ndarray, scores: np.ndarray) -> list[dict]:
    """Ten bins of the step score: steps in it, mean score, share right."""
    bins = np.minimum((scores * 10).astype(int), 9)
    return [
        {
            "from": index / 10,
            "n": int((bins == index).sum()),
            "mean_score": _round(scores[bins == index].mean()),
            "share_right": _round(right[bins == index].mean()),
        }
        for index in range(10)
        if (bins == index).any()
    ]


def difficulty_figures(
    scorer: TokenClassificationReward, policy: Path, problems: Sequence[StarterProblem]
) -> dict:
    """Class shares of training problems with three pre-samples at temperature 1, for the suggested
    thresholds and others.
    """
    samples = draw_responses(
        policy, [problem.question for problem in problems], N_PRESAMPLE, 1.0, 72
    )
    items = [
        (fill(PROMPT_TEMPLATE, problem.question), text)
        for problem, texts in zip(problems, samples)
        for text in texts
    ]
    rewards = (
        np.array([step_scores.reward for step_scores in scorer.score(items)])
        .reshape(-1, N_PRESAMPLE)
        .mean(1)
    )
    n_correct = np.array(
        [
            sum(boxed_answer(text) == problem.answer for text in texts)
            for problem, texts in zip(problems, samples)
        ]
    )
    pairs = [(TAU_L, TAU_H), (0.15, 0.65), (0.05, 0.8), (0.1, 0.9), (0.25, 0.5), (0.4, 0.6)]
    return {
        "n_problems": len(problems),
        "n_presample": N_PRESAMPLE,
        "temperature": 1.0,
        "tau_l": TAU_L,
        "tau_h": TAU_H,
        "n_problems_by_n_correct": np.bincount(n_correct, minlength=N_PRESAMPLE + 1).tolist(),
        "classes": {
            f"{low}/{high}": class_counts(
                classify(n_correct, N_PRESAMPLE, rewards, tau_l=low, tau_h=high)
            )
            for low, high in dict.fromkeys(pairs)
        },
        "phi_r_quantiles_none_correct": _quantiles(rewards[n_correct == 0]),
        "phi_r_quantiles_all_correct": _quantiles(rewards[n_correct == N_PRESAMPLE]),
    }


def _quantiles(values: np.ndarray) -> dict[str, float | None]:
    return (
        {str(share): _round(np.quantile(values, share)) for share in (0.05, 0.25, 0.5, 0.75, 0.95)}
        if values.size
        else {}
    )


def _reward(scores: StepScores) -> float:
    """NaN where a text was too long to be read."""
    return float("nan") if scores.reward is None else scores.reward


def _round(value: float | np.floating) -> float | None:
    return None if np.isnan(value) else round(float(value), 3)
