"""Weights & Biases, through its own library and as that is configured: WANDB_MODE=offline, or a key
that it finds by itself. Nobody is asked for one, and none is stored.
"""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from engine.method.seeds import stable_hash
from engine.tracking import Row, Session, TrackerError

STEP = "step"


def open_session(session: Session) -> "WandbRun":
    """Begin a run, or go on with the one of this session. Raises: TrackerError where the library is
    not logged in; whatever it raises.
    """
    import wandb  # pyright: ignore[reportMissingImports]

    is_local = os.environ.get("WANDB_MODE", "online") in ("offline", "disabled", "dryrun")
    if not is_local and not wandb.login(prompt=False, verify=False):
        raise TrackerError(
            "W&B is not configured: log in with `wandb login`, set WANDB_API_KEY, or set"
            " WANDB_MODE=offline."
        )
    return WandbRun(session)


class WandbRun:
    """A run of a W&B project; steps are a column of their own, because its own only grow."""

    def __init__(self, session: Session):
        import wandb  # pyright: ignore[reportMissingImports]

        session.folder.mkdir(parents=True, exist_ok=True)
        self._run: Any = wandb.init(
            project=session.project,
            group=session.group,
            name=session.name,
            id=f"{stable_hash('wandb', session.name):016x}",
            resume="allow",
            config=dict(session.settings),
            dir=str(session.folder),
            reinit="create_new",
            settings=wandb.Settings(silent=True, console="off"),
        )
        self._run.define_metric("*", step_metric=STEP)

    def log(self, step: int, values: Mapping[str, float]) -> None:
        self._run.log({STEP: step, **values})

    def table(self, name: str, step: int, rows: Sequence[Row]) -> None:
        import wandb  # pyright: ignore[reportMissingImports]

        columns = list(rows[0])
        cells = [[row[column] for column in columns] for row in rows]
        self._run.log({STEP: step, name: wandb.Table(columns=columns, data=cells)})

    def flush(self) -> None:
        """It sends by itself, from a process of its own."""

    def close(self) -> None:
        self._run.finish()
