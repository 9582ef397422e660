"""Pauses of openai_api that a test does not wait for."""

import pytest

from engine.samplers import openai_api


@pytest.fixture
def short_pauses(monkeypatch):
    monkeypatch.setattr(openai_api, "FIRST_PAUSE_S", 0.001)
