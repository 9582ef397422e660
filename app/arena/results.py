"""What came of a comparison: the table, the yield by budget, and to whom a rule gives."""

from collections.abc import Sequence

import streamlit as st

from app import charts, inert, widgets
from app.arena.asking import Asked
from engine.headless.arena import MARKED, ArenaRow, contenders, play_all
from engine.method.intervals import Interval


@st.cache_data(show_spinner="Playing the rules", max_entries=16)
def played(asked: Asked) -> tuple[list[ArenaRow], list[str]]:
    """The rows, and what there is to say of recordings. Raises: EngineError."""
    said: list[str] = []
    rows = play_all(
        asked.sources,
        lambda recording: contenders(asked.names, asked.mode, recording),
        asked.budgets,
        asked.rules,
        say=lambda words: said.append(words) if "left out" in words else None,
    )
    return rows, said


def show(rows: Sequence[ArenaRow], said: Sequence[str]) -> None:
    """One part per recording."""
    for words in said:
        st.caption(inert.markdown(words))
    for name in dict.fromkeys(row.recording for row in rows):
        own = [row for row in rows if row.recording == name]
        st.subheader(inert.markdown(name), anchor=False)
        st.markdown(verdict(own))
        _table(own)
        _yields(own, name)
        _curves(own, name)


def verdict(rows: Sequence[ArenaRow]) -> str:
    """The best rule at the largest budget, or that none is better than the baseline."""
    last = max(row.per_problem for row in rows)
    at = [row for row in rows if row.per_problem == last]
    base = next(row for row in at if row.ahead is None)
    better = [row for row in at if row.ahead and row.ahead.low > 0]
    if not better:
        return f"At {last:g} responses per problem none is better than {inert.markdown(base.rule)}."
    best = max(better, key=lambda row: row.distinct.value)
    top = max(at, key=lambda row: row.distinct.value)
    caution = " Much of what a rule gave is not recorded, so this says little." * (
        best.is_marked or base.is_marked
    )
    most = "has the most distinct pairs"
    if top is not best:
        most = f"has the most distinct pairs of those surely ahead of {inert.markdown(base.rule)}"
        caution += (
            f" {inert.markdown(top.rule)} has more, {_said(top.ahead)}, and may be behind it."
        )
    return (
        f"At {last:g} responses per problem **{inert.markdown(best.rule)}** {most}:"
        f" {_said(best.ahead)} more than {inert.markdown(base.rule)}.{caution}"
    )


def _table(rows: Sequence[ArenaRow]) -> None:
    st.dataframe([_cells(row) for row in rows], hide_index=True, placeholder="–")
    st.caption(
        "95 % intervals from resampling problems. Ahead: distinct pairs more than the baseline has,"
        " paired by problem. Signal: mean variance of the verdicts beside a drawn response."
        f" Not recorded: of what the rule gave; above {MARKED:.0%} the comparison says little."
    )


def _cells(row: ArenaRow) -> dict[str, object]:
    return {
        "Per problem": row.per_problem,
        "Rule": row.rule,
        "Distinct pairs": round(row.distinct.value),
        "Interval": _ends(row.distinct, 0),
        "Ahead": None if row.ahead is None else round(row.ahead.value, 1),
        "Interval of it": None if row.ahead is None else _ends(row.ahead, 1),
        "Pairs": round(row.pairs.value),
        "Covered": round(row.covered.value),
        "Signal": round(row.signal.value, 4),
        "All right, %": round(100 * row.all_right.value, 1),
        "All wrong, %": round(100 * row.all_wrong.value, 1),
        "Responses": round(row.responses),
        "Not recorded, %": round(100 * row.not_recorded, 1),
        "Marked": "says little" if row.is_marked else None,
    }


def _said(interval: Interval | None) -> str:
    return "" if interval is None else f"{interval.value:,.1f} [{_ends(interval, 1)}]"


def _ends(interval: Interval, digits: int) -> str:
    return f"{interval.low:,.{digits}f} to {interval.high:,.{digits}f}"


def _yields(rows: Sequence[ArenaRow], name: str) -> None:
    series: dict[str, list[tuple[float, float, float, float]]] = {}
    for row in rows:
        point = row.per_problem, row.distinct.value, row.distinct.low, row.distinct.high
        series.setdefault(row.rule, []).append(point)
    widgets.chart(
        charts.yields(series),
        [{"Rule": r.rule, "Per problem": r.per_problem, "Pairs": r.distinct.value} for r in rows],
        alt="Distinct pairs by budget",
        key=f"yields_{name}",
    )


def _curves(rows: Sequence[ArenaRow], name: str) -> None:
    last = max(row.per_problem for row in rows)
    at = [row for row in rows if row.per_problem == last]
    widgets.chart(
        charts.given_by_rate({row.rule: row.curve for row in at}),
        [
            {"Rule": row.rule, "Pass rate": rate, "Further responses": given}
            for row in at
            for rate, given in row.curve
        ],
        alt=f"Further responses by pass rate, at {last:g} per problem",
        key=f"curves_{name}",
    )
