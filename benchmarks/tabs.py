"""Studies at which five tabs of a browser work while the dashboard is killed again and again, with
files damaged between the attempts: each ends as one that nothing happened to.

    python -m benchmarks tabs --kills 40

The tabs load pages, all at once, and all of them press what begins, resumes or continues the study.
A page that fails with more than a sentence counts as wrong, as in `endurance`. An attempt that will
not go on over damaged files, because its job fails again and again or the database is not opened,
ends, and the files are put back.
"""

import itertools
import random
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks.attempts import HOWS, LIMIT_S, PARENT, Ended, Family, Stop, do, possible
from benchmarks.by_itself import BEGINS, ORDERED_BY, End, prepare
from benchmarks.damage import STATUS
from benchmarks.endurance import DAMAGED_SHARE, Study, Tally, looked_up, progress, report
from benchmarks.rows import Row
from benchmarks.serving import CHROMIUM, CHROMIUM_FLAGS, free_port, start
from benchmarks.ui import APP, SETTLED
from engine import store
from engine.errors import EngineError
from engine.jobs.status import published
from engine.jobs.unattended import next_order
from engine.store import Database
from tests.small_runs import small

N_KILLS, N_TABS = 40, 5
PAGES = ("run", "", "difficulty", "plan", "responses", "pairs", "training", "compare", "export")
PRESSED = (BEGINS, "Resume", "Continue")
MOMENT = "a turn of the tabs"
PATIENCE = 4
"""Turns in which nothing goes on, whatever is pressed, until an attempt is taken for refused."""
PAGE_LIMIT_MS = 120_000


def measure(n_kills: int = N_KILLS, *, seed: int = 0) -> list[Row]:
    """Blocks for about half a minute per kill."""
    from playwright.sync_api import sync_playwright

    tally, rng = Tally(), random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="tabs-") as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        with suppress(KeyboardInterrupt):  # what was done until then is reported
            _endure(Path(folder), browser, n_kills, rng, tally)
    return report(tally)


def _endure(folder: Path, browser: Any, n_kills: int, rng: random.Random, tally: Tally) -> None:
    unbroken = TabStudy(folder / "unbroken", "worker", Tally(), browser)
    unbroken.endure(itertools.repeat(_stop_at(10**9, PARENT)), rng, damaged_share=0)
    while tally.stops.total() < n_kills:
        study = TabStudy(folder / "study", rng.choice(("worker", "inline")), tally, browser)
        stops = (_random_stop(rng) for _ in itertools.count())
        if study.endure(stops, rng, damaged_share=DAMAGED_SHARE):
            study.compare(unbroken.db)
        progress(tally, n_kills)


def _random_stop(rng: random.Random) -> Stop:
    return _stop_at(rng.randint(1, 2), rng.choice(HOWS), rng.uniform(0, 1))


def _stop_at(turn: int, how: str, after_s: float = 0.0) -> Stop:
    return Stop(MOMENT, turn, turn, how, after_s)


