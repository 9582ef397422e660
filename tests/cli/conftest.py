"""A finished study: what its run printed, and a copy for commands that only read."""

import json

import pytest


@pytest.fixture(scope="session")
def exported(finished, tmp_path_factory):
    """A copy of the whole iteration for commands that only read."""
    return finished.copy(tmp_path_factory.mktemp("exported"))


@pytest.fixture(scope="session")
def told(finished) -> dict:
    """The iteration that run --json printed."""
    (iteration,) = json.loads(finished.stdout)["iterations"]
    return iteration
