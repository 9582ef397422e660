"""The only room that imports duckdb: events in, typed records out, one file per noun.

Ask it by noun: store.runs.get(db, id), store.commits.find(at), store.jobs.unfinished(db).
"""

from engine.store import (
    board,
    checkpoints,
    commits,
    comparison,
    decisions,
    deletion,
    exports,
    hand_pairs,
    interim,
    jobs,
    labels,
    loads,
    metrics,
    opinions,
    owed,
    pairs,
    problems,
    resamples,
    responses,
    rewards,
    runs,
    samples,
    side_samples,
    tags,
    unattended,
)
from engine.store.connection import Database, now
from engine.store.events import record
from engine.store.place import Place

__all__ = [
    "Database",
    "Place",
    "board",
    "checkpoints",
    "commits",
    "comparison",
    "decisions",
    "deletion",
    "exports",
    "hand_pairs",
    "interim",
    "jobs",
    "labels",
    "loads",
    "metrics",
    "now",
    "opinions",
    "owed",
    "pairs",
    "problems",
    "record",
    "resamples",
    "responses",
    "rewards",
    "runs",
    "samples",
    "side_samples",
    "tags",
    "unattended",
]
