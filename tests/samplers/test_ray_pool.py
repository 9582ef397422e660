"""A Ray cluster of two engines on this machine: one is killed while it samples, and nothing is left
when it is closed.
"""

import os
from importlib.util import find_spec
from pathlib import Path

import psutil
import pytest

from engine.errors import SamplerError, WorkerDied
from engine.placement import Backend, Inline
from engine.samplers import ray_pool
from engine.samplers.hf_local import HfSampler
from engine.servers import ray_engines
from engine.types import SamplingSettings
from tests.small_runs import until
from tests.small_samples import POLICY, starter_requests

pytestmark = [
    pytest.mark.ray,
    pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed: make test-ray"),
]

SAMPLED = SamplingSettings(temperature=1.0, top_p=1.0, max_new_tokens=100)
BACKEND = Backend("ray_pool", POLICY, {"batch_size": 8, "n_engines": 2, "trust_remote_code": False})


@pytest.fixture(scope="module")
def asked():
    return starter_requests(20, 4, seed="ray")


@pytest.fixture(scope="module")
def placement(tmp_path_factory):
    """Inline: the cluster belongs to this process, and its engines can be seen from here."""
    opened = Inline(tmp_path_factory.mktemp("logs"))
    yield opened
    opened.release()


@pytest.fixture(scope="module")
def pool(placement):
    return placement.get(BACKEND)


@pytest.fixture(scope="module")
def expected(asked):
    sampler = HfSampler(POLICY, batch_size=32, device="cpu")
    texts = texts_of(sampler.sample(asked, SAMPLED))
    sampler.close()
    return texts


def texts_of(batches) -> dict:
    rows = [((r.problem_id, r.index), r.text) for batch in batches for r in batch]
    assert len(dict(rows)) == len(rows), "answered twice"
    return dict(rows)


def engines() -> list[psutil.Process]:
    """The engines that run now, as this process's grandchildren."""
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            if process.cmdline()[:1] and process.cmdline()[0].startswith("ray::Engine"):
                found.append(process)
        except psutil.Error:
            continue
    return found


def ended(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_an_engine_killed_while_it_samples_loses_no_request_and_is_replaced(pool, asked, expected):
    before = engines()
    assert len(before) == 2
    stream = pool.sample(asked, SAMPLED)
    had = texts_of([next(stream)])
    before[0].kill()
    rest = texts_of(stream)
    assert not had.keys() & rest.keys()
    assert had | rest == expected
    assert ended(before[0])


def test_closing_early_ends_the_engines_at_work_and_the_next_call_has_new_ones(
    pool, asked, expected
):
    stream = pool.sample(asked, SAMPLED)
    had = texts_of([next(stream)])
    at_work = engines()
    assert 0 < pool.in_flight.n_responses <= 2 * 8
    stream.close()
    assert pool.in_flight is None
    until(lambda: all(map(ended, at_work)), "the engines' end", deadline_s=30)
    left = [r for r in asked if (r.problem_id, r.index) not in had]
    assert had | texts_of(pool.sample(left, SAMPLED)) == expected


def test_engines_that_keep_dying_are_an_error_in_words(pool, asked, monkeypatch):
    monkeypatch.setattr(ray_engines, "MAX_LOSSES", 1)
    stream = pool.sample(asked, SAMPLED)
    next(stream)
    for engine in engines():
        engine.kill()
    with pytest.raises(WorkerDied, match="1 engines of the Ray pool ended .* resume the job"):
        list(stream)


def test_more_engines_than_the_cluster_has_room_for_are_refused(pool):
    with pytest.raises(
        SamplerError, match=r"sampling\.n_engines is 1000, and the Ray cluster has \d+ CPUs"
    ):
        ray_pool.RaySampler(POLICY, n_engines=1000)


def test_no_token_is_written_under_the_home_folder_and_the_cluster_asks_for_one(pool):
    assert os.environ["RAY_AUTH_MODE"] == "token" and len(os.environ["RAY_AUTH_TOKEN"]) == 64
    token = Path.home() / ".ray" / "auth_token"
    assert not token.exists() or token.read_text() != os.environ["RAY_AUTH_TOKEN"]


def test_closing_leaves_no_process(pool, placement, asked, expected):
    assert texts_of(pool.sample(asked[:2], SAMPLED)) == {
        (r.problem_id, r.index): expected[r.problem_id, r.index] for r in asked[:2]
    }
    started = psutil.Process().children(recursive=True)
    assert engines()
    placement.release()
    pool.close()
    until(
        lambda: all(map(ended, started)), "the end of every process of the cluster", deadline_s=60
    )
