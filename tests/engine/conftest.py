"""For tests of the engine: a database of one's own, a run in it, and one whole iteration to look at."""

from collections.abc import Iterator

import pytest

from benchmarks.model_servers import ModelServer, serve_policy
from engine.policies import STARTER
from engine.runs import create_run
from engine.store import Database
from tests.engine.small_runs import Finished, cli, small, toml


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
