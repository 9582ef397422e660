"""The only room that imports duckdb: tables, transactions, events in, named reads out."""

from engine.store.connection import Database, artifacts_of, now
from engine.store.record import record

__all__ = ["Database", "artifacts_of", "now", "record"]
