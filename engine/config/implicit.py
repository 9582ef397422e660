"""How process rewards are read out of two policies: what a person may set.

Source: ImplicitPRM, arXiv 2412.01981, as its evaluation reads it (eval/prm_eval_utils.py, as
described to us; not run) and the model card of PRIME-RL/EurusPRM-Stage2, coefficient .001.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from engine.config.tables import Table

OWN = "own"
"""As reward.path: this run's own policy M_t against its M_0."""


@dataclass(frozen=True, slots=True)
class ImplicitConfig(Table):
    """How process rewards are read out of two policies (reward.family = "implicit"): how much
    likelier a step's tokens are to reward.path than to the policy that it was trained from. They
    have no bounds, so thresholds come from quantiles or from a person.
    """

    reference: str = ""
    """The policy that reward.path was trained from: a folder, a hub id, or starter, with the same
    vocabulary. Left out with reward.path = "own": M_0.
    """
    reference_revision: str | None = None
    """As policy.revision."""
    coefficient: Annotated[float, Field(gt=0)] = 1.0
    """What the sum of log-probability ratios, rounded to five decimals, is multiplied by;
    EurusPRM's card has 0.001. It changes no order.
    """
    form: Literal["accumulated", "single"] = "accumulated"
    """accumulated: a step's score is the sum from the beginning of the response to its end. single:
    the sum over its own tokens.
    """
