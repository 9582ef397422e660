"""What is here: installed versions, the device, the sampler that would be used, and the database's
owner.
"""

import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from engine.grading import sandbox
from engine.models import devices
from engine.paths import STARTER
from engine.samplers import resolve_sampler

PACKAGES = (
    "torch",
    "transformers",
    "trl",
    "vllm",
    "duckdb",
    "streamlit",
    "plotly",
    "math-verify",
    "ray",
)


def examine(database: Path) -> dict[str, str]:
    """Findings by name, each one line. Loads no model."""
    return {
        **versions(),
        "device": device(),
        "sampler": resolve_sampler("auto"),
        "code sandbox": sandbox.unavailable() or "bubblewrap works",
        "starter": (
            "there" if (STARTER / "policy" / "config.json").exists() else f"missing: {STARTER}"
        ),
        "database": _owner(database),
        "disk": f"{_n_free(database) / 1e9:.0f} GB free",
    }


def versions() -> dict[str, str]:
    """Installed versions by package."""
    return {name: _version(name) for name in PACKAGES}


def _version(package: str) -> str:
    for name in (package, f"{package}-cpu"):
        try:
            return version(name) + (" (CPU build)" if name != package else "")
        except PackageNotFoundError:
            continue
    return "not installed"


def device() -> str:
    """The devices that sample and train, with their free memory."""
    return "; ".join(
        d.name
        if d.free is None or d.total is None
        else f"{d.name}: {d.free / 1e9:.0f} of {d.total / 1e9:.0f} GB free"
        for d in devices.here()
    )


def _n_free(database: Path) -> int:
    """Bytes that are free where a database is, or would be."""
    folder = database.resolve().parent if database.parent.exists() else Path("/")
    return shutil.disk_usage(folder).free


def _owner(database: Path) -> str:
    return str(database) if database.exists() else f"{database}: not there yet, will be created"
