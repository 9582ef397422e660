"""A study is watched in other tools while it works: their own readers show the points, a resumed
job sends nothing twice, and a tracker that fails costs the job a note.
"""

from collections import defaultdict
from pathlib import Path

import pytest

from engine import store, tracking
from engine.events import OptimiserStep
from engine.store import Database
from engine.study.handle import Iteration
from engine.tracking.following import Following, tracked, trackers_of
from engine.tracking.session import end_figures, session_of
from engine.tracking.texts import as_block, as_span
from engine.types import JobKind
from tests.small_runs import until
from tests.stored_studies import study


@pytest.fixture
def watched(db) -> Iteration:
    """A finished iteration without a model, watched in a fake."""
    return Iteration(db, study(db, tracking={"trackers": ["trackio"]}), 0)


class Fake:
    """What one session was told."""

    sessions: dict[str, "Fake"]

    def __init__(self):
        self.points, self.tables, self.is_closed = defaultdict(dict), {}, False

    def log(self, step, values):
        for name, value in values.items():
            assert step not in self.points[name], f"{name} was sent twice at {step}"
            self.points[name][step] = value

    def table(self, name, step, rows):
        self.tables[name] = list(rows)

    def flush(self): ...

    def close(self):
        self.is_closed = True


@pytest.fixture
def fakes(monkeypatch) -> dict[str, Fake]:
    sessions: dict[str, Fake] = {}
    monkeypatch.setattr(
        "engine.tracking.following.open_tracker",
        lambda name, session: sessions.setdefault(f"{name} {session.name}", Fake()),
    )
    return sessions


def train_job(it: Iteration) -> store.jobs.Job:
    return store.jobs.get(it.db, store.jobs.add(it, JobKind.TRAIN, {"beta": 0.2}))


def steps(db: Database, job_id: str, *numbers: int, attempt: int = 1) -> None:
    logged = [OptimiserStep(n, 9, {"loss": 1 / n, "rewards/margins": n}) for n in numbers]
    store.metrics.add(db, job_id, attempt, logged)


def ended(it: Iteration, job, *, is_whole: bool = True) -> None:
    with tracked(it.db, job) as following:
        following.is_whole = is_whole


def test_curves_are_sent_while_a_training_works_and_only_once_over_attempts(watched, fakes):
    job = train_job(watched)
    following = Following(watched.db, job)
    following.look()
    assert not fakes, "nothing is opened before there is something to say"
    steps(watched.db, job.id, 1, 2)
    following.look()
    (fake,) = fakes.values()
    assert fake.points["train/loss"] == {1: 1.0, 2: 0.5} and not fake.is_closed
    steps(watched.db, job.id, 2, 3, attempt=2)
    ended(watched, job)
    assert fake.points["train/loss"] == {1: 1.0, 2: 0.5, 3: 1 / 3} and fake.is_closed
    ended(watched, job)


def test_phases_say_budget_classes_and_accuracy_with_a_table_of_responses(watched, fakes):
    for kind, params in (("presample", {}), ("resample", {}), ("evaluate", {"policy": "before"})):
        job_id = store.jobs.add(watched, kind, params)
        ended(watched, store.jobs.get(watched.db, job_id))
    (fake,) = fakes.values()
    figures = {name: points[0] for name, points in fake.points.items()}
    assert figures["iteration/budget/presampled"] == 36
    classes = [figures[f"iteration/classes/{name}"] for name in ("inlier", "boundary", "outlier")]
    assert sum(classes) == 12 and figures["iteration/n_pairs"] > 0
    assert 0 <= figures["iteration/eval/before/mean"] <= 1
    assert set(fake.tables) == {"responses/presample", "responses/resample", "responses/evaluate"}
    row = fake.tables["responses/presample"][0]
    assert row["response"].startswith("presample_set") and row["correct"] in (True, False)
    assert len(fake.tables["responses/presample"]) == 8


def test_a_job_that_failed_sends_its_curve_and_no_result(watched, fakes):
    job = store.jobs.get(watched.db, store.jobs.add(watched, "resample", {}))
    ended(watched, job, is_whole=False)
    assert not fakes
    ended(watched, job)
    assert len(fakes) == 1, "its next attempt does"


def test_a_tracker_is_chosen_in_the_middle_and_gets_the_curve_from_its_beginning(watched, fakes):
    job = train_job(watched)
    following = Following(watched.db, job)
    steps(watched.db, job.id, 1, 2, 3)
    following.look()
    store.tracking.choose(watched.db, watched.run_id, ("tensorboard",), made_by="tab 1")
    following.look()
    (first, late) = fakes.values()
    assert late.points == first.points and trackers_of(watched) == ("tensorboard",)
    store.tracking.choose(watched.db, watched.run_id, (), made_by="tab 1")
    steps(watched.db, job.id, 4)
    following.look()
    assert 4 not in late.points["train/loss"] and trackers_of(watched) == ()


def test_a_second_training_of_an_iteration_is_a_session_of_its_own(watched):
    first, again = (train_job(watched) for _ in range(2))
    names = [session_of(watched, job).name for job in (first, again)]
    presample = store.jobs.get(watched.db, store.jobs.add(watched, "presample", {}))
    assert session_of(watched, presample).name in names or "M0" in names[0]
    assert len(set(names)) == 2 and session_of(watched, first).settings["sampling/n"] == 8


