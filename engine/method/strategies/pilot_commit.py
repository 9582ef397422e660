"""Pilot-Commit: after a pilot, whoever is neither too hard nor too easy gets the same.

The pilot are our pre-samples: HS-STaR's two stages found again, with accuracy alone. Below the band
a problem is deferred to later steps there, p = 1 is thrown out: here neither gets anything in this
iteration.

Departure: the posterior mean in place of the pilot's share of right ones.

Source: arXiv 2605.26606; databricks/pilot-commit, recipe/pc/utils.py: .125 and .75.
"""

from engine.method.strategies import rule
from engine.method.strategies.band import check_ends, in_band

STRATEGIES = [
    rule(
        "pilot_commit",
        "Pilot-Commit",
        "Gives every problem the same that is neither too hard nor too easy after the pilot.",
        in_band,
        {"low": 0.125, "high": 0.75},
        source="arXiv 2605.26606",
        check=check_ends,
    )
]
