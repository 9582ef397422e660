"""Classifying a million problems: the vectorised function against a plain loop over problems, as
the reference script has it.
"""

import numpy as np

from benchmarks.rows import Row, against, interleaved
from engine.method.difficulty import class_counts, classify

N_PROBLEMS, N_RESPONSES, N_RUNS = 1_000_000, 3, 5
TAU_L, TAU_H = 0.15, 0.65


def measure() -> list[Row]:
    rng = np.random.default_rng(0)
    n_correct = rng.integers(0, N_RESPONSES + 1, N_PROBLEMS)
    phi_r = rng.random(N_PROBLEMS)
    as_lists = n_correct.tolist(), phi_r.tolist()

    def ours() -> dict[str, int]:
        return class_counts(classify(n_correct, N_RESPONSES, phi_r, tau_l=TAU_L, tau_h=TAU_H))

    def loop() -> dict[str, int]:
        return one_by_one(*as_lists)

    if ours() != loop():
        raise AssertionError("The two ways of counting disagree.")
    return [
        against("rde: classify + counts, 1,000,000 problems", *interleaved(ours, loop, N_RUNS), "s")
    ]


def one_by_one(n_correct: list[int], phi_r: list[float]) -> dict[str, int]:
    """The rule, one problem after the other."""
    counts = {"inlier": 0, "boundary": 0, "outlier": 0}
    for k, reward in zip(n_correct, phi_r):
        if k == N_RESPONSES and reward > TAU_H:
            counts["inlier"] += 1
        elif k == 0 and reward < TAU_L:
            counts["outlier"] += 1
        else:
            counts["boundary"] += 1
    return counts
