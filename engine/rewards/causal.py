"""Causal language models that reward models read: loaded whole, and their head applied to some
tokens only.
"""

from typing import Any

from engine.errors import RewardModelError, in_one_line
from engine.models.whole import load_whole


def load_causal(path: str, device: Any, trust_remote_code: bool, *, family: str) -> Any:
    """The model on the device, ready to read: fp32 on a CPU, elsewhere as it was saved.

    Raises: RewardModelError: no causal language model is loadable at `path`, or it scales its
    logits behind its head.
    """
    import torch
    from transformers import AutoModelForCausalLM

    dtype = torch.float32 if device.type == "cpu" else "auto"
    try:
        model = load_whole(
            AutoModelForCausalLM, path, dtype=dtype, trust_remote_code=trust_remote_code
        )
    except Exception as error:  # damaged files raise what they like
        raise RewardModelError(
            f"No causal language model could be loaded from {path!r} ({in_one_line(error)}). Give a"
            " folder or a hub id in transformers' format; an adapter has to be merged into its base"
            " model first."
        ) from error
    for name in ("final_logit_softcapping", "logit_scale", "logits_scaling"):
        if getattr(model.config, name, None) not in (None, 1, 1.0):
            raise RewardModelError(
                f"{path!r} bends its logits ({name} in its config.json), which the family {family}"
                " does not read. No published reward model that we know does."
            )
    return model.to(device).eval()
