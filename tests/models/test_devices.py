"""Devices: what NVIDIA's driver says and CUDA_VISIBLE_DEVICES lets through, on a driver written by
hand.
"""

import importlib.util
import sys
from types import SimpleNamespace

import psutil
import pytest

from engine.config import SamplingConfig
from engine.models import devices
from engine.models.devices import Device, here, visible
from engine.models.load import load_now
from engine.samplers import resolve, resolve_sampler

H100 = "NVIDIA H100"
FIRST = Device(f"GPU 0 ({H100})", 85_000, 80_000, 0, kind="gpu")
OTHER = Device(f"GPU 1 ({H100})", 85_000, 40_000, 1, kind="gpu")
FOUND = [("GPU-aaaa", FIRST), ("GPU-bbbb", OTHER)]


class DriverError(Exception):
    pass


class Driver:
    """Those of pynvml's functions that are called, over rows of UUID, name, and total and free
    bytes.
    """

    NVMLError = DriverError

    def __init__(self, *rows: tuple, there: bool = True) -> None:
        self.rows, self.there, self.n_open = rows, there, 0

    def nvmlInit(self):
        if not self.there:
            raise DriverError("NVML Shared Library Not Found")
        self.n_open += 1

    def nvmlShutdown(self):
        self.n_open -= 1

    def nvmlDeviceGetCount(self):
        return len(self.rows)

    def nvmlDeviceGetHandleByIndex(self, index):
        if self.rows[index] is None:
            raise DriverError("GPU is lost")
        return self.rows[index]

    def nvmlDeviceGetUUID(self, row):
        return row[0]

    def nvmlDeviceGetName(self, row):
        return row[1]

    def nvmlDeviceGetCudaComputeCapability(self, row):
        return {H100: (9, 0)}.get(row[1], (7, 5))

    def nvmlDeviceGetUtilizationRates(self, row):
        if row[2] is None:
            raise DriverError("Not Supported")
        return SimpleNamespace(gpu=100 * (row[2] - row[3]) // row[2], memory=0)

    def nvmlDeviceGetMemoryInfo(self, row):
        if row[2] is None:
            raise DriverError("Not Supported")
        return SimpleNamespace(total=row[2], free=row[3], used=row[2] - row[3])


BOTH = (("GPU-aaaa", H100, 85_000, 80_000), ("GPU-bbbb", H100, 85_000, 40_000))


@pytest.fixture
def driver(monkeypatch):
    """A function that puts a driver in place of the machine's, under a torch with CUDA."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(devices, "version", lambda package: "2.13.0")

    def put(*rows: tuple, there: bool = True) -> Driver:
        put_in = Driver(*rows, there=there)
        monkeypatch.setitem(sys.modules, "pynvml", put_in)
        return put_in

    return put


def is_the_cpu(found: list[Device]) -> bool:
    (device,) = found
    return (device.kind, device.gpu, device.total) == ("cpu", None, psutil.virtual_memory().total)


def test_the_gpus_are_those_of_the_driver_with_their_memory_in_bytes(driver):
    asked = driver(*BOTH)
    assert here() == [FIRST, OTHER] and all(device.is_gpu for device in here())
    assert asked.n_open == 0


def test_memory_that_the_driver_keeps_back_is_unknown(driver):
    driver(("GPU-a", "Some GPU", None, None))
    assert here() == [Device("GPU 0 (Some GPU)", None, None, 0, kind="gpu")]


def test_without_a_driver_or_gpus_there_is_the_cpu_with_the_main_memory(driver):
    driver(there=False)
    assert is_the_cpu(here()) and not here()[0].is_gpu
    driver()
    assert is_the_cpu(here())


def test_a_driver_that_fails_half_way_has_no_gpus_and_is_let_go(driver):
    asked = driver(BOTH[0], None)
    assert is_the_cpu(here()) and asked.n_open == 0


def test_a_torch_without_cuda_has_no_use_for_a_gpu(driver, monkeypatch):
    driver(*BOTH)
    monkeypatch.setattr(devices, "version", lambda package: "2.13.0+cpu")
    assert is_the_cpu(here())


@pytest.mark.parametrize(("shown", "sampler"), [("0", "vllm_local"), ("", "hf_local")])
def test_auto_means_vllm_where_it_is_installed_and_a_gpu_can_be_used(
    driver, monkeypatch, shown, sampler
):
    driver(*BOTH)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    monkeypatch.delenv("HS_STAR_SAMPLER", raising=False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", shown)
    assert resolve_sampler("auto") == sampler


@pytest.mark.parametrize("wanted", ["1", "GPU-bb", "1,-1,0"])
def test_the_environment_says_which_gpus_are_used(driver, monkeypatch, wanted):
    driver(*BOTH)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", wanted)
    assert here() == [OTHER]


def test_an_environment_that_hides_every_gpu_leaves_the_cpu(driver, monkeypatch):
    driver(*BOTH)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert is_the_cpu(here())


def test_an_environment_that_names_gpus_makes_none_where_the_driver_is_missing(driver, monkeypatch):
    driver(there=False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    assert is_the_cpu(here())


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (None, [0, 1]),
        ("1", [1]),
        ("1,0", [1, 0]),
        ("GPU-bb", [1]),
        ("", []),
        ("-1", []),
        ("0,-1,1", [0]),
        ("MIG-7", [None]),
    ],
)
def test_the_gpus_are_those_that_cuda_visible_devices_lets_through(wanted, numbers):
    assert [device.gpu for device in visible(FOUND, wanted)] == numbers


def test_a_slice_of_a_gpu_is_a_gpu_of_unknown_memory():
    (part,) = visible(FOUND, "MIG-7")
    assert part == Device("GPU MIG-7", None, None, kind="gpu") and part.is_gpu


def test_what_a_device_is_does_not_hang_on_its_name():
    assert not Device("GPU-like CPU", 1, 1, kind="cpu").is_gpu
    assert Device("Accelerator", 1, 1, 0, kind="gpu").is_gpu


@pytest.fixture
def processor(monkeypatch, tmp_path):
    """A function that puts a processor with these flags in place of the machine's."""

    def put(*cores: str) -> None:
        file = tmp_path / "cpuinfo"
        file.write_text("".join(f"processor : {n}\n{core}\n\n" for n, core in enumerate(cores)))
        monkeypatch.setattr(devices, "PROCESSOR", file)

    return put


@pytest.mark.parametrize(
    ("cores", "dtype"),
    [
        (["flags\t: fpu avx512_bf16 avx2"] * 2, "bfloat16"),
        (["flags\t: fpu amx_tile amx_bf16"], "bfloat16"),
        (["Features\t: fp asimd bf16"], "bfloat16"),
        (["flags\t: fpu avx512f avx512_vnni"], "float32"),
        (["flags\t: fpu avx512_bf16", "flags\t: fpu avx2"], "float32"),
        ([], "float32"),
    ],
)
def test_auto_means_bfloat16_where_every_core_has_instructions_for_it(
    driver, processor, cores, dtype
):
    driver(there=False)
    processor(*cores)
    assert resolve(SamplingConfig(sampler="hf_local")).dtype == dtype
    assert resolve(SamplingConfig(sampler="hf_local", dtype="by_device")).dtype == "by_device"


@pytest.mark.parametrize(("gpu", "dtype"), [(H100, "bfloat16"), ("Tesla T4", "float32")])
def test_auto_on_a_gpu_follows_its_compute_capability(driver, processor, gpu, dtype):
    asked = driver(("GPU-a", gpu, 1, 1))
    processor("flags\t: fpu")
    assert resolve(SamplingConfig(sampler="hf_local")).dtype == dtype
    assert asked.n_open == 0


def test_what_the_processor_does_not_say_or_a_cluster_has_is_not_guessed(driver, monkeypatch):
    driver(there=False)
    monkeypatch.setattr(devices, "PROCESSOR", devices.PROCESSOR.with_name("nowhere"))
    assert resolve(SamplingConfig(sampler="hf_local")).dtype == "float32"
    assert resolve(SamplingConfig(sampler="recorded")).dtype == "auto"


def test_the_load_of_a_machine_names_memory_and_use_of_every_gpu(driver):
    put_in = driver(*BOTH)
    load = load_now()
    assert [(gpu.used, gpu.total, gpu.use) for gpu in load.gpus] == [
        (5_000, 85_000, 0.05),
        (45_000, 85_000, 0.52),
    ]
    assert load.gpu_used == 50_000 and load.gpu == pytest.approx(0.285)
    assert 0 <= load.cpu and 0 < load.memory_used < load.memory_total and put_in.n_open == 0


def test_a_gpu_that_says_nothing_and_a_machine_without_one_have_no_use(driver):
    driver(("GPU-aaaa", H100, None, None))
    load = load_now()
    assert (load.gpu, load.gpu_used, load.gpus[0].use) == (None, None, None)
    driver(there=False)
    assert load_now().gpus == ()
