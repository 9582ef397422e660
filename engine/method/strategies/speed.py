"""SPEED-RL: whoever has right and wrong responses after screening gets the same.

No rate is estimated there, so none is here: it is the Boundary of difficulty mode "accuracy" under
another name, whatever the mode is.

Source: Zanette-Labs/speed-rl, README.
"""

from engine.method.strategies import Presampled, Spread, even_among, rule


def to_the_mixed(seen: Presampled) -> Spread:
    return even_among(seen, (seen.n_correct > 0) & (seen.n_correct < seen.n))


STRATEGIES = [
    rule(
        "speed",
        "SPEED-RL",
        "Gives every problem the same that has right and wrong responses after screening.",
        to_the_mixed,
        source="speed-rl",
    )
]
