"""What is here: installed versions, the device, the sampler that would be used, and the database's owner."""

import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from engine.errors import EngineError
from engine.placement import child_environment
from engine.policies import ROOT, STARTER
from engine.samplers import resolve_sampler

PACKAGES = ("torch", "transformers", "trl", "vllm", "duckdb", "streamlit", "plotly", "math-verify", "ray")


def examine(database: Path) -> dict[str, str]:
    """Findings by name, each one line. Imports torch to ask for the device, loads no model."""
    return {
        **versions(),
        "device": device(),
        "sampler": resolve_sampler("auto"),
        "starter": "there" if (STARTER / "policy" / "config.json").exists() else f"missing: {STARTER}",
        "database": _owner(database),
        "disk": f"{shutil.disk_usage(database.resolve().parent if database.parent.exists() else '/').free / 1e9:.0f} GB free",
    }


def versions() -> dict[str, str]:
    """Installed versions by package."""
    return {name: _version(name) for name in PACKAGES}


def device_apart() -> str:
    """The device as a child process sees it, so that torch is not loaded here. Blocks for seconds."""
    ask = "from engine.doctor import device; print(device())"
    done = subprocess.run([sys.executable, "-c", ask], cwd=ROOT, capture_output=True, text=True, env=child_environment())
    return done.stdout.strip() or f"unknown: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else 'no answer'}"


def _version(package: str) -> str:
    for name in (package, f"{package}-cpu"):
        try:
            return version(name) + (" (CPU build)" if name != package else "")
        except PackageNotFoundError:
            continue
    return "not installed"


def device() -> str:
    """The device that samples and trains, with its free memory. Imports torch."""
    if find_spec("torch") is None:
        return "unknown: torch is not installed"
    import torch

    if not torch.cuda.is_available():
        return "cpu"
    free, total = torch.cuda.mem_get_info()
    return f"{torch.cuda.get_device_name()} x {torch.cuda.device_count()}, {free / 1e9:.0f} of {total / 1e9:.0f} GB free"


def _owner(database: Path) -> str:
    from engine.store import Database

    if not database.exists():
        return f"{database}: not there yet, will be created"
    try:
        Database(database).close()
    except EngineError as error:
        return str(error)
    return f"{database}: nobody uses it"
