"""Shared by all tests: where things are, quiet threads, and property tests without a clock."""

import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent
DATASETS = Path(os.environ.get("STUDIO_DATASETS", ROOT.parent / "shared" / "datasets"))

settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")


@pytest.fixture
def datasets() -> Path:
    """The folder with real problem sets; a test that wants it is skipped where it is missing."""
    if not DATASETS.is_dir():
        pytest.skip(f"the real problem sets are not at {DATASETS}")
    return DATASETS
