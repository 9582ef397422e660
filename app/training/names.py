"""What trainings are called among others: by what differs between them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import streamlit as st

from app import state
from app.training.siblings import said
from engine.config import training_config
from engine.store.jobs import Job, Training
from engine.study.handle import Iteration


@st.cache_data(show_spinner=False, max_entries=512)
def _settings(job_id: str, run_id: str, _job: Job) -> dict[str, Any]:
    """Of one training; they never change."""
    config = Iteration(state.database(), run_id, _job.iteration).config
    return asdict(training_config(config.training, _job.params))


def names(trainings: Sequence[Training], beside: Job) -> dict[str, str]:
    """What each is called beside one of them, by id: its run and iteration where those are others,
    and every setting that differs.
    """
    called = {row.id: _name(row, trainings, beside) for row in trainings}
    n_called = Counter(called.values())
    return {
        row.id: called[row.id]
        if n_called[called[row.id]] == 1
        else f"{called[row.id]}, training {row.number}"
        for row in trainings
    }


def _name(row: Training, rows: Sequence[Training], beside: Job) -> str:
    parts = [row.run_name] if row.run_id != beside.run_id else []
    of_run = {other.iteration for other in rows if other.run_id == row.run_id}
    if len(of_run | {beside.iteration}) > 1:
        parts.append(f"iteration {row.iteration}")
    mine, its = (_settings(job.id, job.run_id, job) for job in (row, beside))
    parts += [f"{name} {said(value)}" for name, value in mine.items() if its[name] != value]
    return ", ".join(parts) or "the same settings"
