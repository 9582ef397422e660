"""What runs inside the sandbox, as a script of its own: `script` runs a program, `program` lets a
program answer calls, `tests` runs the tests that call it, from another sandbox.

Program and tests share nothing but two pipes with plain data on them. Whatever a program does in
its own interpreter, all that it can say is what a call gives; it never says whether a test passed.

    python inside.py ROLE MEMORY_MIB CPU_S FILE_MIB DESCRIPTOR...

It imports the standard library alone: nothing else is there.
"""

import ast
import builtins
import contextlib
import json
import os
import resource
import sys
import types
from collections.abc import Callable
from typing import Any

MAX_MESSAGE = 16 << 20
"""Bytes of one call or its outcome."""

MAX_SHOWN = 200

_CONTAINERS: tuple[type, ...] = (list, tuple, set, frozenset)


def encode(value: Any, handle: Callable[[Any], int]) -> Any:
    """Plain data as JSON has it; anything else as the number that `handle` gives it."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return {"int": hex(value)}
    if isinstance(value, float):
        return {"float": float.hex(value)}
    if isinstance(value, complex):
        return {"complex": [value.real.hex(), value.imag.hex()]}
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    for kind in _CONTAINERS:
        if isinstance(value, kind):
            return {kind.__name__: [encode(item, handle) for item in value]}
    if isinstance(value, dict):
        pairs = [[encode(key, handle), encode(item, handle)] for key, item in value.items()]
        return {"dict": pairs}
    return {"object": handle(value)}


def decode(data: Any, resolve: Callable[[int], Any]) -> Any:
    """The way back. Raises: ValueError, TypeError for anything that encode does not write."""
    if data is None or isinstance(data, bool | str):
        return data
    ((kind, value),) = data.items()
    if kind == "int":
        return int(value, 16)
    if kind == "float":
        return float.fromhex(value)
    if kind == "complex":
        return complex(*map(float.fromhex, value))
    if kind == "bytes":
        return bytes.fromhex(value)
    if kind == "dict":
        return {decode(key, resolve): decode(item, resolve) for key, item in value}
    if kind == "object":
        return resolve(value)
    container = next(c for c in _CONTAINERS if c.__name__ == kind)
    return container([decode(item, resolve) for item in value])


def run_script(program: str, name: str = "__main__") -> types.ModuleType:
    """Runs a program as a module. Raises: whatever it does."""
    module = types.ModuleType(name)
    sys.modules[name], sys.argv = module, ["program.py"]
    exec(compile(program, "program.py", "exec"), module.__dict__)
    return module


class Answering:
    """The program's side: names, calls, attributes, items of its objects."""

    def __init__(self, module: types.ModuleType) -> None:
        self._objects: list[Any] = [module]

    def answer(self, request: dict[str, Any]) -> Any:
        one: Any = self._objects[request["of"]]
        given = [decode(item, self._objects.__getitem__) for item in request.get("args", ())]
        named = request.get("kwargs", {})
        named = {key: decode(item, self._objects.__getitem__) for key, item in named.items()}
        actions: dict[str, Callable[..., Any]] = {
            "call": lambda *args, **kwargs: one(*args, **kwargs),
            "get": lambda name: getattr(one, name),
            "set": lambda name, value: setattr(one, name, value),
            "item": lambda key: one[key],
            "iterate": lambda: list(one),
            "length": lambda: len(one),
        }
        return encode(actions[request["do"]](*given, **named), self._handle)

    def _handle(self, value: Any) -> int:
        self._objects.append(value)
        return len(self._objects) - 1


def answer_calls(program: str, calls: int, outcomes: int) -> None:
    """Serves until the tests end."""
    reader, writer = os.fdopen(calls, "rb"), os.fdopen(outcomes, "wb", buffering=0)

    def say(message: dict[str, Any]) -> None:
        writer.write(json.dumps(message).encode() + b"\n")

    try:
        answering = Answering(run_script(program, "program"))
    except BaseException as error:
        say({"raised": type(error).__name__, "text": _text(error)})
        return
    say({"value": None})
    for line in reader:
        try:
            say({"value": answering.answer(json.loads(line))})
        except BaseException as error:
            say({"raised": type(error).__name__, "text": _text(error)})


class ProgramEnded(Exception):
    """The program's process is gone, or speaks no sense."""


class Link:
    """The tests' side of the two pipes."""

    def __init__(self, outcomes: int, calls: int) -> None:
        self._reader, self._writer = os.fdopen(outcomes, "rb"), os.fdopen(calls, "wb", buffering=0)

    def ask(self, do: str, of: int, *args: Any, **kwargs: Any) -> Any:
        """What the program gives. Raises: what it raised, ProgramEnded."""
        given = [encode(item, _number_of) for item in args]
        named = {key: encode(item, _number_of) for key, item in kwargs.items()}
        request = json.dumps({"do": do, "of": of, "args": given, "kwargs": named})
        try:
            self._writer.write(request.encode() + b"\n")
        except OSError:
            raise ProgramEnded("the program's process ended") from None
        return self.outcome()

    def outcome(self) -> Any:
        line = self._reader.readline(MAX_MESSAGE)
        if not line:
            raise ProgramEnded("the program's process ended")
        try:
            outcome = json.loads(line)
            if "raised" not in outcome:
                return decode(outcome["value"], lambda number: Remote(self, number))
            name, text = str(outcome["raised"]), str(outcome["text"])
        except Exception as error:
            raise ProgramEnded(f"what a call gave cannot be read: {_text(error)}") from None
        raise _exception(name, text)


