"""A policy as one GGUF file, for llama.cpp and what is built on it: written by llama.cpp's own
converter, where that is installed.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from engine.errors import ConfigError
from engine.paths import expanded, written_whole

CONVERTER = "convert_hf_to_gguf.py"
FOLDER = "LLAMA_CPP"
"""The environment variable that names a checkout of llama.cpp."""
TAIL = 600
"""Characters of the converter's output that a failure is told with."""


def converter() -> Path | None:
    """llama.cpp's converter: in the checkout that LLAMA_CPP names, else on the PATH; None where it
    is in neither.
    """
    if checkout := os.environ.get(FOLDER):
        script = expanded(checkout) / CONVERTER
        return script if script.is_file() else None
    there = shutil.which(CONVERTER)
    return Path(there) if there else None


def write_gguf(policy: Path, out: Path) -> None:
    """Convert a policy's folder to a new GGUF file, in the numbers that its weights have. Blocks.

    Raises: ConfigError where the converter is not installed or fails, or for a file that is there.
    """
    script = converter()
    if script is None:
        raise ConfigError(
            f"llama.cpp's {CONVERTER} is not installed here: GGUF is written by nothing else. Name"
            f" a checkout of llama.cpp in {FOLDER}, or put the script on the PATH; or export the"
            " policy as a folder and convert it where llama.cpp is."
        )
    if out.exists():
        raise ConfigError(f"{out} is there already. Give a new name.")
    try:
        out.absolute().parent.mkdir(parents=True, exist_ok=True)
        with written_whole(out) as draft:
            command = [sys.executable, str(script), str(policy), "--outfile", str(draft)]
            done = subprocess.run(
                [*command, "--outtype", "auto"], capture_output=True, text=True, errors="replace"
            )
            if done.returncode or not draft.is_file():
                raise ConfigError(
                    f"llama.cpp's converter did not take the policy (exit status"
                    f" {done.returncode}): …{done.stderr.strip()[-TAIL:]}"
                )
    except OSError as error:
        raise ConfigError(f"{out} could not be written: {error}. Check the free space.") from error
