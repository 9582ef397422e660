"""Study: an open database and the runs in it.

The names here are those of the pages and of the command line; what they do is done by the same
functions.
"""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from engine import store
from engine.config import RunConfig, load_config, parse_config
from engine.errors import ConfigError
from engine.export.run import TABLES, table_batches
from engine.figures.comparison import Comparison, compare
from engine.figures.drawing import Drawing
from engine.figures.measure import measure
from engine.figures.pictures import picture
from engine.figures.summary import summarise
from engine.jobs.backup import back_up
from engine.notebook.work import Walker, WatchedJob
from engine.paths import expanded
from engine.store import Database
from engine.study import plans
from engine.study.handle import Iteration
from engine.study.runs import begin_next_iteration, create_run, fork, latest
from engine.types import Choice, Difficulty, JobKind, Plan

if TYPE_CHECKING:
    import pyarrow

MADE_BY = "notebook"


class Study:
    """One database. Close it when done, or use it in a with statement: a database has one owner,
    and neither the dashboard nor the command line can use it meanwhile.

    Args:
        path: the database file.
        create: make it if it is not there.

    Raises: ConfigError if it is not there; StoreLocked if another process has it open: see
    snapshot().
    """

    def __init__(self, path: str | Path, *, create: bool = False):
        path = expanded(path)
        if not create and not path.exists():
            raise ConfigError(f"There is no database at {path}. Give create=True to make one.")
        self._copied: TemporaryDirectory[str] | None = None
        self.db = Database(path)
        self.walker = Walker(self.db)

    @classmethod
    def snapshot(cls, path: str | Path) -> "Study":
        """A copy as of now, which the owner writes where there is one: to read what a dashboard
        shows while it goes on. What is changed in it is lost when it is closed, and the files
        beside the database, such as policies, are not in it.
        """
        folder = TemporaryDirectory(prefix="hs-star-")
        copy = Path(folder.name) / Path(path).name
        try:
            back_up(expanded(path).resolve(), copy)
            study = cls(copy)
        except BaseException:
            folder.cleanup()
            raise
        study._copied = folder
        return study

    def __enter__(self) -> "Study":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Study({str(self.db.path)!r}), {len(self.runs)} runs"

    def close(self) -> None:
        """End what is running and give the file back. Safe to call twice."""
        self.walker.close()
        self.db.close()
        if self._copied:
            self._copied.cleanup()

    @property
    def runs(self) -> "list[StudyRun]":
        """Every run, the newest first."""
        return [StudyRun(self, run.id) for run in store.runs.listed(self.db)]

    def run(self, which: str | None = None) -> "StudyRun":
        """The run with an id or a name; None for the newest. Raises: ConfigError."""
        rows = store.runs.listed(self.db)
        named = [run.id for run in rows if which in (None, run.id, run.name)]
        if not named:
            known = ", ".join(f"{run.id} ({run.name})" for run in rows) or "none yet"
            raise ConfigError(f"There is no run {which!r} in {self.db.path}. Runs: {known}.")
        return StudyRun(self, named[0])

    def begin(self, config: RunConfig | Mapping[str, Any] | str | Path) -> "StudyRun":
        """A new run with its first iteration begun; nothing is sampled yet.

        Args:
            config: a configuration, its tables as plain data, or the path of a file.

        Raises: ConfigError, ProblemSetError; nothing is stored then.
        """
        if isinstance(config, str | Path):
            config = load_config(config)
        elif not isinstance(config, RunConfig):
            config = parse_config({"name": "study", **config})
        return StudyRun(self, create_run(self.db, config))

    def compare(self, *which: str) -> Comparison:
        """Runs, by id or name, as figures side by side; all of them where none is named."""
        runs = [self.run(name) for name in which] or self.runs
        return compare([measure(self.db, run.id, label=run.name) for run in runs])


