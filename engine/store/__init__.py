"""The only room that imports duckdb: tables, transactions, events in, named reads out."""

from engine.store.connection import Database, now
from engine.store.record import record

__all__ = ["Database", "now", "record"]
