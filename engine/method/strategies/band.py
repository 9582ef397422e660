"""A band on the pass rate: everybody between two ends gets the same, and the others give no pairs.

As asked for in verl issue 2791 and offered elsewhere as a filter. Ours in that the rate is the
posterior mean.
"""

from collections.abc import Mapping
from typing import Any

from engine.errors import ConfigError
from engine.method.posterior import mean_and_variance
from engine.method.strategies import Presampled, Spread, even_among, rule


def in_band(seen: Presampled) -> Spread:
    """Evenly over the problems whose posterior mean lies between the options low and high."""
    mean, _ = mean_and_variance(seen.n_correct, seen.n, seen.phi_r)
    return even_among(seen, (mean >= seen.options["low"]) & (mean <= seen.options["high"]))


def check_ends(options: Mapping[str, Any]) -> None:
    """Raises: ConfigError for ends that are no pass rates, or fall."""
    if not 0 <= options["low"] <= options["high"] <= 1:
        raise ConfigError(
            f"difficulty.options.low is {options['low']} and high is {options['high']}: two pass"
            " rates in [0, 1], rising."
        )


STRATEGIES = [
    rule(
        "band",
        "Band",
        "Gives every problem whose pass rate lies between two ends the same.",
        in_band,
        {"low": 0.2, "high": 0.8},
        check=check_ends,
        group="ours",
    )
]
