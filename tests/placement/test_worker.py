"""What a child says beside its answers."""

import json
import threading
from types import SimpleNamespace

from engine.placement import worker
from engine.types import InFlight


def test_a_child_says_what_its_sampler_is_at_once_for_every_change(monkeypatch):
    monkeypatch.setattr(worker, "REPORT_S", 0.001)
    backend, said, was_said = SimpleNamespace(in_flight=None), [], threading.Semaphore(0)

    def say(line):
        said.append(json.loads(line))
        was_said.release()

    with worker._reporting(backend, say):
        for n_tokens in (10, 20):
            backend.in_flight = InFlight(3, n_tokens)
            assert was_said.acquire(timeout=60)
    assert said == [{"in_flight": {"n_responses": 3, "n_tokens": n}} for n in (10, 20)]


def test_a_backend_that_says_nothing_is_not_asked_to(monkeypatch):
    monkeypatch.setattr(worker, "REPORT_S", 0.0)
    said = []
    with worker._reporting(object(), said.append):
        pass
    assert said == []
