"""A database for the browser tests, filled without a model, and a server over it that can be killed
and started again.
"""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks.serving import free_port, serve, start
from engine import store
from engine.events import Graded, OptimiserStep, PolicySaved, Sampled, Scored
from engine.paths import ROOT
from engine.store import Database, record
from engine.study import pairing, plans
from engine.study.handle import Iteration
from engine.study.runs import create_run
from engine.study.sample_sets import evaluation_sets, make_known
from engine.types import Choice, Response, StepScores, Verdict
from tests.small_runs import small

HOSTILE = (
    '<img src="http://192.0.2.1/img" onerror="window.hacked = 1"><script>window.hacked ='
    " 1</script>\n\n![a](http://192.0.2.1/md) [click](http://192.0.2.1/link)"
    " <http://192.0.2.1/auto> http://192.0.2.1/bare"
    " www.example.com\n\n$\\href{http://192.0.2.1/math}{x} \\includegraphics{http://192.0.2.1/tex}$"
    " :material/delete: :red[not red] # Heading\n\n<iframe"
    ' src="http://192.0.2.1/frame"></iframe><style>body{display:none}</style> | a | b |\n\n'
)
"""Four steps that would load, link, run or hide something if any of it were markup."""
N_TRAIN = 12
METRICS = (
    "loss",
    "rewards/margins",
    "rewards/accuracies",
    "rewards/chosen",
    "rewards/rejected",
    "grad_norm",
    "learning_rate",
)


@contextmanager
def own_tab(chromium, folder: Path, page_name: str = "", *, limit_ms: int = 60_000) -> Iterator:
    """A tab on a dashboard of its own, started in this folder over a new database there. Fails at
    the end if a script of the page failed.
    """
    arguments = ("--db", str(folder / "studio.duckdb"))
    with serve(ROOT / "app" / "main.py", *arguments, log=folder / "log.txt", cwd=folder) as url:
        page, wrong = chromium.new_page(viewport={"width": 1440, "height": 1000}), []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.set_default_timeout(limit_ms)
        page.goto(f"{url}/{page_name}")
        yield page
        page.close()
        assert wrong == []


@contextmanager
def running(folder: Path) -> Iterator["Studio"]:
    """A studio over a database in this folder, new or with runs that are older than its own."""
    made = Studio(folder)
    made.start()
    try:
        yield made
    finally:
        made.stop()


def settled(tab) -> None:
    """Wait until the script of the page has run."""
    tab.wait_for_timeout(200)
    tab.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()


class Studio:
    """The address of the dashboard over one database with three runs: hostile, trainable, fresh."""

    def __init__(self, folder: Path):
        self.folder, self.path, self.port = folder, folder / "studio.duckdb", free_port()
        db = Database(self.path)
        self.hostile = _hostile_run(db, folder)
        self.trainable = create_run(
            db,
            small(
                name="Trainable",
                problems={"n_train": 30},
                training={"n_epochs": 400, "checkpoint_every_s": 1.0},
            ),
        )
        _resampled(db, self.trainable)
        self.fresh = create_run(db, small(name="Fresh"))
        _answer(db, self.fresh, "presample_set", range(3))
        db.close()
        self._process = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def at(self, page: str, run_id: str, **query: object) -> str:
        """The link to a page of a run."""
        more = "".join(f"&{name}={value}" for name, value in query.items())
        return f"{self.url}/{page}?run={run_id}&iteration=0{more}"

    def start(self) -> None:
        self._process = start(
            ROOT / "app" / "main.py",
            self.port,
            "--db",
            str(self.path),
            log=self.folder / "log.txt",
            cwd=self.folder,
        )

    def kill(self) -> None:
        """End the server as a power cut would."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        self._process.terminate()
        with suppress(Exception):
            self._process.wait(timeout=20)
        self._process.kill()


def _hostile_run(db: Database, folder: Path) -> str:
    """A finished iteration in which every text that a model or a file gives is an attack."""
    file = folder / "hostile.jsonl"
    file.write_text(
        "".join(
            json.dumps({"question": f"{HOSTILE} Number {i}?", "answer": "4"}) + "\n"
            for i in range(2 * N_TRAIN)
        )
    )
    run_id = create_run(db, small(name="Hostile", problems={"train": str(file)}))
    _resampled(db, run_id)
    for number in range(2):
        job = store.jobs.add(Iteration(db, run_id, 0), "train", {"n_epochs": number + 1})
        store.jobs.set_state(db, job, "running")
        for step in range(1, 31):
            record(
                db,
                job,
                1,
                OptimiserStep(
                    step, 30, {name: (0.7 - 0.01 * step) * (number + 1) for name in METRICS}
                ),
            )
        record(db, job, 1, PolicySaved("f" * 16, "/nowhere"))
        store.jobs.set_state(db, job, "done")
    for number, policy_id in (
        (0, Iteration(db, run_id, 0).row.policy_id),
        (1, "f" * 16),
    ):
        for samples in evaluation_sets(Iteration(db, run_id, 0).config, policy_id, number):
            make_known(db, samples)
            _answer(
                db,
                run_id,
                samples.id,
                range(1 if samples.purpose == "greedy" else 2),
                role="held_out",
            )
    failed = store.jobs.add(Iteration(db, run_id, 0), "evaluate", {"policy": "before"})
    store.jobs.set_state(db, failed, "running")
    store.jobs.set_state(db, failed, "failed", error=f"The worker said: {HOSTILE}")
    return run_id


def _resampled(db: Database, run_id: str) -> None:
    _answer(db, run_id, "presample_set", range(3))
    plan = plans.commit(
        Iteration(db, run_id, 0),
        Choice(tau_l=0.25, tau_h=0.65, mode="both", strategy="boundary"),
        made_by="tab 1",
    )
    _answer(db, run_id, "resample_set", {id: range(3, 3 + n) for id, n in plan.allocation.items()})
    pairing.make_pairs(Iteration(db, run_id, 0))


def _answer(
    db: Database, run_id: str, which: str, wanted: range | dict[str, range], *, role: str = "train"
) -> None:
    """Record responses: of problem i, i % 4 of 4 are right, so that every class occurs. which: a
    column or a sample set's id.
    """
    set_id = getattr(Iteration(db, run_id, 0).row, which, which)
    ids = list(store.problems.of_run(db, run_id, role, 0 if role == "train" else None))
    wanted = wanted if isinstance(wanted, dict) else dict.fromkeys(ids, wanted)
    rows = [
        (id, index, (i + index) % 4 < i % 4 or i % 4 == 3)
        for i, id in enumerate(ids)
        for index in wanted.get(id, ())
    ]
    responses = [
        Response(
            id,
            index,
            1,
            f"{HOSTILE}The answer is \\boxed{{{4 + (not ok)}}}.",
            "stop",
            9,
            tuple(range(5, 14)),  # the starter cannot spell such a text: this is what is trained on
        )
        for id, index, ok in rows
    ]
    verdicts = [
        ((id, index), Verdict(ok, "4" if ok else HOSTILE, "correct" if ok else "wrong", HOSTILE))
        for id, index, ok in rows
    ]
    record(db, "none", 1, Sampled(set_id, responses))
    record(db, "none", 1, Graded(set_id, verdicts))
    if role == "train":
        scores = [
            (
                (id, index),
                StepScores((0.9, 0.8, 0.7, 0.95, 0.8) if ok else (0.6, 0.1, 0.4, 0.5, 0.2)),
            )
            for id, index, ok in rows
        ]
        record(db, "none", 1, Scored(set_id, store.runs.get(db, run_id).prm_id, scores))
