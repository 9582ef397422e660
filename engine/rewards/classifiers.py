"""Reward models that are a transformers classifier, of tokens or of whole texts: loaded and checked
in one way.
"""

from dataclasses import dataclass

from engine.errors import RewardModelError, in_one_line
from engine.models.whole import faults_of


@dataclass(frozen=True, slots=True)
class Kind:
    auto_class: str
    """The class of transformers that loads it."""
    what: str
    classifier: str
    unit: str
    """What one set of labels belongs to."""


STEPS = Kind("AutoModelForTokenClassification", "process reward model", "token classifier", "token")
OUTCOME = Kind(
    "AutoModelForSequenceClassification", "outcome reward model", "sequence classifier", "text"
)


def load_classifier(kind: Kind, path: str, device, trust_remote_code: bool):
    """The model on the device, ready to read: fp32 on a CPU, elsewhere as it was saved.

    Raises: RewardModelError: nothing loadable at `path`, no classifier head in it, or neither one
    label nor two.
    """
    import torch
    import transformers

    dtype = torch.float32 if device.type == "cpu" else "auto"
    try:
        model, report = getattr(transformers, kind.auto_class).from_pretrained(
            path,
            dtype=dtype,
            trust_remote_code=trust_remote_code,
            output_loading_info=True,
            ignore_mismatched_sizes=True,
        )
    except Exception as error:  # damaged files raise what they like
        raise RewardModelError(
            f"No {kind.what} could be loaded from {path!r} ({in_one_line(error)})."
            f" Give a folder or a hub id that holds a transformers {kind.classifier} with its"
            " tokenizer. One that brings its own code runs only with reward.trust_remote_code ="
            " true."
        ) from error
    if report["missing_keys"]:
        raise RewardModelError(
            f"{path!r} is not a {kind.classifier}: it holds no weights for"
            f" {', '.join(sorted(report['missing_keys'])[:4])}. A reward model of this family needs"
            " a trained classifier head."
        )
    if faults := faults_of(report, unused="lm_head."):
        raise RewardModelError(
            f"{path!r} is not whole, or not a {kind.classifier} of its config.json: {faults}. Fetch"
            " its files again."
        )
    if model.config.num_labels not in (1, 2):
        raise RewardModelError(
            f"{path!r} has {model.config.num_labels} labels per {kind.unit}: this family of reward"
            " models has one (a score) or two (wrong, right). Choose another one."
        )
    return model.to(device).eval()


def probabilities(logits) -> list[float]:
    """Of being right, one per row of logits [rows, labels]: one label's sigmoid, or the second
    one's share of two.

    Give it one text's rows at a time: torch's sigmoid has other last bits at the end of a tensor,
    so they would depend on the batch.
    """
    right = logits[:, 0].sigmoid() if logits.shape[-1] == 1 else logits.softmax(-1)[:, 1]
    return right.tolist()
