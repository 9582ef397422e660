"""What the browser sends back, checked. A browser can send anything: nothing here raises on a
payload.

It must not know Streamlit or the page's state. A payload that makes no sense becomes None or an
empty selection.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

LARGEST_SEQ = 2**53
MAX_VERSIONS = 8
VERSION_CHARS = 64


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where a person let go of a threshold."""

    tau_l: float
    """As a browser says it, a thousandth in 0..tau_h of what is shown; the plot's own are
    rewards.
    """
    tau_h: float
    """As tau_l, in tau_l..1."""
    seq: int
    """To be handed back to the next mount, so that older echoes never pull a line back."""
    have: tuple[str, ...]
    """Versions whose points the browser holds; to be handed back too."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What a person clicked, boxed or lassoed."""

    rows: tuple[int, ...] = ()
    """Distinct rows of the plotted data, at most the cap."""
    total: int = 0
    """Problems inside the outline, the ones beyond the cap too."""
    have: tuple[str, ...] = ()


def read_tau(payload: Any) -> Thresholds | None:
    """The thresholds in a `tau` trigger; None unless both are numbers in 0..1, in order, with a
    sequence number.
    """
    if not isinstance(payload, Mapping):
        return None
    low, high, seq = payload.get("tau_l"), payload.get("tau_h"), payload.get("seq")
    if not (_is_share(low) and _is_share(high) and low <= high and _is_count(seq, LARGEST_SEQ)):
        return None
    return Thresholds(round(float(low), 3), round(float(high), 3), seq, read_have(payload))


def read_pick(payload: Any, n_rows: int, cap: int, version: str | None = None) -> Selection:
    """The selection in a `pick` trigger: rows outside 0..n_rows - 1, repeated rows and those beyond
    `cap` are dropped.

    With `version`, a selection made on other data is empty: its rows would mean other problems.
    """
    if not isinstance(payload, Mapping) or not isinstance(payload.get("rows"), list | tuple):
        return Selection()
    have = read_have(payload)
    if version is not None and payload.get("version") != version:
        return Selection(have=have)
    valid = (row for row in payload["rows"][: 2 * cap] if _is_count(row, n_rows - 1))
    rows = tuple(dict.fromkeys(valid))[:cap]
    total = payload.get("total")
    if not rows or not _is_count(total, n_rows) or total < len(rows):
        total = len(rows)
    return Selection(rows, total, have)


def read_row(payload: Any, n_rows: int, version: str) -> int | None:
    """The row in a `read` trigger; None unless it is a row of this version of the data."""
    if not isinstance(payload, Mapping) or payload.get("version") != version:
        return None
    row = payload.get("row")
    return row if _is_count(row, n_rows - 1) else None


def read_have(payload: Any) -> tuple[str, ...]:
    """The versions that the browser says it holds; empty where it says nothing usable."""
    versions = payload.get("have") if isinstance(payload, Mapping) else None
    if not isinstance(versions, list | tuple):
        return ()
    return tuple(
        v for v in versions[:MAX_VERSIONS] if isinstance(v, str) and len(v) <= VERSION_CHARS
    )


def _is_share(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _is_count(value: Any, largest: int) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= largest
