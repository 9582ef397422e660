"""TensorBoard: event files, a folder per session, written by TensorBoard's own library."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from engine.tracking import Row, Session
from engine.tracking.texts import as_block

FOLDER = "tensorboard"


def open_session(session: Session) -> "EventFiles":
    """A new event file in the session's folder; what is there already stays."""
    return EventFiles(session)


class EventFiles:
    """Curves as scalars, tables as texts."""

    def __init__(self, session: Session):
        from tensorboard.summary.writer.event_file_writer import EventFileWriter  # pyright: ignore[reportMissingImports]

        folder = session.folder / FOLDER / session.group / session.name
        self._file = EventFileWriter(str(folder))

    def log(self, step: int, values: Mapping[str, float]) -> None:
        from tensorboard.plugins.scalar.summary_v2 import scalar_pb  # pyright: ignore[reportMissingImports]

        for name, value in values.items():
            self._add(step, scalar_pb(name, value))

    def table(self, name: str, step: int, rows: Sequence[Row]) -> None:
        """TensorBoard reads texts as Markdown: a model's stand in blocks that it leaves alone."""
        from tensorboard.plugins.text.summary_v2 import text_pb  # pyright: ignore[reportMissingImports]

        for number, row in enumerate(rows):
            cells = [f"**{column}**\n\n{as_block(str(cell))}" for column, cell in row.items()]
            self._add(step, text_pb(f"{name}/{number}", "\n\n".join(cells)))

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self._file.close()

    def _add(self, step: int, summary: Any) -> None:
        """summary: a message of TensorBoard's protocol, whose classes are made at its import."""
        from tensorboard.compat.proto import event_pb2  # pyright: ignore[reportMissingImports]

        message: Any = event_pb2
        event = message.Event(summary=summary, step=step, wall_time=time.time())
        self._file.add_event(event)
