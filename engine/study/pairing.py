"""Preference pairs of an iteration: built once from its pool, stored with the indices of their
responses.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from itertools import groupby

from engine import store
from engine.config import PairsConfig
from engine.method.pairs import build_pairs
from engine.method.seeds import stable_hash
from engine.store.pairs import PoolResponse
from engine.study.choosable import not_chosen, why_no_pair
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
    by_hand, n_left_out = _by_hand(it)
    used_up = {(r.problem_id, r.idx) for pair in by_hand for r in pair}
    left_out = not_chosen(it, pool)
    usable = [r for r in pool if (r.problem_id, r.idx) not in left_out.keys() | used_up]
    n_by_hand = Counter(right.problem_id for right, _ in by_hand)
    built = _limited(
        it, _pairs_of(it, usable, n_by_hand, is_scored=is_scored), it.config.pairs, len(by_hand)
    )
    pairs = sorted([*by_hand, *built], key=lambda pair: pair[0].problem_id) if by_hand else built
    faults = Counter(left_out.values())
    store.pairs.add(
        it,
        pairs,
        n_foregone=store.commits.n_foregone(it),
        n_cut=faults["cut"],
        n_ran_on=faults["ran on"],
        n_by_hand=len(by_hand),
        n_hand_left_out=n_left_out,
        is_scored=is_scored,
    )
    return len(pairs)


def _by_hand(it: Iteration) -> tuple[list[Pair], int]:
    """The pairs of a person, and how many of them can be none any more, such as after an
    override.
    """
    wanted = store.hand_pairs.holding(it)
    responses = {
        (r.problem_id, r.idx): r
        for r in store.pairs.graded(it, sorted({w.problem_id for w in wanted}))
    }
    pairs = [
        (responses[w.problem_id, w.chosen_index], responses[w.problem_id, w.rejected_index])
        for w in wanted
    ]
    usable = [pair for pair in pairs if why_no_pair(it, *pair) is None]
    return usable, len(pairs) - len(usable)


def _pairs_of(
    it: Iteration, pool: list[PoolResponse], n_by_hand: Mapping[str, int], *, is_scored: bool
) -> list[Pair]:
    """Pairs as the rule builds them; those by hand count in the cap of their problem."""
    p, pairs = it.config.pairs, []
    for problem_id, group in groupby(pool, key=lambda r: r.problem_id):
        usable = [_usable(r, is_scored=is_scored) for r in group]
        usable = [r for r in usable if r.reward is not None]
        seed = stable_hash(it.config.seed, "pairs", it.number, problem_id)
        indices = build_pairs(
            usable,
            seed=seed,
            dedupe=p.dedupe,
            cap=None if p.cap is None else max(p.cap - n_by_hand.get(problem_id, 0), 0),
            drop_truncated=p.drop_truncated,
        )
        pairs += [(usable[right], usable[wrong]) for right, wrong in indices]
    return pairs


def _limited(it: Iteration, pairs: list[Pair], p: PairsConfig, n_by_hand: int) -> list[Pair]:
    """At most as many pairs as those by hand leave of what the iteration may keep, picked by seed,
    in their order.
    """
    if p.total is None:
        return pairs
    limit = max(p.total[min(it.number, len(p.total) - 1)] - n_by_hand, 0)
    if len(pairs) <= limit:
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
