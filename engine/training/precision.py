"""The numbers that a training is computed in: weights, gradients and optimiser are float32 always;
what lies between them may be bfloat16.
"""

from engine.config.training import Precision
from engine.models import devices


def resolve_dtype(dtype: Precision) -> Precision:
    """What "auto" means on this machine; any other is itself. A run stores it when it is begun."""
    if dtype != "auto":
        return dtype
    return "bfloat16" if devices.has_native_bfloat16() else "by_device"


def is_bfloat16(dtype: Precision, *, on_gpu: bool) -> bool:
    """Whether forward and backward passes are computed in bfloat16.

    >>> is_bfloat16("by_device", on_gpu=True), is_bfloat16("float32", on_gpu=True)
    (True, False)
    """
    resolved = resolve_dtype(dtype)
    return on_gpu if resolved == "by_device" else resolved == "bfloat16"
