"""The time as it is stored."""

from datetime import UTC, datetime


def now() -> datetime:
    """UTC without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)
