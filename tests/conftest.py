"""Shared by all tests: where things are, quiet threads, property tests without a clock; a database,
a run in it, a finished study.
"""

import os
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import pytest
from hypothesis import settings

from benchmarks.model_servers import ModelServer, serve_policy
from engine.paths import ROOT, STARTER
from engine.store import Database
from engine.study.runs import create_run
from tests.small_runs import Finished, cli, small, toml
from tests.small_samples import POLICY, starter_requests

DATASETS = Path(os.environ.get("STUDIO_DATASETS", ROOT.parent / "shared" / "datasets"))

settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")


@pytest.fixture
def datasets() -> Path:
    """The folder with real problem sets; a test that wants it is skipped where it is missing."""
    if not DATASETS.is_dir():
        pytest.skip(f"the real problem sets are not at {DATASETS}")
    return DATASETS


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Finished:
    folder = tmp_path_factory.mktemp("unbroken")
    (folder / "small.toml").write_text(toml())
    done = cli("run", folder / "small.toml", "--db", folder / "studio.duckdb", "--json")
    assert done.returncode == 0, done.stderr
    return Finished(folder / "studio.duckdb", done.stdout, done.stderr)


@pytest.fixture
def db(tmp_path) -> Iterator[Database]:
    database = Database(tmp_path / "studio.duckdb")
    yield database
    database.close()


@pytest.fixture
def run_id(db) -> str:
    """A run whose first iteration has begun; nothing is sampled."""
    return create_run(db, small())


@pytest.fixture(scope="session")
def servers(tmp_path_factory) -> Iterator[list[ModelServer]]:
    """Two servers with the starter policy; no test may stop them."""
    folder = tmp_path_factory.mktemp("servers")
    started = [serve_policy(str(STARTER / "policy"), folder / f"{n}.log") for n in range(2)]
    yield [server.wait() for server in started]
    for server in started:
        server.kill()


@pytest.fixture(scope="module")
def asked():
    """64 requests: 8 starter problems, 8 responses each."""
    return starter_requests(8, 8, seed="test")


@pytest.fixture(scope="module")
def inline():
    """hf_local in this process: what the others are compared with."""
    from engine.samplers.hf_local import HfSampler

    sampler = HfSampler(POLICY, batch_size=256, device="cpu")
    yield sampler
    sampler.close()
