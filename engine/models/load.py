"""How busy this machine is: processor, main memory, and the GPUs that child processes may use."""

from dataclasses import dataclass
from functools import cache

from engine.models import devices


@dataclass(frozen=True, slots=True)
class GpuLoad:
    """One GPU."""

    name: str
    used: int | None
    """Bytes; None where the driver does not say."""
    total: int | None
    use: float | None
    """Share of the last moments in which it computed, from 0 to 1; None as used."""


@dataclass(frozen=True, slots=True)
class Load:
    """The machine now, whoever uses it."""

    cpu: float
    """Share of all cores since somebody asked last, from 0 to 1."""
    memory_used: int
    """Bytes that are not available to another program."""
    memory_total: int
    gpus: tuple[GpuLoad, ...]

    @property
    def gpu(self) -> float | None:
        """Mean use of the GPUs that say it; None without one."""
        uses = [gpu.use for gpu in self.gpus if gpu.use is not None]
        return sum(uses) / len(uses) if uses else None

    @property
    def gpu_used(self) -> int | None:
        """Bytes on all GPUs that say it; None without one."""
        used = [gpu.used for gpu in self.gpus if gpu.used is not None]
        return sum(used) if used else None


def load_now() -> Load:
    """Asks the system and NVIDIA's driver; waits a tenth of a second the first time."""
    import psutil

    _begin_to_measure()
    memory = psutil.virtual_memory()
    gpus = [device for device in devices.here() if device.is_gpu]
    return Load(
        psutil.cpu_percent() / 100,
        memory.total - memory.available,
        memory.total,
        tuple(GpuLoad(d.name, _used(d), d.total, devices.use_of(d.gpu)) for d in gpus),
    )


@cache
def _begin_to_measure() -> None:
    """The processor's use is measured from one question to the next."""
    import psutil

    psutil.cpu_percent(interval=0.1)


def _used(device: devices.Device) -> int | None:
    return None if device.total is None or device.free is None else device.total - device.free