class StudyRun:
    """One run of a study. An iteration is meant by its number; left out, it is the newest."""

    def __init__(self, study: Study, id: str):
        self.study, self.id = study, id

    def __repr__(self) -> str:
        return f"StudyRun({self.id!r}, {self.name!r}), {self.n_iterations} iterations"

    @property
    def name(self) -> str:
        return store.runs.get(self._db, self.id).name

    @property
    def config(self) -> RunConfig:
        """As it was begun."""
        return self._at(0).config

    @property
    def n_iterations(self) -> int:
        """Iterations that are begun."""
        return self._at(None).number + 1

    def table(self, what: str, iteration: int | None = None) -> "pyarrow.Table":
        """A table of the run as the exports have it, in memory.

        Args:
            what: problems, responses, pairs, metrics, … (engine.export.run.TABLES).
            iteration: None for all.

        Raises: ConfigError for another name or iteration.
        """
        import pyarrow

        if what not in TABLES:
            raise ConfigError(f"{what!r} is no table: it must be one of {', '.join(TABLES)}.")
        return pyarrow.Table.from_batches(table_batches(self._db, what, self.id, iteration))

    def frame(self, what: str, iteration: int | None = None) -> Any:
        """As table, as a pandas.DataFrame."""
        return self.table(what, iteration).to_pandas()

    def classify(self, choice: Choice, iteration: int | None = None) -> "pyarrow.Table":
        """The class of every judged problem under a choice that need not be the committed one:
        problem_id, n_correct, n, phi_r, class.
        """
        import pyarrow

        it = self._at(iteration)
        e = store.samples.estimates(it)
        names = [Difficulty(d).name.lower() for d in plans.classes(it, e, choice).tolist()]
        return pyarrow.table(
            {
                "problem_id": pyarrow.array(e.problem_ids.tolist(), pyarrow.string()),
                "n_correct": pyarrow.array(e.n_correct),
                "n": pyarrow.array(e.n),
                "phi_r": pyarrow.array(e.phi_r, from_pandas=True),
                "class": pyarrow.array(names, pyarrow.string()),
            }
        )

    def plan(self, choice: Choice, iteration: int | None = None) -> Plan:
        """What committing a choice would bind. Raises: ConfigError."""
        return plans.plan(self._at(iteration), choice)

    def commit(self, choice: Choice) -> Plan:
        """Bind a plan for the newest iteration. Raises: AlreadyCommitted, ConfigError."""
        return plans.commit(self._at(None), choice, made_by=MADE_BY)

    def fork(self, iteration: int | None = None) -> "StudyRun":
        """A new run on the same pre-samples, to be committed in another way."""
        return StudyRun(self.study, fork(self._at(iteration)).run_id)

    def begin_next_iteration(self) -> int:
        """Returns: its number. Raises: ConfigError, ProblemSetError where it cannot begin."""
        return begin_next_iteration(self._db, self.id).number

    def figures(self) -> dict[str, Any]:
        """What `hs-star run --json` prints."""
        return summarise(self._db, self.id)

    def measured(self) -> dict[str, Any]:
        """The run's figures with their intervals, as plain data."""
        return asdict(measure(self._db, self.id).compared)

    def plot(
        self, what: str, iteration: int | None = None, *, choice: Choice | None = None
    ) -> Drawing:
        """A drawing that a notebook shows and save() writes as SVG.

        Args:
            what: accuracy, difficulty, training or classes.
            choice: with difficulty, the classes that colour the problems.

        Raises: ConfigError where there is nothing to draw yet.
        """
        return picture(self._at(iteration), what, choice)

    def start(self, kind: JobKind | str, iteration: int | None = None, **params: Any) -> WatchedJob:
        """Queue a job and let it work in the background; what a job owes is looked up in the
        study, so starting again goes on.

        Args:
            kind: presample, resample, train, evaluate, …
            params: the job's own, such as training settings or policy="before" of an evaluation.

        Raises: ConfigError for another kind.
        """
        return self.study.walker.start(self._at(iteration), kind, params)

    def walk(self, n_iterations: int | None = None) -> None:
        """Let the run go by itself to the end of its n-th iteration, as the configuration says by
        default, and wait. Raises: ConfigError without thresholds; EngineError where a job fails.
        """
        self.study.walker.walk(self.id, n_iterations or self.config.n_iterations, MADE_BY)

    @property
    def _db(self) -> Database:
        return self.study.db

    def _at(self, number: int | None) -> Iteration:
        """Raises: ConfigError for an iteration that has not begun."""
        if number is None:
            return latest(self._db, self.id)
        it = Iteration(self._db, self.id, number)
        store.runs.get_iteration(it)
        return it
