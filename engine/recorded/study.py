"""The configuration that comes with an imported set: a study that runs on the recording alone,
ready to be edited.
"""

import json
from collections.abc import Collection
from typing import Literal

N, N_PRESAMPLE = 8, 3
"""The paper's, where so many responses are recorded."""


def study_toml(
    name: str, counts: Collection[int], *, scores: Literal["steps", "outcome", "none"]
) -> str:
    """A TOML file; its paths are relative to the imported set's folder.

    Args:
        counts: recorded responses of every problem.
        scores: "none" leaves phi_r missing, so that accuracy alone decides.
    """
    n = max(2, min(N, max(counts)))
    n_presample = min(N_PRESAMPLE, n - 1)
    n_usable = sum(count >= n_presample for count in counts)
    reward = (
        'family = "none"\npath = ""'
        if scores == "none"
        else 'family = "recorded_scores"\npath = "."'
    )
    mode = "accuracy" if scores == "none" else "both"
    return f"""# A study on recorded responses: nothing is sampled, nothing is trained. Every \
figure may be edited.
name = {json.dumps("Recorded: " + name)}
seed = 0
n_iterations = 1
placement = "inline"

[problems]
train = "problems.jsonl"
held_out = ""
n_train = {n_usable}
n_held_out = 0

[policy]
path = "."
prompt_template = "{{question}}"  # what the pairs' prompt will be; what the recorded policy read \
is not known

[sampling]
sampler = "recorded"
n = {n}
n_presample = {n_presample}

[reward]
{reward}

[difficulty]
tau_l = 0.25
tau_h = 0.65
mode = "{mode}"
"""
