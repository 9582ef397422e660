"""What each setting may be by itself, read from its type: in words, and as a check by pydantic."""

from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from types import NoneType
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

from pydantic import TypeAdapter, ValidationError

from engine.errors import ConfigError

T = TypeVar("T")
_TYPES = {
    int: "whole number",
    float: "number",
    str: "text",
    bool: "true or false",
    dict: "table",
}
_OF_RANGE = {
    "greater_than",
    "greater_than_equal",
    "less_than",
    "less_than_equal",
    "finite_number",
    "too_short",
    "literal_error",
}
"""pydantic's errors that are told in words of our own."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a setting may be."""

    type: str
    """whole number, number, text, true or false, choice, table, or "list of" some of these."""
    range: str = ""
    """What the value must be, such as "above 0 and at most 1"; empty if any value of the type."""
    choices: tuple[str, ...] = ()
    each: str = ""
    """What every element of several must be, as range."""


@cache
def allowed(hint: Any) -> Allowed:
    """What a field's type says about its values.

    >>> from pydantic import Field
    >>> allowed(Annotated[float, Field(gt=0, le=1)] | None)
    Allowed(type='number', range='above 0 and at most 1, or left out', choices=(), each='')
    """
    arms = [arm for arm in get_args(hint) if arm is not NoneType]
    if NoneType not in get_args(hint):
        return _allowed(hint)
    inner = _allowed(arms[0])
    return replace(inner, range=f"{inner.range}, or left out") if inner.range else inner


def _allowed(hint: Any) -> Allowed:
    bounds: dict[str, Any] = {}
    if get_origin(hint) is Annotated:
        hint, *infos = get_args(hint)
        for constraint in (constraint for info in infos for constraint in info.metadata):
            bounds |= {name: getattr(constraint, name) for name in constraint.__slots__}
    origin = get_origin(hint) or hint
    if origin is Literal:
        choices = get_args(hint)
        return Allowed("choice", f"one of {', '.join(choices)}", choices)
    if origin is tuple:
        inner = _allowed(get_args(hint)[0])
        few = "one or more" if bounds.get("min_length") else ""
        some = f"{few}, each {inner.range}" if few and inner.range else few
        return Allowed(f"list of {inner.type}s", some, inner.choices, inner.range)
    return Allowed(_TYPES[origin], _interval(bounds))


def _interval(bounds: dict[str, Any]) -> str:
    """A range of numbers in words."""
    match {name: _number(limit) for name, limit in bounds.items()}:
        case {"ge": least, "le": most}:
            return f"from {least} to {most}"
        case {"ge": least, "lt": end}:
            return f"at least {least} and below {end}"
        case {"gt": start, "le": most}:
            return f"above {start} and at most {most}"
        case {"gt": start, "lt": end}:
            return f"above {start} and below {end}"
        case {"ge": least}:
            return f"{least} or more"
        case {"gt": start}:
            return f"above {start}"
    return ""


def _number(limit: float) -> str:
    return "2**63" if limit == 2**63 else f"{limit:g}"


def read(table: type[T], raw: Any, where: str = "") -> T:
    """A table, or the whole configuration, from plain data.

    Args:
        where: the table's name in the configuration, put before a field's in the sentence.
    Raises: ConfigError for the first field that is missing, of another type or out of its range.
    """
    try:
        return _reader(table).validate_python(raw)
    except ValidationError as error:
        raise ConfigError(_sentence(table, error, where)) from None


@cache
def _reader(table: type[T]) -> TypeAdapter[T]:
    """Making a reader takes longer than using it, and every page reads a configuration."""
    return TypeAdapter(table)


def _sentence(table: type, error: ValidationError, where: str) -> str:
    first = error.errors()[0]
    names = [str(part) for part in first["loc"] if not isinstance(part, int)]
    field = ".".join([where, *names] if where else names)
    if first["type"] == "missing":
        return f"{field} is missing: give it a value."
    is_each = len(names) < len(first["loc"])
    known = allowed(_hint(table, names)) if first["type"] in _OF_RANGE else Allowed("")
    must = known.each if is_each else known.range
    if not must:
        reason = f"{first['msg'][0].lower()}{first['msg'][1:]}"
        return f"{field} {'holds' if is_each else 'is'} {first['input']!r}: {reason}."
    if is_each:
        return f"{field} holds {first['input']!r}: each must be {must}."
    return f"{field} is {first['input']!r}: it must be {must}."


def _hint(table: Any, names: list[str]) -> Any:
    """The type of the field that a path of names leads to."""
    for name in names:
        table = next(f.type for f in fields(table) if is_dataclass(table) and f.name == name)
    return table


def require(setting: str, value: object, holds: bool, allowed: str) -> None:
    """Raises: ConfigError, which names the setting, its value and what is allowed, unless it
    holds.
    """
    if not holds:
        raise ConfigError(f"{setting} is {value}: it must be {allowed}.")
