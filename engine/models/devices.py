"""The devices of this machine and how much of their memory is free. Asks NVIDIA's driver (NVML) and
the system; never imports torch.

A limit that a container puts on main memory is not seen.
"""

import os
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

PROCESSOR = Path("/proc/cpuinfo")
"""Where Linux says what the processor can."""

BFLOAT16_FLAGS = {"avx512_bf16", "amx_bf16", "bf16", "svebf16"}
"""Of processors that multiply bfloat16 numbers: x86's and ARM's."""


@dataclass(frozen=True, slots=True)
class Device:
    """A CPU with the main memory, or a GPU with its own."""

    name: str
    """As a person is told it."""
    total: int | None
    """Bytes; None where the driver does not say, as for a slice of a GPU."""
    free: int | None
    """Bytes, as total."""
    gpu: int | None = None
    """Number in the order of the PCI bus, which CUDA_VISIBLE_DEVICES takes; None for a CPU, and for
    a slice of a GPU.
    """
    kind: Literal["cpu", "gpu"] = field(kw_only=True)

    @property
    def is_gpu(self) -> bool:
        return self.kind == "gpu"


def here() -> list[Device]:
    """The GPUs that child processes may use, in their order; without any, the CPU with the main
    memory.
    """
    return visible(_gpus(), os.environ.get("CUDA_VISIBLE_DEVICES")) or [_cpu()]


def has_gpu() -> bool:
    """Whether child processes may use an NVIDIA GPU."""
    return here()[0].is_gpu


def has_native_bfloat16(processor: Path | None = None) -> bool:
    """Whether the device that here() names first has instructions for bfloat16: NVIDIA's since
    compute capability 8, and a processor's flags, as Linux lists them. Where nobody says, it has
    none.

    Args:
        processor: the file that lists the flags; None for PROCESSOR.
    """
    first = here()[0]
    if first.is_gpu:
        return _capability(first.gpu) >= 8
    try:
        lines = (processor or PROCESSOR).read_text().splitlines()
    except OSError:
        return False
    flags = [line.split() for line in lines if line.startswith(("flags", "Features"))]
    return bool(flags) and all(BFLOAT16_FLAGS & set(words) for words in flags)


def use_of(gpu: int | None) -> float | None:
    """The share of the last moments in which a GPU computed, from 0 to 1; None where the driver
    does not say.
    """
    import pynvml

    if gpu is None:
        return None
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return None
    try:
        handle = pynvml.nvmlDeviceGetHandleByIndex(gpu)
        return float(pynvml.nvmlDeviceGetUtilizationRates(handle).gpu) / 100
    except pynvml.NVMLError:
        return None
    finally:
        pynvml.nvmlShutdown()


def _capability(gpu: int | None) -> int:
    """A GPU's major compute capability; 0 where the driver does not say."""
    import pynvml

    if gpu is None:
        return 0
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return 0
    try:
        return pynvml.nvmlDeviceGetCudaComputeCapability(pynvml.nvmlDeviceGetHandleByIndex(gpu))[0]
    except pynvml.NVMLError:
        return 0
    finally:
        pynvml.nvmlShutdown()


def _cpu() -> Device:
    import psutil

    memory = psutil.virtual_memory()
    return Device("CPU", memory.total, memory.available, kind="cpu")


def _gpus() -> list[tuple[str, Device]]:
    """Every GPU of the driver by its UUID; none without a driver, or where torch has no CUDA."""
    import pynvml

    if not _torch_has_cuda():
        return []
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return []
    try:
        return [_gpu(pynvml, index) for index in range(pynvml.nvmlDeviceGetCount())]
    except pynvml.NVMLError:
        return []
    finally:
        pynvml.nvmlShutdown()


def _gpu(pynvml: Any, index: int) -> tuple[str, Device]:
    handle = pynvml.nvmlDeviceGetHandleByIndex(index)
    name, uuid = pynvml.nvmlDeviceGetName(handle), pynvml.nvmlDeviceGetUUID(handle)
    try:
        memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
        total, free = memory.total, memory.free
    except pynvml.NVMLError:
        total = free = None
    return uuid, Device(f"GPU {index} ({name})", total, free, index, kind="gpu")


def _torch_has_cuda() -> bool:
    """CPU builds say so in their version."""
    try:
        return not version("torch").endswith("+cpu")
    except PackageNotFoundError:
        return False


def visible(gpus: list[tuple[str, Device]], wanted: str | None) -> list[Device]:
    """The GPUs of this machine that CUDA_VISIBLE_DEVICES lets through, in the latter's order.

    Args:
        gpus: UUID and device, in the order of the PCI bus; without any, nothing is visible.
        wanted: indices or UUIDs, as CUDA reads them; None lets all through. What is not in gpus,
            such as a slice of a GPU, is a device of unknown memory.
    """
    if wanted is None or not gpus:
        return [device for _, device in gpus]
    chosen = []
    for entry in (part.strip() for part in wanted.split(",")):
        if not entry or entry.startswith("-"):
            break  # CUDA ignores what follows an entry that is not a device
        fits = [
            device
            for uuid, device in gpus
            if entry == str(device.gpu) or (entry.startswith("GPU-") and uuid.startswith(entry))
        ]
        chosen.append(fits[0] if fits else Device(f"GPU {entry}", None, None, kind="gpu"))
    return chosen
