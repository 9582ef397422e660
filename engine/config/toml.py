"""A configuration as the text of a TOML file that reads back as the same configuration."""

import json
from dataclasses import asdict

from engine.config.run import RunConfig


def as_toml(config: RunConfig, notes: list[str] = ()) -> str:
    """A configuration as the text of a TOML file that load_config reads; notes stand on top as
    comments.
    """
    tables = asdict(config)
    lines = [f"# {' '.join(note.split())}" for note in notes]
    lines += _settings(
        {name: value for name, value in tables.items() if not isinstance(value, dict)}
    )
    for name, table in tables.items():
        if isinstance(table, dict):
            lines += ["", f"[{name}]", *_settings(table)]
    return "\n".join(lines) + "\n"


def _settings(table: dict) -> list[str]:
    """None is said by leaving the setting out: every setting that may be None is None by
    default.
    """
    return [f"{name} = {_value(value)}" for name, value in table.items() if value is not None]


def _value(value: str | bool | int | float | tuple | list | dict) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name} = {_value(v)}' for name, v in value.items())}}}"
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value) if isinstance(value, bool) else repr(value)
