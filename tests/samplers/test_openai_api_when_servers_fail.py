"""What openai_api does when servers fail: loses no request, and says in words what to do."""

from collections import Counter

import pytest

from engine import store
from engine.errors import SamplerError
from engine.jobs.runner import JobRunner
from engine.paths import STARTER
from engine.servers import pool
from engine.servers.pool import pause_s
from engine.study.handle import Iteration
from engine.study.runs import create_run
from tests.samplers.scripted_servers import (
    ID,
    REQUESTS,
    SETTINGS,
    completed,
    listed,
    refusing,
    sampler,
    scripted,
    well,
)
from tests.small_runs import small
from tests.small_samples import drawn

pytestmark = pytest.mark.usefixtures("short_pauses")


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_that_is_overloaded_for_a_while_is_asked_again(status):
    with scripted(refusing(status, {"error": {"message": "busy"}}, first=3)) as url:
        assert len(drawn(sampler(url, batch_size=2), REQUESTS, SETTINGS)) == 40


def test_a_server_that_hangs_up_loses_no_request_and_the_other_answers():
    with (
        scripted(lambda path, *_: listed() if path.endswith("/models") else None) as bad,
        scripted(well) as good,
    ):
        assert len(drawn(sampler(bad, good), REQUESTS, SETTINGS)) == 40


def test_servers_that_are_all_dead_are_named_with_what_to_do():
    with scripted(well) as gone:
        pass
    with pytest.raises(
        SamplerError,
        match=(
            rf"None of the servers in sampling\.base_urls answers \({gone}: .*\)\. .* resume the"
            r" job\."
        ),
    ):
        list(sampler(gone).sample(REQUESTS, SETTINGS))


def test_a_request_that_fails_everywhere_is_an_error_with_the_servers_words():
    def answer(path, body, headers):
        return (
            (500, {"error": "boom"})
            if body.get("prompt") == "question 3"
            else well(path, body, headers)
        )

    with (
        scripted(answer) as url,
        pytest.raises(
            SamplerError, match=r'failed 8 times.* it answered 500, "boom"|None of the servers'
        ),
    ):
        list(sampler(url).sample(REQUESTS, SETTINGS))


def test_a_server_with_other_weights_is_asked_for_nothing():
    completions = []

    def answer(path, body, headers):
        completions.append(path)
        return listed("another")

    with (
        scripted(answer) as url,
        scripted(well) as good,
        pytest.raises(SamplerError, match=f"{url} serves another"),
    ):
        list(sampler(good, url).sample(REQUESTS, SETTINGS))
    assert set(completions) == {"/v1/models"}


def test_a_server_that_comes_back_with_other_weights_answers_nothing_more():
    answered = Counter()

    def changed(path, body, headers):
        if path.endswith("/models"):
            return listed("another" if answered["failed"] else ID)
        answered["failed"] += 1

    with scripted(changed) as bad, scripted(well) as good:
        assert len(drawn(sampler(bad, good, batch_size=2), REQUESTS, SETTINGS)) == 40
    assert answered["failed"] <= 2


def test_pauses_double_and_their_jitter_is_a_hash():
    pauses = [pause_s(n, "salt") for n in range(1, 6)]
    assert (
        pauses
        == [pause_s(n, "salt") for n in range(1, 6)]
        != [pause_s(n, "pepper") for n in range(1, 6)]
    )
    base = pool.FIRST_PAUSE_S
    assert all(base * 2**n / 2 <= pause < base * 2**n for n, pause in enumerate(pauses))


def test_a_job_whose_servers_are_dead_fails_in_words_and_resuming_it_completes(db):
    """The run's first policy is known by its folder, and every response is stored once."""
    is_dead = True

    def answer(path, body, headers):
        if is_dead:
            return None
        folder = str(STARTER / "policy")
        return (
            (200, {"data": [{"id": "m", "root": folder}]})
            if path.endswith("/models")
            else completed(body)
        )

    with scripted(answer) as url:
        sampling = {"sampler": "openai_api", "base_urls": [url], "batch_size": 4}
        run_id = create_run(
            db,
            small(
                sampling=sampling,
                reward={"family": "none"},
                difficulty={"mode": "accuracy"},
                placement="inline",
            ),
        )
        runner = JobRunner(db)
        job_id = runner.submit(Iteration(db, run_id, 0), "presample")
        runner.run_next()
        failed = store.jobs.get(db, job_id)
        assert (
            failed.state == "failed"
            and f"None of the servers in sampling.base_urls answers ({url}:" in failed.error
        )
        is_dead = False
        runner.resume(job_id)
        runner.run_next()
        assert store.jobs.get(db, job_id).state == "done"
        runner.close()
    assert len(store.samples.stored_keys(db, Iteration(db, run_id, 0).row.presample_set)) == 12 * 3
