"""Reward models that are a Qwen2 backbone under a head of their own, loaded by their tensors'
names.

The published ones come with code to be run from the hub. It is not needed: their weights are a
plain Qwen2 and a head of one or three layers, and the names in the files say which tensor is which.
"""

from collections.abc import Callable
from typing import Any

from engine.errors import RewardModelError, in_one_line
from engine.models.whole import faults_of


def load_headed(path: str, head: str, build: Callable[[int], Any], device: Any) -> Any:
    """A model with `.model` (the backbone) and the head as an attribute, on the device, ready to
    read.

    Args:
        path: a folder in transformers' format: config.json of model_type qwen2, weights named
            `model.*` and `<head>.*`.
        head: the head's name in the weight files.
        build: hidden size -> the head, an nn.Module whose parameters are named as in the files.

    The backbone is bf16 on a GPU, fp32 on a CPU; the head is fp32, as in vLLM.

    Raises: RewardModelError for another kind of model, for damaged files, and for weights that are
    not all there.
    """
    import torch
    from transformers import AutoConfig

    try:
        kind = AutoConfig.from_pretrained(path).model_type
        if kind != "qwen2":
            raise ValueError(
                f"its model_type is {kind}, and only qwen2 is read here, because a model's own code"
                " is not run"
            )
        dtype = torch.float32 if device.type == "cpu" else torch.bfloat16
        model, report = _headed(head, build).from_pretrained(
            path, dtype=dtype, output_loading_info=True, ignore_mismatched_sizes=True
        )
    except Exception as error:  # damaged files raise what they like
        raise RewardModelError(
            f"No reward model with a head named {head!r} could be loaded from {path!r}"
            f" ({in_one_line(error)})."
            " Give a folder or a hub id of the family that reward.family names."
        ) from error
    if report["missing_keys"]:
        raise RewardModelError(
            f"{path!r} is not a model of this family: it holds no weights for"
            f" {', '.join(sorted(report['missing_keys'])[:4])}. Check reward.family."
        )
    if faults := faults_of(report):
        raise RewardModelError(
            f"{path!r} is not whole, or not of its config.json: {faults}. Fetch its files again."
        )
    getattr(model, head).float()
    return model.to(device).eval()


def end_states(model, ids, mask, ends: list[list[int]]) -> list:
    """fp32 hidden states at the given tokens of every row: [ends, hidden size] each, because a head
    that read all rows as one matrix would give a text other last bits in other company."""
    hidden = model.model(input_ids=ids, attention_mask=mask, use_cache=False).last_hidden_state
    return [hidden[index, row].float() for index, row in enumerate(ends)]


def _headed(head: str, build: Callable[[int], Any]) -> Any:
    """The class to load; Any, because transformers types its loaders by what they return alone."""
    from transformers import Qwen2Model, Qwen2PreTrainedModel

    class Headed(Qwen2PreTrainedModel):
        _keys_to_ignore_on_load_unexpected = ["lm_head.weight"]  # noqa: RUF012, as the base has it

        def __init__(self, config):
            super().__init__(config)
            self.model = Qwen2Model(config)
            setattr(self, head, build(config.hidden_size))
            self.post_init()

    return Headed