@pytest.mark.parametrize("where", ["open", "log", "close"])
def test_a_tracker_that_fails_is_said_once_and_stops_nothing(watched, fakes, monkeypatch, where):
    def broken(*_):
        raise RuntimeError("the server is gone")

    if where == "open":
        monkeypatch.setattr("engine.tracking.following.open_tracker", broken)
    else:
        monkeypatch.setattr(Fake, where, broken)
    job = train_job(watched)
    following = Following(watched.db, job)
    for number in (1, 2, 3):
        steps(watched.db, job.id, number)
        following.look()
    following.is_whole = True
    following.end()
    (note,) = store.jobs.notes(watched.db, job.id)
    assert "trackio: " in note.text and "the server is gone" in note.text


def test_a_tracker_that_hangs_is_left_alone(watched, fakes, monkeypatch):
    import threading

    gate = threading.Event()
    monkeypatch.setattr(Fake, "log", lambda *_: gate.wait(60))
    monkeypatch.setattr("engine.tracking.following.FINISH_S", 0.1)
    job = train_job(watched)
    steps(watched.db, job.id, 1)
    ended(watched, job)
    notes = [note.text for note in store.jobs.notes(watched.db, job.id)]
    gate.set()
    for thread in threading.enumerate():
        if thread.name == "tracking":
            thread.join()
    assert store.tracking.sent(watched.db, job.id, "trackio").step == -1
    assert notes == ["The trackers took longer than 0.1 s and are left alone."]


def test_a_library_that_is_missing_is_named_with_what_to_do(watched, monkeypatch):
    monkeypatch.setattr(tracking, "find_spec", lambda name: None)
    job = train_job(watched)
    steps(watched.db, job.id, 1)
    ended(watched, job)
    (note,) = store.jobs.notes(watched.db, job.id)
    assert "The library trackio is not installed: `pip install trackio`" in note.text


def test_a_model_s_text_is_code_to_readers_of_markdown():
    hostile = "![](http://x/?q)\r\n# title\u2028```\n<img src=x>"
    assert all(line.startswith("    ") for line in as_block(hostile).split("\n"))
    assert as_span(hostile).startswith("````") and as_span(hostile).endswith("````")
    assert "\n" not in as_span(hostile)


def test_wandb_and_mlflow_are_not_used_before_they_are_configured(watched, monkeypatch):
    pytest.importorskip("mlflow", reason="mlflow is not installed")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with pytest.raises(tracking.TrackerError, match="MLFLOW_TRACKING_URI"):
        tracking.open_tracker("mlflow", session_of(watched, train_job(watched)))


def tensorboard_points(folder: Path) -> tuple[dict[str, dict[int, float]], list[str]]:
    """Curves by name, and the names of texts, as TensorBoard's own reader sees them."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util import tensor_util

    curves: dict[str, dict[int, float]] = {}
    texts: list[str] = []
    for session in {path.parent for path in folder.rglob("events.out.tfevents.*")}:
        read = EventAccumulator(str(session), size_guidance={"tensors": 0})
        read.Reload()
        for tag in read.Tags()["tensors"]:
            plugin = read.SummaryMetadata(tag).plugin_data.plugin_name
            if plugin == "text":
                texts.append(tag)
                continue
            values = {
                e.step: float(tensor_util.make_ndarray(e.tensor_proto)) for e in read.Tensors(tag)
            }
            curves.setdefault(tag, {}).update(values)
    return curves, texts


def trackio_points(project: str) -> tuple[dict[str, dict[int, float]], list[str]]:
    """As tensorboard_points, of trackio's own store."""
    from trackio.sqlite_storage import SQLiteStorage

    curves: dict[str, dict[int, float]] = {}
    tables: list[str] = []
    for run in SQLiteStorage.get_runs(project):
        for row in SQLiteStorage.get_logs(project, run):
            for name, value in row.items():
                if isinstance(value, dict):
                    tables.append(name)
                elif isinstance(value, int | float) and name != "step":
                    curves.setdefault(name, {})[row["step"]] = float(value)
    return curves, tables


def read_back(name: str, it: Iteration) -> tuple[dict[str, dict[int, float]], list[str]]:
    if name == "tensorboard":
        return tensorboard_points(it.db.artifacts / "tracking")
    return trackio_points(it.config.tracking.project)


@pytest.mark.parametrize("name", ["tensorboard", "trackio"])
def test_its_own_reader_shows_the_points_while_it_trains_and_what_came_of_it(name, db, request):
    pytest.importorskip(name, reason=f"{name} is not installed")
    tracking = {"trackers": [name], "project": request.node.name}
    it = Iteration(db, study(db, tracking=tracking), 0)
    job = train_job(it)
    following = Following(db, job)
    steps(db, job.id, 1, 2)
    following.look()
    curve = lambda: read_back(name, it)[0].get("train/loss", {})
    until(lambda: curve() == {1: 1.0, 2: 0.5}, "the points of a training that is running")
    steps(db, job.id, 3, 4)
    following.end()
    resample = store.jobs.get(db, store.jobs.add(it, "resample", {}))
    ended(it, resample)
    curves, tables = read_back(name, it)
    assert curves["train/loss"] == pytest.approx({1: 1.0, 2: 0.5, 3: 1 / 3, 4: 0.25})
    expected = end_figures(it, resample)
    sent = {n: next(iter(points.values())) for n, points in curves.items() if n in expected}
    assert sent == pytest.approx(expected) and len(expected) > 5
    assert any(table.startswith("responses/resample") for table in tables)
    assert not store.jobs.notes(db, job.id) and not store.jobs.notes(db, resample.id)
