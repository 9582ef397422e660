"""A model's small files before a library reads them: a config.json that is no plausible model, that
would fetch code, or a chat template without end is refused in a sentence.

The template is tried in a child with a limit of memory and of computing time, because it is a
program.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from engine.errors import ConfigError

MAX_BYTES = 64_000_000
"""Of config.json and of a chat template: label maps may be long."""
MAX_DEPTH = 32
"""Of objects and lists in config.json."""
MAX_SIZES = {
    "num_hidden_layers": 10_000,
    "num_attention_heads": 100_000,
    "num_key_value_heads": 100_000,
    "hidden_size": 1_000_000,
    "intermediate_size": 10_000_000,
    "vocab_size": 100_000_000,
    "num_labels": 1_000_000,
    "num_experts": 100_000,
    "num_local_experts": 100_000,
}
"""More than any model has, by their names in config.json."""
TEMPLATE_S, TEMPLATE_MIB = 5, 2_048
"""CPU seconds and memory that a chat template may take for one short turn."""


def require_plausible(folder: Path, *, trust: bool) -> None:
    """Raises: ConfigError for a config.json or a chat template that no model has.

    Args:
        trust: whether code that comes with the model may run; then its config may name a kernel on
            the hub.
    """
    config = _read(folder / "config.json")
    if not isinstance(config, dict):
        raise ConfigError(f"{folder / 'config.json'} holds no object, so it describes no model.")
    _require_sizes(folder, config)
    if not trust and (named := _code_elsewhere(config)):
        raise ConfigError(
            f"{folder / 'config.json'} has {named}, which would fetch code and run it. Take that"
            " entry out, or set trust_remote_code = true if you trust where it comes from."
        )
    if template := _template(folder):
        _require_ending(folder, template)


def _read(path: Path) -> Any:
    if not path.is_file():
        return {}
    if path.stat().st_size > MAX_BYTES:
        raise ConfigError(
            f"{path} has {path.stat().st_size:,} bytes: at most {MAX_BYTES:,} are read."
        )
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except RecursionError:
        raise ConfigError(f"{path} is nested deeper than {MAX_DEPTH} levels.") from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} is not JSON: {str(error)[:120]}.") from None
    if _depth(read) > MAX_DEPTH:
        raise ConfigError(f"{path} is nested deeper than {MAX_DEPTH} levels.")
    return read


def _depth(value: Any) -> int:
    """Levels of objects and lists, level by level, so that none is too deep to count."""
    depth, level = 0, [value]
    while level := [inner for outer in level for inner in _inside(outer)]:
        depth += 1
    return depth


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _require_sizes(folder: Path, config: dict[str, Any]) -> None:
    for part in (config, *(value for value in config.values() if isinstance(value, dict))):
        for name, most in MAX_SIZES.items():
            n = part.get(name)
            if isinstance(n, int | float) and not isinstance(n, bool) and not 0 <= n <= most:
                raise ConfigError(
                    f"{folder / 'config.json'} has {name} = {str(n)[:20]}: it must be from 0 to"
                    f" {most:,}. Fetch the model's files again."
                )


def _code_elsewhere(config: dict[str, Any]) -> str | None:
    """The first entry that names code on the hub; None where there is none."""
    for name, value in config.items():
        if isinstance(value, dict):
            if inner := _code_elsewhere(value):
                return inner
        elif name.endswith("_implementation") and isinstance(value, str) and "/" in value:
            return f"{name} = {value[:80]}"
        elif name == "use_kernels" and value:
            return f"{name} = {value}"
    return None


def _template(folder: Path) -> str | None:
    file = folder / "chat_template.jinja"
    if file.is_file():
        return file.read_text(encoding="utf-8", errors="replace")
    settings = _read(folder / "tokenizer_config.json")
    template = settings.get("chat_template") if isinstance(settings, dict) else None
    return template if isinstance(template, str) else None


def _require_ending(folder: Path, template: str) -> None:
    """Try one short turn. A template that fails there for another reason fails where it is used."""
    try:
        tried = subprocess.run(
            [sys.executable, "-m", "engine.models.template_trial"],
            input=template.encode(),
            capture_output=True,
            timeout=6 * TEMPLATE_S,
            cwd=Path(__file__).parents[2],
        )
        ended = tried.returncode in (0, 1)
    except subprocess.TimeoutExpired:
        ended = False
    if not ended:
        raise ConfigError(
            f"The chat template of {folder} does not come to an end within {TEMPLATE_S} s of"
            f" computing and {TEMPLATE_MIB:,} MiB. Give the model another template."
        )
