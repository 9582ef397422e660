"""Pauses before a server is asked again that a test does not wait for."""

import pytest

from engine.servers import pool


@pytest.fixture
def short_pauses(monkeypatch):
    monkeypatch.setattr(pool, "FIRST_PAUSE_S", 0.001)
