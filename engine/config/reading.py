"""From TOML, JSON or plain data to a checked configuration and back."""

import json
import tomllib
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from engine.config.checks import check_together
from engine.config.implicit import OWN
from engine.config.ranges import read
from engine.config.run import RunConfig
from engine.config.training import TrainingConfig
from engine.errors import ConfigError


def load_config(path: str | Path) -> RunConfig:
    """Read and check a TOML or .json file; a relative path in it to problems, a model or an
    accelerate file is taken from the file's folder.

    Raises: ConfigError naming the field, its value and what is allowed.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
        raw = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except FileNotFoundError:
        raise ConfigError(f"There is no configuration file at {path}.") from None
    except OSError as error:
        raise ConfigError(
            f"{path} could not be read: {error.strerror}. Give a TOML file."
        ) from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(
            f"{path} is not valid {'JSON' if path.suffix == '.json' else 'TOML'}: {error}."
        ) from None
    if not isinstance(raw, dict):
        raise ConfigError(f"{path} holds no settings: it must be a JSON object.")
    raw.setdefault("name", path.stem)
    return parse_config(_resolve_paths(raw, path.parent))


def parse_config(raw: dict[str, Any]) -> RunConfig:
    """A checked configuration from plain data. Raises: ConfigError."""
    config = read(RunConfig, _forbid_unknown(raw))
    check_together(config)
    return config


def plain_config(config: RunConfig) -> dict[str, Any]:
    """The resolved configuration as plain data: parse_config gives the same configuration back."""
    return asdict(config)


def _forbid_unknown(raw: dict[str, Any]) -> dict[str, Any]:
    tables = {name: f.type for name, f in RunConfig.__dataclass_fields__.items()}
    for name, value in raw.items():
        if name not in tables:
            raise ConfigError(f"{name} is not a setting: use {', '.join(tables)}.")
        known = getattr(tables[name], "__dataclass_fields__", None)
        if known is None or not isinstance(value, dict):
            continue
        for inner in value:
            if inner not in known:
                raise ConfigError(f"{name}.{inner} is not a setting: use {', '.join(known)}.")
    return raw


_PATHS = (
    ("problems", "train"),
    ("problems", "held_out"),
    ("policy", "path"),
    ("reward", "path"),
    ("implicit", "reference"),
    ("training", "accelerate_config"),
    ("init", "accelerate_config"),
)


def named_paths(config: RunConfig) -> dict[str, str]:
    """What a configuration's settings name that may be a place on this machine, by setting, such as
    problems.train; those that are left out are not there. The one list of such settings.
    """
    tables = plain_config(config)
    named = {f"{table}.{name}": tables[table][name] for table, name in _PATHS}
    return {setting: value for setting, value in named.items() if value}


def _resolve_paths(raw: dict[str, Any], folder: Path) -> dict[str, Any]:
    for table, name in _PATHS:
        value = raw.get(table, {}).get(name) if isinstance(raw.get(table), dict) else None
        if not isinstance(value, str) or value in ("", "starter", OWN):
            continue
        if not Path(value).is_absolute() and (folder / value).exists():
            raw[table][name] = str((folder / value).resolve())
    return raw


def training_config(defaults: TrainingConfig, params: dict[str, Any]) -> TrainingConfig:
    """A run's training settings with what a person changed for one training."""
    changed = {name: tuple(v) if isinstance(v, list) else v for name, v in params.items()}
    return replace(defaults, **changed)
