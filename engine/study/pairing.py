"""Preference pairs of an iteration: built once from its pool, stored with the indices of their
responses.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from heapq import merge
from itertools import compress, groupby
from operator import attrgetter

import numpy as np

from engine import store
from engine.config import PairsConfig
from engine.method.pairs import build_pairs
from engine.method.seeds import stable_hash
from engine.store.pairs import Candidate, NewPair, packed
from engine.study.choosable import not_chosen, why_no_pair
from engine.study.handle import Iteration


def make_pairs(it: Iteration) -> int:
    """Build and store an iteration's preference pairs from its pool, once. Of the pool no text and
    a bounded number of responses are in memory, and the pairs as columns.

    Returns: the number of pairs.
    """
    if stored := store.pairs.find_set(it):
        return stored.n_pairs
    unwanted = {pair.key for pair in store.left_out_pairs.holding(it)}
    by_hand, n_left_out = _by_hand(it)
    by_hand = [pair for pair in by_hand if pair[:3] not in unwanted]
    used_up = {(p.problem_id, i) for p in by_hand for i in (p.chosen_index, p.rejected_index)}
    left_out = not_chosen(it)
    taken = left_out.keys() | used_up
    n_by_hand = Counter(pair.problem_id for pair in by_hand)

    def built() -> Iterator[NewPair]:
        usable = (r for r in _candidates(it) if (r.problem_id, r.idx) not in taken)
        return (p for p in _pairs_of(it, usable, n_by_hand) if p[:3] not in unwanted)

    pairs = packed(
        merge(
            sorted(by_hand, key=attrgetter("problem_id")),
            _limited(it, built, it.config.pairs, len(by_hand)),
            key=attrgetter("problem_id"),
        )
    )
    faults = Counter(left_out.values())
    store.pairs.add(
        it,
        pairs,
        n_foregone=store.commits.n_foregone(it),
        n_cut=faults["cut"],
        n_ran_on=faults["ran on"],
        n_by_hand=len(by_hand),
        n_hand_left_out=n_left_out,
    )
    return len(pairs)


def _by_hand(it: Iteration) -> tuple[list[NewPair], int]:
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
    usable = [
        NewPair(right.problem_id, right.idx, wrong.idx, right.reward, wrong.reward)
        for right, wrong in pairs
        if why_no_pair(it, right, wrong) is None
    ]
    if not it.config.has_rewards:
        usable = [_without_rewards(pair) for pair in usable]
    return usable, len(pairs) - len(usable)


def _without_rewards(pair: NewPair) -> NewPair:
    return pair._replace(chosen_reward=None, rejected_reward=None)


def _candidates(it: Iteration) -> Iterator[Candidate]:
    """Responses as pairing takes them: those with a reward; where nothing is scored all tie, so the
    lower index goes first.
    """
    candidates = store.pairs.candidates(it, compare_texts=it.config.pairs.dedupe)
    if it.config.has_rewards:
        return (r for r in candidates if r.reward is not None)
    return (r._replace(reward=0.0) for r in candidates)


def _pairs_of(
    it: Iteration, candidates: Iterable[Candidate], n_by_hand: Mapping[str, int]
) -> Iterator[NewPair]:
    """Pairs as the rule builds them; those by hand count in the cap of their problem."""
    p = it.config.pairs
    for problem_id, group in groupby(candidates, key=lambda r: r.problem_id):
        usable = list(group)
        indices = build_pairs(
            usable,
            seed=stable_hash(it.config.seed, "pairs", it.number, problem_id),
            dedupe=p.dedupe,
            cap=None if p.cap is None else max(p.cap - n_by_hand.get(problem_id, 0), 0),
            drop_truncated=p.drop_truncated,
        )
        for right, wrong in ((usable[i], usable[j]) for i, j in indices):
            pair = NewPair(problem_id, right.idx, wrong.idx, right.reward, wrong.reward)
            yield pair if it.config.has_rewards else _without_rewards(pair)


def _limited(
    it: Iteration, built: Callable[[], Iterator[NewPair]], p: PairsConfig, n_by_hand: int
) -> Iterator[NewPair]:
    """At most as many pairs as those by hand leave of what the iteration may keep, picked by seed,
    in their order. Where there is a limit they are built twice, because a place among all decides.
    """
    if p.total is None:
        return built()
    limit = max(p.total[min(it.number, len(p.total) - 1)] - n_by_hand, 0)
    seed = stable_hash(it.config.seed, "pairs", it.number)
    chance = np.fromiter(
        (stable_hash(seed, pair.problem_id, pair.chosen_index) for pair in built()), np.uint64
    )
    is_wanted = np.zeros(len(chance), dtype=bool)
    is_wanted[np.argsort(chance, kind="stable")[:limit]] = True
    return compress(built(), is_wanted)
