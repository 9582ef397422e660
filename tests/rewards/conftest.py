"""Tiny reward models in the file layouts of two families. torch is imported where one is built:
without it the modules that ask for one are skipped.
"""

from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def qwen(tmp_path_factory) -> Path:
    from tests.rewards import tiny_models

    return tiny_models.qwen_prm(tmp_path_factory.mktemp("qwen"))


@pytest.fixture(scope="module")
def skywork(tmp_path_factory) -> Path:
    from tests.rewards import tiny_models

    return tiny_models.skywork_prm(tmp_path_factory.mktemp("skywork"))
