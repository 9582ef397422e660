"""The rules of the house that import-linter does not hold (`make check` holds the layers), read
from the source with ast: what stays light, what names mean, how long code may be.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("app", "pages", "engine")
EVERYWHERE = (*ROOMS, "benchmarks", "tests", "docs")
HEAVY = {
    "torch",
    "transformers",
    "trl",
    "vllm",
    "datasets",
    "accelerate",
    "math_verify",
    "sympy",
    "pandas",
    "ray",
}
HEAVY_ON_PURPOSE = (
    "engine.grading.check",
    "engine.grading.bare",
    "engine.grading.points",
    "engine.starter",
)
"""What a checking process loads, and the workshop that builds the starter models: nothing else may
import them on its own import.
"""


def modules(*rooms: str) -> list[Path]:
    found = {
        room: [
            path for path in sorted((ROOT / room).rglob("*.py")) if "__pycache__" not in path.parts
        ]
        for room in rooms
    }
    assert all(found.values()), f"a rule looks at no file in one of {rooms}"
    return [path for paths in found.values() for path in paths]


def imported(path: Path, *, top_level: bool = False) -> set[str]:
    """Dotted names that a module imports; with top_level only those that importing it imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = _executed(tree) if top_level else ast.walk(tree)
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            names |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return names


def _executed(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield child
            yield from _executed(child)


def under(names: set[str], *packages: str) -> set[str]:
    return {name for name in names if any(name == p or name.startswith(f"{p}.") for p in packages)}


def offenders(paths: list[Path], *packages: str, top_level: bool = False) -> dict[str, set[str]]:
    assert paths, "the rule looks at no file"
    found = {
        str(path.relative_to(ROOT)): under(imported(path, top_level=top_level), *packages)
        for path in paths
    }
    return {path: names for path, names in found.items() if names}


def test_the_reader_of_imports_tells_a_module_from_a_function(tmp_path):
    source = tmp_path / "some.py"
    source.write_text(
        "import torch.nn\nclass A:\n    from sympy import sin\n    def f(self):\n        import"
        " duckdb\n"
    )
    assert imported(source) == {"torch.nn", "sympy", "sympy.sin", "duckdb"}
    assert imported(source, top_level=True) == {"torch.nn", "sympy", "sympy.sin"}


def test_the_method_is_numpy_and_the_standard_library_only():
    allowed = {"numpy", "engine.method", "engine.types", "engine.errors", *sys.stdlib_module_names}
    for path in modules("engine/method"):
        foreign = {
            n
            for n in imported(path)
            if n not in ("engine", "__future__") and not under({n}, *allowed)
        }
        assert not foreign, f"{path.name} imports {foreign}"


def test_no_page_imports_another_page():
    stems = [path.stem for path in modules("pages")]
    assert offenders(modules("pages", "app"), "pages") == {}
    assert offenders(modules("pages"), *stems, "app.main") == {}


def light_modules() -> list[Path]:
    return [
        path
        for path in modules("engine")
        if not under({".".join(path.relative_to(ROOT).with_suffix("").parts)}, *HEAVY_ON_PURPOSE)
    ]


@pytest.mark.parametrize("path", light_modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_heavy_libraries_are_imported_by_functions_only(path):
    assert under(imported(path, top_level=True), *HEAVY, *HEAVY_ON_PURPOSE) == set()


def test_no_module_is_named_after_nothing():
    nothing = (
        "util",
        "utils",
        "helper",
        "helpers",
        "manager",
        "handler",
        "handlers",
        "common",
        "misc",
    )
    assert [path for path in modules(*EVERYWHERE) if set(path.stem.split("_")) & set(nothing)] == []


def names_given(path: Path) -> Iterator[tuple[int, str]]:
    """Line and name of everything that a module assigns to, loops over or takes as a parameter."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg


def test_the_reader_of_names_sees_every_way_to_give_one(tmp_path):
    source = tmp_path / "some.py"
    source.write_text("def f(a):\n    (b, c), d = [e for e in a], (g := 1)\n    lambda h: b.i\n")
    assert {name for _, name in names_given(source)} == set("abcdegh")


def test_a_result_is_named_for_what_it_is_not_for_how_it_came():
    how_it_came = {"told", "made", "bound", "found", "kept"}
    named = [
        f"{path.relative_to(ROOT)}:{line} {name}"
        for path in modules(*ROOMS)
        for line, name in names_given(path)
        if name in how_it_came
    ]
    assert named == []


MOST_LONG_FUNCTIONS = 4
"""One flat declaration each: two model cards, a configuration file, the mounting of the plot."""


def test_no_module_is_longer_than_350_lines_and_no_test_than_500():
    limits = {path: 350 for path in modules("engine", "app", "pages", "benchmarks")}
    limits |= {path: 500 for path in modules("tests")}
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in limits}
    too_long = {path: n for path, n in lengths.items() if n > limits[path]}
    assert {str(path.relative_to(ROOT)): n for path, n in too_long.items()} == {}


def code_length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from def to the end, those of the docstring not counted."""
    whole = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function, clean=False) is None:
        return whole
    return whole - ((first.end_lineno or first.lineno) - first.lineno + 1)


def test_a_docstring_does_not_make_a_function_long():
    (function,) = ast.parse('def f(\n    x,\n):\n    """One\n    two."""\n    return x\n').body
    assert isinstance(function, ast.FunctionDef) and code_length(function) == 4


def test_few_functions_are_longer_than_40_lines():
    long = {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}": code_length(node)
        for path in modules(*ROOMS)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and code_length(node) > 40
    }
    assert len(long) <= MOST_LONG_FUNCTIONS, long


def test_at_most_8_modules_stand_at_the_root_of_the_engine():
    at_root = sorted(path.name for path in (ROOT / "engine").glob("*.py"))
    assert 0 < len(at_root) <= 8, at_root


def test_importing_the_engine_stays_light():
    loaded = _loaded_by("import engine")
    assert "engine.method.difficulty" in loaded
    heavy = {*HEAVY, "duckdb", "streamlit", "plotly", "pydantic", "pyarrow"}
    assert {name.partition(".")[0] for name in loaded} & heavy == set()


def test_importing_the_command_line_reads_no_model_library():
    loaded = _loaded_by(
        "import engine.__main__, engine.jobs.runner, engine.headless.run, engine.figures.summary,"
        " engine.export.run, engine.placement.worker"
    )
    assert "duckdb" in loaded
    assert {name.partition(".")[0] for name in loaded} & HEAVY - {"pandas"} == set()


def test_drawing_the_first_page_does_not_import_torch(tmp_path):
    draw = f"""
from streamlit.testing.v1 import AppTest
sys.argv = ["main.py", "--db", {str(tmp_path / "studio.duckdb")!r}]
app = AppTest.from_file({str(ROOT / "app" / "main.py")!r}, default_timeout=120).run()
assert not app.exception, [e.message for e in app.exception]
assert app.main.children, "the page drew nothing"
"""
    loaded = _loaded_by(draw)
    assert "streamlit" in loaded and "engine.jobs.runner" in loaded
    assert {name.partition(".")[0] for name in loaded} & {
        "torch",
        "transformers",
        "trl",
        "vllm",
        "math_verify",
    } == set()


def _loaded_by(code: str) -> set[str]:
    """Names in sys.modules of a fresh interpreter after some code."""
    program = f"import sys\n{code}\nprint('\\nLOADED', *sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=180
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.rpartition("LOADED")[2].split())
