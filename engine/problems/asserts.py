"""The tests of a code problem, read: asserts and pairs of standard input and output, and which
names they ask of a program. Pure; nothing is run.
"""

import ast
import builtins
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from engine.grading.extraction import without_surrogates
from engine.problems.shapes import RowError, kind_of

MAX_TESTS = 200

PAIR = ("input", "output")


def tests_of(row: Mapping[str, Any], tests: Any, field: str, code: str | None) -> dict[str, Any]:
    """What a program is checked by: {"tests", "setup", "names"}, the last two where there are some.

    Args:
        tests: asserts as texts, or objects with input and output.
        code: a program that passes them, which says what of their names is the program's own.

    Raises:
        RowError: no test, too many, or one that is neither.
    """
    if not isinstance(tests, Sequence) or not 1 <= len(tests) <= MAX_TESTS:
        n = len(tests) if isinstance(tests, Sequence) else kind_of(tests)
        raise RowError(field, f"{field} holds {n}: a list of 1 to {MAX_TESTS:,} tests is needed.")
    read = [_test(test, f"{field}[{place}]") for place, test in enumerate(tests)]
    asserts = [test for test in read if isinstance(test, str)]
    if not asserts:
        return {"tests": read}
    setup = _setup(row)
    names, modules = _names("\n".join([*asserts]), setup, code, field)
    setup = "\n".join([*(f"import {module}" for module in modules), *([setup] if setup else [])])
    given = row.get("names")
    names = [str(name) for name in given] if isinstance(given, list) else names
    return {"tests": read, **({"setup": setup} if setup else {}), "names": names}


def pairs_of(value: Any) -> list[dict[str, str]] | None:
    """Inputs and outputs of a program, also as JSON; None where it is something else."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    if not isinstance(value, Mapping) or not {"inputs", "outputs"} <= value.keys():
        return None
    return [
        {"input": _lines(given), "output": _lines(wanted)}
        for given, wanted in zip(value["inputs"], value["outputs"])
    ]


def _lines(value: Any) -> str:
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value)


def _test(test: Any, field: str) -> str | dict[str, str]:
    if isinstance(test, str) and test.strip():
        return without_surrogates(test).strip()
    if isinstance(test, Mapping) and all(isinstance(test.get(name), str) for name in PAIR):
        return {name: without_surrogates(test[name]) for name in PAIR}
    raise RowError(field, f"{field} is neither an assert nor an object with input and output.")


def _setup(row: Mapping[str, Any]) -> str:
    imports = row.get("test_imports")
    imports = [str(line) for line in imports] if isinstance(imports, list) else []
    own = next((row[name] for name in ("setup", "test_setup_code") if row.get(name)), "")
    return without_surrogates("\n".join([*imports, str(own)]).strip())


def _names(asserts: str, setup: str, code: str | None, field: str) -> tuple[list[str], list[str]]:
    """Names that the program has to define, and modules of the standard library that tests use
    without importing them.
    """
    try:
        tree, before = ast.parse(asserts), ast.parse(setup)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise RowError(field, f"{field} is not Python: {str(error)[:120]}.") from None
    own = _defined(code)
    read = {n.id for t in (tree, before) for n in ast.walk(t) if isinstance(n, ast.Name)}
    given = {
        node.id
        for part in (tree, before)
        for node in ast.walk(part)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    given |= {arg.arg for t in (tree, before) for arg in ast.walk(t) if isinstance(arg, ast.arg)}
    given |= _bound_by(before)
    asked = {name for name in read - given if name in own or not hasattr(builtins, name)}
    modules = {name for name in asked - own if name in sys.stdlib_module_names}
    return sorted(asked - modules), sorted(modules)


def _defined(code: str | None) -> set[str]:
    try:
        return _bound_by(ast.parse(code or ""), imports=False)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()


def _bound_by(tree: ast.Module, *, imports: bool = True) -> set[str]:
    """Names of functions and classes at the top, and of imports."""
    names = {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    if imports:
        names |= {
            (alias.asname or alias.name).partition(".")[0]
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
    return names
