"""A backend from inside a test: registered under a name, opened by a function of the test's."""

import sys
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from engine.config.backends import BACKENDS, BackendEntry

MODULE = "backends_of_a_test"


def open_with(
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    opens: Callable[..., Any],
    entry: BackendEntry | None = None,
) -> None:
    """Let `name` be opened by `opens(path, **options)`, or by `opens()` for a trainer.

    Args:
        entry: of a backend that is not registered; None changes the one that is.
    """
    if MODULE not in sys.modules:
        monkeypatch.setitem(sys.modules, MODULE, ModuleType(MODULE))
    monkeypatch.setattr(sys.modules[MODULE], name, opens, raising=False)
    monkeypatch.setitem(BACKENDS, name, replace(entry or BACKENDS[name], opens=f"{MODULE}:{name}"))
