"""Paths into a row: columns, the fields of objects, the places of lists, and JSON that a cell holds
as text. Pure.

    prompt[-1].content   reward_model.ground_truth   samples[*].text   meta["odd.name"]   {a} {b}

[*] gives a list, of every place. The last one is a template: it joins columns, each path in braces.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from engine.errors import ProblemSetError

MAX_DEPTH = 6
MAX_PATHS = 200
SAMPLE_CHARS = 80
_STEP = re.compile(r"""\.?([^.\[\]]+)|\[(-?\d+|\*)\]|\["([^"]*)"\]""")
_HOLE = re.compile(r"\{([^{}]+)\}")
_SPEAKERS = {"role", "from"}
_PLAIN = re.compile(r"[^.\[\]{}\"]+\Z")


class _Missing:
    """Nothing is there."""


class _Each:
    """Every place of a list."""

    def __repr__(self) -> str:
        return "EACH"


MISSING, EACH = _Missing(), _Each()
Step = str | int | _Each


@lru_cache(maxsize=512)
def steps_of(path: str) -> tuple[Step, ...]:
    """The steps of a path: names, and places from 0 or, backwards, from -1.

    >>> steps_of('prompt[-1].content')
    ('prompt', -1, 'content')

    Raises: ProblemSetError: it is none.
    """
    steps: list[Step] = []
    position = 0
    while position < len(path):
        step = _STEP.match(path, position)
        if step is None:
            raise ProblemSetError(
                f"{path!r} is no path: write it like prompt[-1].content, or join several in a"
                " template like {Body} {Question}."
            )
        name, place, quoted = step.groups()
        steps.append(_place(place) if place is not None else quoted if quoted is not None else name)
        position = step.end()
    return tuple(steps)


def _place(text: str) -> int | _Each:
    return EACH if text == "*" else int(text)


def value_at(row: Mapping[str, Any], path: str) -> Any:
    """The value at a path; a column of exactly this name goes first. MISSING where nothing is."""
    if path in row:
        return row[path]
    return _below(row, steps_of(path))


def _below(value: Any, steps: tuple[Step, ...]) -> Any:
    for place, step in enumerate(steps):
        value = _opened(value)
        if step is EACH:
            parts = value if isinstance(value, list) else []
            inside = [_below(part, steps[place + 1 :]) for part in parts]
            return [None if one is MISSING else one for one in inside] or MISSING
        value = _child(value, step)
        if value is MISSING:
            return MISSING
    return value


def _child(value: Any, step: Step) -> Any:
    if isinstance(step, str):
        return value.get(step, MISSING) if isinstance(value, Mapping) else MISSING
    if not isinstance(step, int) or not isinstance(value, list | tuple):
        return MISSING
    return value[step] if -len(value) <= step < len(value) else MISSING


def _opened(value: Any) -> Any:
    """JSON that is held as text, as the structure it is."""
    if isinstance(value, str) and value[:1] in "[{" and len(value) > 1:
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def paths_in(spec: str) -> list[str]:
    """The paths of a template; the path itself where there is no hole.

    >>> paths_in("{Body} {Question}"), paths_in("answer")
    (['Body', 'Question'], ['answer'])
    """
    return _HOLE.findall(spec) or [spec]


def looked_up(row: Mapping[str, Any], spec: str) -> Any:
    """What a path or a template gives for a row; MISSING where a part of it is not there."""
    if spec in row or not _HOLE.search(spec):
        return value_at(row, spec)
    values = {path: value_at(row, path) for path in paths_in(spec)}
    if any(value is MISSING or value is None for value in values.values()):
        return MISSING
    return _HOLE.sub(lambda hole: str(values[hole.group(1)]), spec)


def paths_of(rows: Iterable[Any]) -> dict[str, str]:
    """Every path to a value in some rows, with the first value there in short; MAX_PATHS at most.

    Lists of objects are followed at every, the last and the first place, conversations at the last
    two; a list of plain values is a value itself.
    """
    paths: dict[str, str] = {}
    for row in rows:
        if not isinstance(row, Mapping):
            continue
        whole = {f'["{name}"]': str(name) for name in row}
        for path, value in _leaves(row, "", MAX_DEPTH):
            path = whole.get(path, path)
            if not paths.get(path) and (path in paths or len(paths) < MAX_PATHS):
                paths[path] = _in_short(value)
    return paths


def _leaves(value: Any, at: str, depth: int) -> Iterator[tuple[str, Any]]:
    inside = _opened(value)
    if isinstance(inside, Mapping) and inside and depth:
        for name, part in inside.items():
            yield from _leaves(part, f"{at}{_named(str(name), bool(at))}", depth - 1)
        return
    if isinstance(inside, list) and depth and any(isinstance(part, Mapping) for part in inside):
        if not any(isinstance(part, Mapping) and part.keys() & _SPEAKERS for part in inside):
            yield from _leaves(inside[0], f"{at}[*]", depth - 1)
        for place in (-1, 0) if len(inside) > 1 else (-1,):
            yield from _leaves(inside[place], f"{at}[{place}]", depth - 1)
        return
    yield at, value


def _named(name: str, is_inside: bool) -> str:
    if not _PLAIN.match(name):
        return f'["{name}"]'
    return f".{name}" if is_inside else name


def _in_short(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = " ".join(text.split())
    return text if len(text) <= SAMPLE_CHARS else f"{text[:SAMPLE_CHARS]}…"
