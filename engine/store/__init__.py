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
    pairs,
    problems,
    questions,
    resamples,
    responses,
    runs,
    samples,
    side_samples,
    tags,
    tracking,
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
    "pairs",
    "problems",
    "questions",
    "record",
    "resamples",
    "responses",
    "runs",
    "samples",
    "side_samples",
    "tags",
    "tracking",
    "unattended",
]
