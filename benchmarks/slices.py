"""How long one thread keeps all others waiting while a page with responses that were made for it is
drawn: the longest slice of CPU between two ticks of a thread beside it.
"""

import sys
import tempfile
from pathlib import Path

from streamlit import config
from streamlit.testing.v1 import AppTest

from benchmarks.hostile import Watch
from benchmarks.rows import Row, alone
from engine.paths import ROOT
from engine.store import Database
from tests.browser.studio import Studio

N_DRAWS = 3
UNITS = ("$a ", "$$ $", r"\[", r"\boxed{", "a\n\nb\n\n", "    @://", "**", "the answer is 4. ")
N_CHARS = 12_000


def measure() -> list[Row]:
    """Blocks for about a minute."""
    config.set_option("server.address", "127.0.0.1")
    with tempfile.TemporaryDirectory() as folder:
        studio = Studio(Path(folder))
        _make_hostile(studio.path)
        sys.argv = ["main.py", "--db", str(studio.path)]
        views = {
            name: _longest_ms("responses", run=studio.hostile, iteration="0", **query)
            for name, query in (("one opened", {"row": "1"}), ("side by side", {"view": "problem"}))
        }
        return [alone(f"slices: responses, {name}", ms, "ms") for name, ms in views.items()]


def _make_hostile(path: Path) -> None:
    """Every response is 12,000 characters of one unit."""
    db = Database(path)
    with db.transaction() as cursor:
        for number, unit in enumerate(UNITS):
            cursor.execute(
                "UPDATE responses SET text = ? WHERE hash(problem_id, idx) % ? = ?",
                [(unit * N_CHARS)[:N_CHARS], len(UNITS), number],
            )
    db.close()


def _longest_ms(page: str, **query: str) -> list[float]:
    """Of each draw but the first, which imports."""
    longest = []
    for _ in range(N_DRAWS + 1):
        at = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=300)
        at.query_params.update(query)
        at.run()
        with Watch() as watch:
            at.switch_page(f"../pages/{page}.py").run()
        if at.exception:
            raise RuntimeError(at.exception[0].value)
        longest.append(1000 * watch.longest_own_s)
    return longest[1:]