def _exception(name: str, text: str) -> Exception:
    """An exception of Python's own by its name, else a RuntimeError that says the name."""
    kind = getattr(builtins, name, None)
    if isinstance(kind, type) and issubclass(kind, Exception):
        with contextlib.suppress(TypeError):
            return kind(text)
    return RuntimeError(f"{name}: {text}")


class Remote:
    """An object of the program that is no plain data; it equals nothing but itself."""

    __slots__ = ("_link", "_number")

    def __init__(self, link: Link, number: int) -> None:
        object.__setattr__(self, "_link", link)
        object.__setattr__(self, "_number", int(number))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._link.ask("call", self._number, *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return self._link.ask("get", self._number, name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._link.ask("set", self._number, name, value)

    def __getitem__(self, key: Any) -> Any:
        return self._link.ask("item", self._number, key)

    def __iter__(self) -> Any:
        return iter(self._link.ask("iterate", self._number))

    def __len__(self) -> int:
        return self._link.ask("length", self._number)

    def __bool__(self) -> bool:
        return True


def _number_of(value: Any) -> int:
    if isinstance(value, Remote):
        return value._number
    raise TypeError(f"a {type(value).__name__} cannot be handed to the program")


def run_tests(task: dict[str, Any], link: Link, say: Callable[[dict[str, Any]], None]) -> None:
    """Runs the tests in order up to the first that fails."""
    space: dict[str, Any] = {"__name__": "tests"}
    try:
        link.outcome()
    except Exception as error:
        say({"failed": 0, "why": f"the program does not run: {_named(error)}"})
        return
    try:
        for name in task["names"]:
            try:
                space[name] = link.ask("get", 0, name)
            except AttributeError:
                continue
        exec(compile(task["setup"], "setup", "exec"), space)
    except BaseException as error:
        say({"failed": 0, "why": f"before the first test, {_named(error)}"})
        return
    for number, test in enumerate(task["tests"]):
        say({"begins": number})
        try:
            why = failure(test, space)
        except BaseException as error:
            why = _named(error)
        if why:
            say({"failed": number, "why": why})
            return
    say({"passed": len(task["tests"])})


def failure(test: str, space: dict[str, Any]) -> str:
    """Why a test fails; empty where it passes. Raises: what the program or the test does."""
    tree = ast.parse(test)
    match tree.body:
        case [ast.Assert(test=ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]))]:
            value = eval(compile(ast.Expression(left), "test", "eval"), space)
            wanted = eval(compile(ast.Expression(right), "test", "eval"), space)
            return "" if value == wanted else f"it gave {_shown(value)}"
    try:
        exec(compile(tree, "test", "exec"), space)
    except AssertionError as error:
        return _text(error) or "it does not hold"
    return ""


def _shown(value: Any) -> str:
    try:
        text = "an object of its own" if isinstance(value, Remote) else repr(value)
    except Exception:
        text = f"a {type(value).__name__}"
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…"


def _named(error: BaseException) -> str:
    if isinstance(error, ProgramEnded):
        return _text(error)
    return f"{type(error).__name__}: {_text(error)}"


def _text(error: BaseException) -> str:
    try:
        return str(error)[:MAX_SHOWN]
    except Exception:
        return ""


def _report(descriptor: int, said: dict[str, Any]) -> None:
    os.write(descriptor, json.dumps(said).encode() + b"\n")


def _content(descriptor: int) -> str:
    with os.fdopen(descriptor, "rb") as file:
        return file.read().decode("utf-8", "replace")


def limit(memory_mib: int, cpu_s: int, file_mib: int) -> None:
    """No way back up: hard limits, and no capability to raise them."""
    limits = {
        resource.RLIMIT_AS: memory_mib << 20,
        resource.RLIMIT_FSIZE: file_mib << 20,
        resource.RLIMIT_NOFILE: 64,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
    }
    for which, most in limits.items():
        resource.setrlimit(which, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))


def main(role: str, memory_mib: int, cpu_s: int, file_mib: int, *descriptors: int) -> None:
    limit(memory_mib, cpu_s, file_mib)
    content = _content(descriptors[0])
    if role == "script":
        os.write(descriptors[1], b"started")
        os.close(descriptors[1])
        run_script(content)
    elif role == "program":
        answer_calls(content, *descriptors[1:])
    else:
        outcomes, calls, report = descriptors[1:]
        link = Link(outcomes, calls)
        run_tests(json.loads(content), link, lambda said: _report(report, said))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
