"""Run templates: a base configuration turned into each method and baseline, at the same number of
sampled responses.

Follows docs/method.md, sections 1 to 3. A template changes how the budget is spent and what is
trained on, never how much is sampled, the models, or the problems' source. Cut-offs, proportions
and tables of DAST's paper are unknown: what stands here is ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import lcm
from typing import Any

from engine.config import RunConfig, parse_config, plain_config
from engine.config.backends import draws_itself
from engine.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Template:
    label: str
    about: str
    changes: Mapping[str, Mapping[str, Any]]
    """Settings by table, put over the base configuration."""


_FIXED = {"per_iteration": "fixed"}
_SFT = {"method": "sft", "loss_type": ["sigmoid"], "loss_weights": None}
_DPO = {"method": "dpo"}
_GRPO = {"method": "grpo", "n_epochs": 1, "group_size": 8, "max_redraws": 0}
_RLOO = {**_GRPO, "method": "rloo", "kl_weight": 0.05}

TEMPLATES: dict[str, Template] = {
    "hs_star": Template(
        "HS-STaR",
        "The rest of the budget on the Boundary, DPO from the latest policy.",
        {"difficulty": {"strategy": "boundary"}, "training": _DPO},
    ),
    "uniform_dpo": Template(
        "Uniform DPO",
        "The rest of the budget on every problem alike, DPO from the latest policy.",
        {"difficulty": {"strategy": "uniform"}, "training": _DPO},
    ),
    "posterior": Template(
        "Posterior",
        "The rest of the budget where the most pairs are expected, DPO from the latest policy."
        " Ours, beyond the paper.",
        {"difficulty": {"strategy": "posterior"}, "training": _DPO},
    ),
    "planned_grpo": Template(
        "Planned GRPO",
        "GRPO on the Boundary problems alone: the policy draws the rest of the budget while it is"
        " trained, as the committed plan says. Ours.",
        {"difficulty": {"strategy": "boundary"}, "training": _GRPO},
    ),
    "planned_rloo": Template(
        "Planned RLOO",
        "As planned GRPO, with REINFORCE leave-one-out.",
        {"difficulty": {"strategy": "boundary"}, "training": _RLOO},
    ),
    "uniform_grpo": Template(
        "Uniform GRPO",
        "GRPO on every problem alike: a baseline. It needs no difficulty, so fewer pre-samples"
        " leave it more.",
        {"difficulty": {"strategy": "uniform"}, "training": _GRPO},
    ),
    "dynamic_grpo": Template(
        "Dynamic-sampling GRPO",
        "As uniform GRPO, but groups without signal are discarded and others drawn, as DAPO does;"
        " discarded ones count in the budget.",
        {
            "difficulty": {"strategy": "uniform"},
            "training": {**_GRPO, "max_redraws": 3},
        },
    ),
    "inlier_only": Template(
        "Inlier only",
        "The rest of the budget on the Inlier problems: a control.",
        {"difficulty": {"strategy": "inlier"}, "training": _DPO},
    ),
    "outlier_only": Template(
        "Outlier only",
        "The rest of the budget on the Outlier problems: a control.",
        {"difficulty": {"strategy": "outlier"}, "training": _DPO},
    ),
    "rest_em": Template(
        "STaR / ReST-EM",
        "SFT on the correct responses, from the base policy in every iteration.",
        {
            "problems": _FIXED,
            "difficulty": {"strategy": "uniform"},
            "training": {**_SFT, "start": "base"},
        },
    ),
    "iterative_rft": Template(
        "Iterative RFT",
        "SFT on the correct responses, from the latest policy.",
        {
            "problems": _FIXED,
            "difficulty": {"strategy": "uniform"},
            "training": {**_SFT, "start": "latest"},
        },
    ),
    "online_rft": Template(
        "Online RFT",
        "SFT on the correct responses, weights and optimiser going on.",
        {
            "problems": _FIXED,
            "difficulty": {"strategy": "uniform"},
            "training": {**_SFT, "inherit_optimizer": True},
        },
    ),
    "b_star": Template(
        "B-STaR",
        "Temperature and tau tuned by the balance score before each iteration, SFT on what is"
        " rewarded above tau.",
        {
            "problems": _FIXED,
            "difficulty": {"strategy": "uniform"},
            "training": {**_SFT, "inherit_optimizer": True},
        },
    ),
    "pools": Template(
        "HS-STaR, deferred and retired",
        "As HS-STaR, but problems that were all wrong come back after training, and those that were"
        " all right once held-out accuracy has changed. Ours, after Pilot-Commit, arXiv"
        " 2605.26606.",
        {
            "problems": {"per_iteration": "pools"},
            "difficulty": {"strategy": "boundary"},
            "training": _DPO,
        },
    ),
    "ada_star": Template(
        "AdaSTaR",
        "Problems by a heap of when they were last seen and how often they were solved, SFT on the"
        " correct responses from the base policy. arXiv 2505.16322.",
        {
            "problems": {"per_iteration": "adastar"},
            "difficulty": {"strategy": "uniform"},
            "training": {**_SFT, "start": "base"},
        },
    ),
    "mopps": Template(
        "MoPPS",
        "Problems whose pass rate, drawn from what is known of it, is nearest one half; GRPO on all"
        " of them alike. arXiv 2507.04632.",
        {
            "problems": {"per_iteration": "mopps"},
            "difficulty": {"strategy": "uniform"},
            "training": _GRPO,
        },
    ),
    "greso": Template(
        "GRESO",
        "Problems that gave no signal several times in a row are skipped, mostly; GRPO on all"
        " others alike. arXiv 2506.02177.",
        {
            "problems": {"per_iteration": "greso"},
            "difficulty": {"strategy": "uniform"},
            "training": _GRPO,
        },
    ),
    "ada_rft": Template(
        "AdaRFT",
        "Problems of the level that the policy solves half of; GRPO on all of them alike. Needs"
        " levels that are numbers. arXiv 2504.05520.",
        {
            "problems": {"per_iteration": "adarft"},
            "difficulty": {"strategy": "uniform"},
            "training": _GRPO,
        },
    ),
    "dast_p_sft": Template(
        "DAST-P, SFT",
        "More responses for harder levels, SFT on the correct ones.",
        {"problems": _FIXED, "difficulty": {"strategy": "dast"}, "training": _SFT},
    ),
    "dast_p_dpo": Template(
        "DAST-P, DPO",
        "More responses for harder levels, DPO.",
        {"problems": _FIXED, "difficulty": {"strategy": "dast"}, "training": _DPO},
    ),
    "dast_l_sft": Template(
        "DAST-L, SFT",
        "Worked examples of the problem's level in the prompt, SFT on the correct responses.",
        {
            "problems": _FIXED,
            "difficulty": {"strategy": "uniform"},
            "sampling": {"n_examples": 2},
            "training": _SFT,
        },
    ),
    "dast_l_dpo": Template(
        "DAST-L, DPO",
        "Worked examples of the problem's level in the prompt, DPO.",
        {
            "problems": _FIXED,
            "difficulty": {"strategy": "uniform"},
            "sampling": {"n_examples": 2},
            "training": _DPO,
        },
    ),
    "dast_s": Template(
        "DAST-S",
        "Both of DAST's controls, SFT on the correct responses: our reading of the name.",
        {
            "problems": _FIXED,
            "difficulty": {"strategy": "dast"},
            "sampling": {"n_examples": 2},
            "training": _SFT,
        },
    ),
}
"""By the name the command line knows them by. A zero-training start is any of them with a raw base
model as policy.path.
"""


def from_template(base: RunConfig, name: str) -> RunConfig:
    """The base configuration as this template has it, named after both. Raises: ConfigError.

    B-STaR tunes on a twentieth of the problems with 4 responses per temperature where the base does
    not say on how many: ours, a fifth of a budget of 8 per problem. Its paper tunes on 600 of
    11,500.
    """
    if name not in TEMPLATES:
        raise ConfigError(f"There is no template {name}: use one of {', '.join(TEMPLATES)}.")
    plain = plain_config(base)
    for table, changes in TEMPLATES[name].changes.items():
        plain[table] = {**plain[table], **changes}
    plain["difficulty"]["options"] = {}
    if name == "b_star" and not base.tuning.n_problems:
        plain["tuning"] |= {"n_problems": max(1, base.problems.n_train // 20), "n": 4}
    if draws_itself(plain["training"]["method"]):
        plain["training"]["batch_size"] = _in_groups(plain["training"])
    plain["name"] = f"{base.name}, {TEMPLATES[name].label}"
    return parse_config(plain)


def _in_groups(training: Mapping[str, Any]) -> int:
    """Responses of a step, in whole groups and micro-batches: at least 64, and at least as many as
    the base takes rows.
    """
    unit = lcm(training["group_size"], training["micro_batch_size"])
    return unit * -(-max(64, training["batch_size"]) // unit)