class TabStudy(Study):
    """One study that is worked on from a dashboard, whose published status tells how it goes on."""

    _spared = (STATUS,)

    def __init__(self, folder: Path, placement: str, tally: Tally, browser: Any):
        super().__init__(folder, placement, tally)
        self._browser, self._is_begun = browser, True
        self._run_id = prepare(self.db, [small(placement=placement)])[0]

    def _run(self, stops: Iterator[Stop], rng: random.Random) -> Ended:
        log, port = self.db.with_name("server.txt"), free_port()
        log.unlink(missing_ok=True)
        process = start(APP, port, "--db", str(self.db), log=log, new_session=True)
        tabs = _Tabs(self._browser, f"http://127.0.0.1:{port}", self._run_id)
        ended, family = Ended(None, ""), Family(process)
        try:
            self._work(process, tabs, family, stops, ended, rng)
        except Exception as error:  # of the browser, or a page that failed: counted, with its words
            ended.words += f"Traceback of a tab: {error!r}"
        finally:
            tabs.close()
            if process.poll() is None:
                process.terminate()
            process.wait()
        ended.words += _words(log.read_text(errors="replace"))
        ended.n_left = family.n_left()
        if ended.status is None:
            ended.status = self._status()
        return ended

    def _status(self) -> int | None:
        """1 where the database was made anew or cannot be read, which no kill does: damage; 0 where
        a server was killed when all was done, which no other one says again; else None.
        """
        try:
            return looked_up(self.db, self._status_in)
        except EngineError:
            return 1

    def _status_in(self, db: Database) -> int | None:
        if self._run_id not in {run.id for run in store.runs.listed(db)}:
            return 1
        order = next_order(db, self._run_id, small().n_iterations, made_by=ORDERED_BY)
        return None if order else 0

    def _work(
        self,
        process: subprocess.Popen,
        tabs: "_Tabs",
        family: Family,
        stops: Iterator[Stop],
        ended: Ended,
        rng: random.Random,
    ) -> None:
        """Turns of the tabs until a stop kills the server or the study goes no further."""
        end, going = End(self.db, self._run_id), _Going(self.db, process.pid)
        until, next_stop, n_turns = time.monotonic() + LIMIT_S, next(stops), 0
        while not end.has_come():
            if going.n_still >= PATIENCE:
                ended.status = 1
                return
            if time.monotonic() > until:
                ended.is_hung = True
                return
            tabs.go()
            n_turns += not going.n_still  # what does not go on has to say so before it is killed
            if n_turns == next_stop.number and not going.n_still:
                time.sleep(next_stop.after_s)
                children = family.look()
                ended.stops.append(possible(next_stop, children))
                if do(ended.stops[-1], process, children, rng):
                    return
                next_stop, n_turns = next(stops), 0
            tabs.settle_and_press()
            going.look()
        ended.status = 0


def _words(log: str) -> str:
    """What a server said, without the tracebacks that Streamlit prints of errors which a page shows
    as a sentence; those of threads stay.
    """
    return log if "Exception in thread" in log else log.replace("Traceback", "Trace")


class _Going:
    """Whether a server's study goes on, as far as its published status tells."""

    def __init__(self, database: Path, pid: int):
        self._database, self._pid = database, pid
        self.n_still = 1
        """Looks in a row at which no job of this server ran or was done: before the first look
        nothing has shown that it goes on.
        """

    def look(self) -> None:
        said = published(self._database) or {}
        goes_on = said.get("pid") == self._pid and said.get("state") != "failed"
        self.n_still = 0 if goes_on else self.n_still + 1


class _Tabs:
    """Some tabs at work on one run."""

    def __init__(self, browser: Any, url: str, run_id: str):
        self._url, self._run_id = url, run_id
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        context.set_default_timeout(PAGE_LIMIT_MS)
        self._context = context
        self._pages = [context.new_page() for _ in range(N_TABS)]
        self._turns = itertools.count()

    def go(self) -> None:
        """Every tab begins to load another page; the first one stays on the run's."""
        turn = next(self._turns)
        for place, page in enumerate(self._pages):
            name = PAGES[(turn + place) % len(PAGES) if place else 0]
            address = f"{self._url}/{name}?run={self._run_id}&iteration=0"
            page.goto(address, wait_until="commit")

    def settle_and_press(self) -> None:
        """Wait until all of them are drawn, then press in all of them at once what is offered.

        Raises: RuntimeError with what a page failed with, or that it was not drawn in time.
        """
        for page in self._pages:
            page.bring_to_front()  # one that nobody sees may draw nothing
            try:
                page.wait_for_function(SETTLED)
            except Exception as error:
                raise RuntimeError(f"{page.url} was not drawn: {error}") from error
            failed = page.get_by_test_id("stException")
            if failed.count():
                raise RuntimeError(f"{page.url}: {failed.first.inner_text()}")
        for page, name in itertools.product(self._pages, PRESSED):
            button = page.get_by_role("button", name=name, exact=True)
            if button.count():
                with suppress(Exception):  # drawn anew while it is pressed
                    button.first.dispatch_event("click", timeout=1000)

    def close(self) -> None:
        self._context.close()
