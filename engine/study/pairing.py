"""Preference pairs of an iteration: built once from its pool, stored with the indices of their
responses.
"""

import math
from types import SimpleNamespace

from engine.config import PairsConfig
from engine.method.pairs import build_pairs
from engine.method.seeds import stable_hash
from engine.store import Database, commit_reads, now
from engine.study import runs

Pair = tuple[SimpleNamespace, SimpleNamespace]
"""(chosen, rejected), rows of the pool."""


def make_pairs(db: Database, run_id: str, iteration: int) -> int:
    """Build and store an iteration's preference pairs from its pool, once.

    Returns: the number of pairs.
    """
    stored = commit_reads.pair_set(db, run_id, iteration)
    if stored:
        return stored["n_pairs"]
    config = runs.config_of(db, run_id)
    is_scored = config.reward.family != "none"
    built = _pairs_of_pool(db, run_id, iteration, config.pairs, config.seed, is_scored=is_scored)
    kept = _limited(
        built, config.pairs, iteration, seed=stable_hash(config.seed, "pairs", iteration)
    )
    with db.transaction() as cursor:
        cursor.execute(
            "INSERT INTO pair_sets VALUES (?, ?, ?, ?, ?)",
            [run_id, iteration, len(kept), commit_reads.n_foregone(db, run_id, iteration), now()],
        )
        db.insert("pairs", _columns(run_id, iteration, kept, is_scored=is_scored))
    return len(kept)


def _pairs_of_pool(
    db: Database, run_id: str, iteration: int, p: PairsConfig, seed: int, *, is_scored: bool
) -> list[Pair]:
    by_problem: dict[str, list[SimpleNamespace]] = {}
    for row in commit_reads.pool(db, run_id, iteration):
        by_problem.setdefault(row["problem_id"], []).append(SimpleNamespace(**row))
    pairs: list[Pair] = []
    for problem_id in sorted(by_problem):
        judged = by_problem[problem_id]
        own_seed = stable_hash(seed, "pairs", iteration, problem_id)
        usable = (
            [r for r in judged if r.reward is not None]
            if is_scored
            else [_without_reward(r) for r in judged]
        )
        found = build_pairs(
            usable, seed=own_seed, dedupe=p.dedupe, cap=p.cap, drop_truncated=p.drop_truncated
        )
        pairs += [(usable[right], usable[wrong]) for right, wrong in found]
    return pairs


def _limited(pairs: list[Pair], p: PairsConfig, iteration: int, *, seed: int) -> list[Pair]:
    """At most as many pairs as the iteration may keep, picked by seed, in their order."""
    if p.total is None or len(pairs) <= (limit := p.total[min(iteration, len(p.total) - 1)]):
        return pairs
    by_chance = sorted(
        range(len(pairs)), key=lambda i: stable_hash(seed, pairs[i][0].problem_id, pairs[i][0].idx)
    )
    return [pairs[i] for i in sorted(by_chance[:limit])]


def _columns(run_id: str, iteration: int, pairs: list[Pair], *, is_scored: bool) -> dict[str, list]:
    n = len(pairs)
    return {
        "run_id": [run_id] * n,
        "iteration": [iteration] * n,
        "position": list(range(n)),
        "problem_id": [right.problem_id for right, _ in pairs],
        "chosen_index": [right.idx for right, _ in pairs],
        "rejected_index": [wrong.idx for _, wrong in pairs],
        "chosen_reward": [right.reward if is_scored else math.nan for right, _ in pairs],
        "rejected_reward": [wrong.reward if is_scored else math.nan for _, wrong in pairs],
    }


def _without_reward(response: SimpleNamespace) -> SimpleNamespace:
    """A response as pairing takes it where nothing is scored: all tie, so the lower index goes
    first.
    """
    return SimpleNamespace(**{**vars(response), "reward": 0.0})
