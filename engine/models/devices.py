"""The devices of this machine and how much of their memory is free. Asks nvidia-smi and the system;
never imports torch.

A limit that a container puts on main memory is not seen.
"""

import os
import subprocess
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from shutil import which

MIB = 2**20
QUERY = (
    "nvidia-smi",
    "--query-gpu=index,uuid,name,memory.total,memory.free",
    "--format=csv,noheader,nounits",
)


@dataclass(frozen=True, slots=True)
class Device:
    name: str
    total: int | None
    """Bytes; None where the driver does not say, as for a slice of a GPU."""
    free: int | None
    gpu: int | None = None
    """Number in the order of the PCI bus, which CUDA_VISIBLE_DEVICES takes; None for a CPU."""

    @property
    def is_gpu(self) -> bool:
        return self.name.startswith("GPU")


def here() -> list[Device]:
    """The GPUs that child processes may use, in their order; without any, the CPU with the main
    memory.
    """
    return _gpus() or [_cpu()]


def _cpu() -> Device:
    import psutil

    memory = psutil.virtual_memory()
    return Device("CPU", memory.total, memory.available)


def _gpus() -> list[Device]:
    if not which(QUERY[0]) or not _torch_has_cuda():
        return []
    try:
        said = subprocess.run(QUERY, capture_output=True, text=True, timeout=30, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    return visible(said, os.environ.get("CUDA_VISIBLE_DEVICES"))


def _torch_has_cuda() -> bool:
    """CPU builds say so in their version."""
    try:
        return not version("torch").endswith("+cpu")
    except PackageNotFoundError:
        return False


def visible(said: str, wanted: str | None) -> list[Device]:
    """The GPUs that nvidia-smi lists and CUDA_VISIBLE_DEVICES lets through, in the latter's order.

    Args:
        said: lines of index, uuid, name, total and free MiB.
        wanted: indices or ids, as CUDA reads them; None lets all through. What is listed nowhere,
            such as a slice of a GPU, is a device of unknown memory.
    """
    rows = [
        [part.strip() for part in line.split(",")]
        for line in said.splitlines()
        if line.count(",") == 4
    ]
    found = [
        (uuid, Device(f"GPU {index} ({name})", _bytes(total), _bytes(free), int(index)))
        for index, uuid, name, total, free in rows
        if index.isdigit()
    ]
    if wanted is None:
        return [device for _, device in found]
    chosen = []
    for entry in (part.strip() for part in wanted.split(",")):
        if not entry or entry.startswith("-"):
            break  # CUDA ignores what follows an entry that is no device
        fits = [
            d
            for uuid, d in found
            if entry == str(d.gpu) or (entry.startswith("GPU-") and uuid.startswith(entry))
        ]
        chosen.append(fits[0] if fits else Device(f"GPU {entry}", None, None))
    return chosen


def _bytes(mib: str) -> int | None:
    return int(mib) * MIB if mib.isdigit() else None
