"""A response, and how many rows a table has."""

from engine.store import Database
from engine.types import Response


def response(index: int, text: str = "text", seed: int = 1) -> Response:
    return Response("p1", index, seed, text, "stop", 3)


def n_rows(db: Database, table: str) -> int:
    return db.row(f"SELECT count(*) AS n FROM {table}")["n"]
