"""An answer as a table, a plot and a file."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow
import streamlit as st

from app import charts, inert, widgets
from app.sql.asking import PICKED
from engine.errors import EngineError
from engine.export.tables import SUFFIXES, write_rows
from engine.queries.ask import Answer
from engine.queries.plain import plain
from engine.queries.ready import Ready

MOST_SHOWN = 1000
"""Rows that the browser gets; a file has all of them."""
MOST_DRAWN = 5000


def show(answer: Answer) -> None:
    """What a question gave."""
    try:
        table = plain(answer.table)
    except EngineError as error:
        st.error(inert.markdown(str(error)))
        return
    n = table.num_rows
    cut = " There are more: the answer was cut at its limits." if answer.is_cut else ""
    first = f" The first {MOST_SHOWN:,} are shown." if n > MOST_SHOWN else ""
    st.caption(f"{n:,} rows in {answer.seconds:.1f} s.{cut}{first}")
    st.dataframe(table.slice(0, MOST_SHOWN), hide_index=True, alt="Answer", key="sql_table")
    _plot(table)
    _files(table)


def _plot(table: pyarrow.Table) -> None:
    numbers = [f.name for f in table.schema if _is_number(f.type)]
    if not numbers or table.num_rows < 2:
        return
    picked = st.session_state.get(PICKED) or Ready("", "")
    with st.expander("Plot", expanded=picked.plot is not None, key="sql_plot"):
        a, b, c = widgets.columns(3, least=widgets.FIELD)
        x = a.selectbox("Across", table.column_names, index=_index(table.column_names, picked.x))
        y = b.selectbox("Up", numbers, index=_index(numbers, picked.y))
        kinds = list(charts.KINDS)
        kind = c.selectbox("As", kinds, index=_index(kinds, picked.plot or "dots"))
        drawn = table.slice(0, MOST_DRAWN)
        if table.num_rows > MOST_DRAWN:
            st.caption(f"Of the first {MOST_DRAWN:,} rows.")
        st.plotly_chart(
            charts.answer(drawn.column(x).to_pylist(), drawn.column(y).to_pylist(), x, y, kind),
            key="sql_figure",
            config=widgets.chart_config(),
            alt="Plot of the answer",
        )


def _files(table: pyarrow.Table) -> None:
    bar = st.container(horizontal=True)
    for suffix in SUFFIXES:
        bar.download_button(
            suffix[1:].upper(),
            lambda suffix=suffix: file_bytes(table, suffix),
            file_name=f"answer{suffix}",
            icon=":material/download:",
            key=f"sql_{suffix}",
            on_click="ignore",
        )


def file_bytes(table: pyarrow.Table, suffix: str) -> bytes:
    """The rows as the bytes of a file."""
    with TemporaryDirectory() as folder:
        path = Path(folder, f"answer{suffix}")
        write_rows(table, path)
        return path.read_bytes()


def _is_number(kind: pyarrow.DataType) -> bool:
    return pyarrow.types.is_integer(kind) or pyarrow.types.is_floating(kind)


def _index(names: Sequence[str], wanted: str) -> int:
    return names.index(wanted) if wanted in names else 0
