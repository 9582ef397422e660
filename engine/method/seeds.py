"""Where randomness comes from: seeds are hashes of what a thing is, noise is a function of (seed,
token position).

So a response does not depend on where a run stopped, on the batch it was drawn in, or on the order
of requests.
"""

from hashlib import blake2b

import numpy as np

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def stable_hash(*parts: object) -> int:
    """64 bits that depend on the parts' text alone: equal on every machine and in every process.

    >>> stable_hash(0, "a") == stable_hash(0, "a") != stable_hash(1, "a")
    True
    """
    joined = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(blake2b(joined.encode(), digest_size=8).digest(), "big")


def response_seed(
    run_seed: int,
    policy_id: str,
    purpose: str,
    iteration: int,
    settings_key: str,
    problem_id: str,
    index: int,
) -> int:
    """The seed of one response: 64 bits from the run's seed and what the response is, never from a
    counter or a run id.
    """
    return stable_hash(run_seed, policy_id, purpose, iteration, settings_key, problem_id, index)


def uniforms(seeds: np.ndarray, position: int | np.ndarray) -> np.ndarray:
    """One uniform number in [0, 1) per response for one token position.

    Args:
        seeds: uint64, shape (B,).
        position: 0 for the first sampled token; one for all, or int64 of shape (B,).

    Returns:
        float64, shape (B,): 53 random bits each.

    >>> uniforms(np.array([1, 2], dtype=np.uint64), 0).round(4).tolist()
    [0.5666, 0.5912]

    Source: SplitMix64's output function (Steele, Lea and Flood 2014), read at counter = position +
    1.
    """
    with np.errstate(over="ignore"):
        z = seeds + np.asarray(position + 1, dtype=np.uint64) * _GOLDEN
        z = (z ^ (z >> np.uint64(30))) * _MIX_1
        z = (z ^ (z >> np.uint64(27))) * _MIX_2
    return ((z ^ (z >> np.uint64(31))) >> np.uint64(11)).astype(np.float64) * 2.0**-53
