"""A finished study for commands that only read."""

import pytest


@pytest.fixture(scope="session")
def exported(finished, tmp_path_factory):
    """A copy of the whole iteration for commands that only read."""
    return finished.copy(tmp_path_factory.mktemp("exported"))
