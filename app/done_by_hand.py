"""What persons did by hand: a table with who and when, whose rows can be picked."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

import streamlit as st

from app import state, visitor
from engine import store
from engine.study.handle import Iteration


class Deed(Protocol):
    """What somebody did to a problem."""

    @property
    def problem_id(self) -> str: ...
    @property
    def made_by(self) -> str: ...
    @property
    def made_at(self) -> datetime: ...


Done = TypeVar("Done", bound=Deed)
MOST_SHOWN = 1000


def table(
    chosen: Iteration, holding: Sequence[Done], about: Callable[[Done], dict[str, Any]], *, key: str
) -> list[Done]:
    """Draw what holds. Returns: what is picked of it.

    Args:
        about: cells between the problem and who did it.
        key: another one after every change, so that nothing stays picked.
    """
    shown = holding[:MOST_SHOWN]
    questions = store.problems.questions(chosen.db, [one.problem_id for one in shown])
    event = st.dataframe(
        [
            {
                "Problem": one.problem_id,
                **about(one),
                "By": state.who(one.made_by),
                "At (UTC)": f"{one.made_at:%Y-%m-%d %H:%M}",
                "Question": question,
            }
            for one, question in zip(shown, questions)
        ],
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        key=key,
    )
    if len(holding) > len(shown):
        st.caption(f"The first {len(shown):,} are shown.")
    return [shown[row] for row in event["selection"]["rows"] if row < len(shown)]


def take_back_buttons(
    holding: Sequence[Done], picked: Sequence[Done], take_back: Callable[[Sequence[Done]], None]
) -> None:
    """Below the table: for what is picked, and for everything."""
    with st.container(horizontal=True):
        for label, these in (("Take back the selected", picked), ("Take back all", holding)):
            visitor.button(st, label, disabled=not these, on_click=take_back, args=[these])
