"""MLflow, through its own library and as that is configured (MLFLOW_TRACKING_URI)."""

import os
import time
from collections.abc import Mapping, Sequence
from typing import Any

from engine.tracking import Row, Session, TrackerError

TAG = "hs_star_session"
MOST_PARAMETERS = 100
"""So many go into one request."""


def open_session(session: Session) -> "MlflowRun":
    """Begin a run of the experiment, or go on with the one of this session. Raises: TrackerError
    where the library is not told where to; whatever it raises.
    """
    if not os.environ.get("MLFLOW_TRACKING_URI"):
        raise TrackerError(
            "MLflow is not configured: set MLFLOW_TRACKING_URI to a server, or to a database such"
            " as sqlite:///mlflow.db."
        )
    return MlflowRun(session)


class MlflowRun:
    """A run of an MLflow experiment, without the library's global run."""

    def __init__(self, session: Session):
        from mlflow import MlflowClient  # pyright: ignore[reportMissingImports]

        self._client: Any = MlflowClient()
        self._id = self._found(session) or self._begun(session)

    def log(self, step: int, values: Mapping[str, float]) -> None:
        from mlflow.entities import Metric  # pyright: ignore[reportMissingImports]

        at = int(time.time() * 1000)
        metrics = [Metric(name, value, at, step) for name, value in values.items()]
        self._client.log_batch(self._id, metrics=metrics)

    def table(self, name: str, step: int, rows: Sequence[Row]) -> None:
        columns = {column: [row[column] for row in rows] for column in rows[0]}
        self._client.log_table(self._id, columns, artifact_file=f"{name}_{step}.json")

    def flush(self) -> None:
        """Every request has arrived when it returns."""

    def close(self) -> None:
        self._client.set_terminated(self._id)

    def _experiment(self, session: Session) -> str:
        known = self._client.get_experiment_by_name(session.project)
        return known.experiment_id if known else self._client.create_experiment(session.project)

    def _found(self, session: Session) -> str | None:
        mine = f"tags.{TAG} = '{session.name.replace(chr(39), '')}'"
        runs = self._client.search_runs([self._experiment(session)], mine, max_results=1)
        return runs[0].info.run_id if runs else None

    def _begun(self, session: Session) -> str:
        from mlflow.entities import Param  # pyright: ignore[reportMissingImports]

        tags = {TAG: session.name.replace("'", ""), "group": session.group}
        experiment = self._experiment(session)
        run = self._client.create_run(experiment, tags=tags, run_name=session.name)
        given = [Param(_key(name), str(v)[:500]) for name, v in session.settings.items()]
        for first in range(0, len(given), MOST_PARAMETERS):
            batch = given[first : first + MOST_PARAMETERS]
            self._client.log_batch(run.info.run_id, params=batch)
        return run.info.run_id


def _key(name: str) -> str:
    """What MLflow admits in the name of a parameter."""
    return "".join(c if c.isalnum() or c in "_-./ " else "_" for c in name)
