"""The numbers that a model is computed in, as a configuration asks for them and as this machine has
them.
"""

from engine.models import devices
from engine.types import DtypeSetting


def resolve_dtype(dtype: DtypeSetting) -> DtypeSetting:
    """What "auto" means on this machine; any other is itself. A run stores it when it is begun."""
    if dtype != "auto":
        return dtype
    return "bfloat16" if devices.has_native_bfloat16() else "float32"


def is_bfloat16(dtype: DtypeSetting, *, on_gpu: bool) -> bool:
    """Whether a model is computed in bfloat16.

    >>> is_bfloat16("by_device", on_gpu=True), is_bfloat16("float32", on_gpu=True)
    (True, False)
    """
    resolved = resolve_dtype(dtype)
    return on_gpu if resolved == "by_device" else resolved == "bfloat16"
