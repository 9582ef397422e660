"""For tests of the engine: a database of one's own, a run in it, and one whole iteration to look at."""

import json
from collections.abc import Iterator
from itertools import islice

import pytest

from benchmarks.model_servers import ModelServer, serve_policy
from engine.method.seeds import stable_hash
from engine.paths import STARTER
from engine.samplers.hf_local import HfSampler
from engine.store import Database
from engine.study.runs import create_run
from engine.types import Request
from tests.engine.small_runs import Finished, cli, small, toml
from tests.engine.small_samples import POLICY


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
    with (STARTER / "held_out.jsonl").open() as file:
        questions = [json.loads(line)["question"] for line in islice(file, 8)]
    return [
        Request(f"p{p}", index, stable_hash("test", p, index), question + "\n")
        for p, question in enumerate(questions)
        for index in range(8)
    ]


@pytest.fixture(scope="module")
def inline():
    """hf_local in this process: what the others are compared with."""
    sampler = HfSampler(POLICY, batch_size=256, device="cpu")
    yield sampler
    sampler.close()
