"""Weights loaded as they are, or not at all: a tensor that is missing, that the model has no place
for, or that is of another shape is an error that names it. What transformers does instead is draw
the missing ones at random, other ones each time.

Not counted: heads tied to the embeddings, which transformers itself does not report, and buffers
that every model computes for itself and old files hold all the same.
"""

import re
from pathlib import Path
from typing import Any

N_NAMED = 4
"""Tensors of a kind that an error names."""

_BUFFERS = re.compile(r"rotary_emb\.inv_freq$|attn\.(masked_)?bias$|position_ids$")


def load_whole(kind: Any, path: str, *, unused: str = "", **settings: Any) -> Any:
    """A model of one of transformers' classes, from a folder or hub id.

    Args:
        unused: what the names of tensors begin with that may be there and are not read; empty for
            none.
        settings: as from_pretrained takes them.

    Raises: ValueError, which names the tensors; whatever transformers raises for damaged files.
    """
    model, report = kind.from_pretrained(
        path, output_loading_info=True, ignore_mismatched_sizes=True, **settings
    )
    if faults := faults_of(report, unused=unused):
        raise ValueError(faults)
    return model


def with_adapter(model: Any, folder: Path) -> Any:
    """A model with the LoRA adapter of a folder on it. Where tensors are missing peft only warns,
    and goes on with half an adapter of random numbers.

    Raises: ValueError, which names the tensors; whatever peft raises for damaged files.
    """
    from peft import PeftModel, get_peft_model_state_dict
    from safetensors import safe_open

    adapted = PeftModel.from_pretrained(model, folder)
    wanted = set(get_peft_model_state_dict(adapted, save_embedding_layers=False))
    with safe_open(folder / "adapter_model.safetensors", "pt") as file:
        stored = set(file.keys())
    report = {"missing_keys": wanted - stored, "unexpected_keys": stored - wanted}
    if faults := faults_of(report):
        raise ValueError(faults)
    return adapted


def faults_of(report: dict[str, Any], *, unused: str = "") -> str:
    """What transformers' report of a loading holds against the files, in words; empty where all is
    well.

    >>> faults_of({"missing_keys": {"norm.weight"}, "unexpected_keys": {"rotary_emb.inv_freq"}})
    'its files lack norm.weight'
    """
    missing = _counted(report.get("missing_keys", ()))
    unexpected = [
        name
        for name in _counted(report.get("unexpected_keys", ()))
        if not (unused and name.startswith(unused))
    ]
    mismatched = [
        f"{name} as {_shape(stored)} instead of {_shape(wanted)}"
        for name, stored, wanted in sorted(report.get("mismatched_keys", ()))
    ]
    faults = [
        f"{what} {_named(names)}"
        for what, names in (
            ("its files lack", missing),
            ("the model has no place for", unexpected),
            ("its files hold", mismatched),
        )
        if names
    ]
    return "; ".join(faults)


def _counted(names: Any) -> list[str]:
    return sorted(name for name in names if not _BUFFERS.search(name))


def _named(names: list[str]) -> str:
    more = f" and {len(names) - N_NAMED} more" if len(names) > N_NAMED else ""
    return ", ".join(names[:N_NAMED]) + more


def _shape(shape: Any) -> str:
    return "×".join(map(str, shape))
