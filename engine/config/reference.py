"""Every setting in words, read from the tables and the docstrings in them.

As a page of the documentation:

    python -m engine.config.reference > docs/configuration.md
"""

import ast
import inspect
import json
import sys
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from functools import cache
from typing import Any

from engine.config.checks import named_backends
from engine.config.ranges import allowed
from engine.config.run import RunConfig
from engine.config.templates import TEMPLATES
from engine.method.strategies import strategies

HEADER = """\
# Configuration

A run is configured by one TOML file; a .json file with the same tables works as well. What it
leaves out has the default below, and what cannot be used is refused before a model is loaded, in a
sentence that names the setting, its value and what is allowed. A relative path to problems, a model
or an accelerate file is taken from the file's folder; what does not exist there is taken as a name,
such as a hub id.

This page is generated: `python -m engine.config.reference > docs/configuration.md`.

The shortest file that is complete:

```toml
[problems]
train = "starter:train"
held_out = "starter:held_out"
n_train = 400
n_held_out = 400

[policy]
path = "starter"

[reward]
path = "starter"
```
"""
MOST_SHOWN = 8
"""Elements of a default that are shown before the middle is left out."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting, as a form or a page shows it."""

    table: str
    """Its table's name; empty for what stands at the top of the file."""
    name: str
    type: str
    """In words, such as whole number: as engine.config.ranges.Allowed.type."""
    default: Any
    """dataclasses.MISSING if there is none; None if it is left out by default."""
    range: str
    """What the value must be by itself, such as "1 or more"; empty if any of its type."""
    choices: tuple[str, ...]
    """The values it takes, or that its elements take; empty if they are not a list."""
    help: str
    """The docstring under the field, on one line."""

    @property
    def is_required(self) -> bool:
        return self.default is MISSING


def settings() -> tuple[Setting, ...]:
    """Every setting, in the order of the tables: first those at the top of a file."""
    top = tuple(_setting("", RunConfig, f) for f in fields(RunConfig) if not is_dataclass(f.type))
    return top + tuple(
        _setting(name, table, f) for name, table in tables().items() for f in fields(table)
    )


def tables() -> dict[str, type]:
    """The tables of a configuration by name."""
    return {
        f.name: f.type
        for f in fields(RunConfig)
        if isinstance(f.type, type) and is_dataclass(f.type)
    }


def _setting(table: str, of: type, f: Field) -> Setting:
    default = f.default if f.default_factory is MISSING else f.default_factory()
    known = allowed(f.type)
    named = named_backends() | {"difficulty.strategy": tuple(strategies())}
    choices = named.get(f"{table}.{f.name}", known.choices)
    kind = "choice" if choices and known.type == "text" else known.type
    span = known.range or (f"one of {', '.join(choices)}" if choices else "")
    return Setting(table, f.name, kind, default, span, choices, _helps(of).get(f.name, ""))


@cache
def _helps(table: type) -> dict[str, str]:
    """The docstring under each field of a table, its own or the one of the table it extends."""
    helps = _helps(table.__base__) if is_dataclass(table.__base__) else {}
    for node in ast.walk(ast.parse(inspect.getsource(sys.modules[table.__module__]))):
        if isinstance(node, ast.ClassDef) and node.name == table.__name__:
            helps = helps | _docstrings(node)
    return helps


def _docstrings(table: ast.ClassDef) -> dict[str, str]:
    return {
        field.target.id: " ".join(below.value.value.split())
        for field, below in zip(table.body, table.body[1:])
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(below, ast.Expr)
        and isinstance(below.value, ast.Constant)
        and isinstance(below.value.value, str)
    }


def page() -> str:
    """The text of docs/configuration.md."""
    top = [s for s in settings() if not s.table]
    parts = [HEADER, "## At the top of the file\n", *_rows(top)]
    for name, table in tables().items():
        shown = [s for s in settings() if s.table == name]
        parts += ["", f"## {name}\n", f"{_about(table)}\n"]
        if is_dataclass(table.__base__):
            base = next(n for n, t in tables().items() if t is table.__base__)
            parts += [f"It has every setting of [{base}](#{base}); these differ:\n"]
            shown = [s for s in shown if s.name in inspect.get_annotations(table)]
        parts += _rows(shown)
    parts += ["", "## Strategies\n", "What `difficulty.strategy` names, and its own options:\n"]
    parts += [f"- `{s.name}`: {s.about}{_options(s.options)}" for s in strategies().values()]
    parts += ["", "## Templates\n", _OF_TEMPLATES]
    parts += [f"- `{name}`, {t.label}: {t.about}" for name, t in TEMPLATES.items()]
    return "\n".join(parts) + "\n"


_OF_TEMPLATES = """\
`hs-star run FILE --template NAME` runs a configuration as one of these methods, with the same
models and as many sampled responses:
"""


def _rows(shown: list[Setting]) -> list[str]:
    head = ["| setting | value | default | meaning |", "|---|---|---|---|"]
    return head + [
        f"| `{s.name}` | {_value(s)} | {_default(s.default)} | {s.help} |" for s in shown
    ]


def _value(s: Setting) -> str:
    if s.choices:
        named = ", ".join(f"`{choice}`" for choice in s.choices)
        return f"list of {named}" if s.type.startswith("list") else named
    span = s.range.removesuffix(", or left out")
    return f"{s.type}, {span}" if span else s.type


def _default(value: Any) -> str:
    """A default as TOML has it."""
    if value is MISSING:
        return "required"
    if value is None:
        return "left out"
    if isinstance(value, tuple) and len(value) > MOST_SHOWN:
        return f"`[{value[0]}, {value[1]}, …, {value[-1]}]`"
    return f"`{json.dumps(value, ensure_ascii=False)}`"


def _about(table: type) -> str:
    return " ".join((inspect.getdoc(table) or "").split())


def _options(options: Mapping[str, Any]) -> str:
    listing = ", ".join(f"`{name}` = `{json.dumps(value)}`" for name, value in options.items())
    return f" Options: {listing}." if listing else ""


if __name__ == "__main__":
    sys.stdout.write(page())
