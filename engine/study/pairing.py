"""Preference pairs of an iteration: built once from its pool, stored with the indices of their
responses.
"""

from collections import Counter
from dataclasses import replace
from itertools import groupby

from engine import store
from engine.config import PairsConfig
from engine.method.pairs import build_pairs
from engine.method.seeds import stable_hash
from engine.store.pairs import PoolResponse
from engine.study.choosable import not_chosen
from engine.study.handle import Iteration

Pair = tuple[PoolResponse, PoolResponse]
"""(chosen, rejected)."""


def make_pairs(it: Iteration) -> int:
    """Build and store an iteration's preference pairs from its pool, once.

    Returns: the number of pairs.
    """
    if stored := store.pairs.find_set(it):
        return stored.n_pairs
    is_scored, pool = it.config.has_rewards, store.pairs.pool(it)
    left_out = not_chosen(it, pool)
    usable = [r for r in pool if (r.problem_id, r.idx) not in left_out]
    pairs = _limited(it, _pairs_of(it, usable, is_scored=is_scored), it.config.pairs)
    faults = Counter(left_out.values())
    store.pairs.add(
        it,
        pairs,
        n_foregone=store.commits.n_foregone(it),
        n_cut=faults["cut"],
        n_ran_on=faults["ran on"],
        is_scored=is_scored,
    )
    return len(pairs)


def _pairs_of(it: Iteration, pool: list[PoolResponse], *, is_scored: bool) -> list[Pair]:
    p, pairs = it.config.pairs, []
    for problem_id, group in groupby(pool, key=lambda r: r.problem_id):
        usable = [_usable(r, is_scored=is_scored) for r in group]
        usable = [r for r in usable if r.reward is not None]
        seed = stable_hash(it.config.seed, "pairs", it.number, problem_id)
        indices = build_pairs(
            usable,
            seed=seed,
            dedupe=p.dedupe,
            cap=p.cap,
            drop_truncated=p.drop_truncated,
        )
        pairs += [(usable[right], usable[wrong]) for right, wrong in indices]
    return pairs


def _limited(it: Iteration, pairs: list[Pair], p: PairsConfig) -> list[Pair]:
    """At most as many pairs as the iteration may keep, picked by seed, in their order."""
    if p.total is None or len(pairs) <= (limit := p.total[min(it.number, len(p.total) - 1)]):
        return pairs
    seed = stable_hash(it.config.seed, "pairs", it.number)
    by_chance = sorted(
        range(len(pairs)), key=lambda i: stable_hash(seed, pairs[i][0].problem_id, pairs[i][0].idx)
    )
    return [pairs[i] for i in sorted(by_chance[:limit])]


def _usable(response: PoolResponse, *, is_scored: bool) -> PoolResponse:
    """A response as pairing takes it; where nothing is scored all tie, so the lower index goes
    first.
    """
    return response if is_scored else replace(response, reward=0.0)
