"""Whether a reward model has the head that its family reads scores from: told by the names of its
tensors, before anything is loaded or sampled.

Must not know of runs. Source: transformers 5.17, the attributes of its classifiers for tokens and
for sequences.
"""

import json
from pathlib import Path

from engine.config import RewardConfig
from engine.config.backends import BACKENDS
from engine.errors import ConfigError
from engine.models.weights import tensor_names


def require_head(reward: RewardConfig, folder: Path) -> None:
    """Refuse a model without the head of the family that reward.family names. Reads the headers of
    its safetensors, no weights.

    Not judged: a family that names no head, files in another format, and a classifier that brings
    its own code, which may call its head what it likes. ActPRM is refused by its name: what its own
    code calls a head is not known to be read as here.

    Raises: ConfigError.
    """
    heads, names = BACKENDS[reward.family].head, tensor_names(folder)
    if not heads or names is None or any(name.startswith(heads) for name in names):
        return
    if _is_actprm(reward, folder):
        raise ConfigError(
            f"reward.path is {reward.path}: ActPRM is laid out like qwen_prm and scored by an"
            " ensemble head in code of its own, whose public source was not found, so no family"
            " here reads it. Give another model, or score the responses with its own code and"
            ' import them with their scores (reward.family = "recorded_scores").'
        )
    if not (reward.trust_remote_code and _brings_classifier(folder)):
        raise ConfigError(
            f"reward.path is {reward.path}: its files hold no weights named"
            f" {' or '.join(f'{head}*' for head in heads)}, where a reward model of"
            f' reward.family = "{reward.family}" has its head. It would give no scores. Give a'
            " model of this family, name the family that it is of, or set reward.family ="
            ' "none" with difficulty.mode = "accuracy".'
        )


def _is_actprm(reward: RewardConfig, folder: Path) -> bool:
    """By its name in reward.path or its config.json."""
    try:
        config = (folder / "config.json").read_text(encoding="utf-8")
    except (OSError, ValueError):
        config = ""
    return "actprm" in f"{reward.path} {config}".lower()


def _brings_classifier(folder: Path) -> bool:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        return any("Classification" in name for name in config.get("auto_map", ()))
    except (OSError, ValueError):
        return False
