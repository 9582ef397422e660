"""Which pairs are listed, and what can be done with those that fit a condition."""

from collections.abc import Sequence

import streamlit as st

from app import inert, state, visitor
from app.where import PAIRS, where
from engine import store
from engine.errors import EngineError
from engine.method.conditions import Condition
from engine.store.fitting_pairs import Key
from engine.store.left_out_pairs import LeftOutPair
from engine.store.pair_columns import COLUMNS
from engine.store.pairs import ListedPair
from engine.study import hand_pairs, left_out_pairs
from engine.study.handle import Iteration

MOST_SHOWN = 1000
REFUSED = "left_out_pairs_refused"
"""Session entry with why the last click left nothing out."""


class ChosenPairs:
    """An iteration's pairs, or those that fit what is typed."""

    def __init__(self, chosen: Iteration, n_pairs: int):
        """Draw the field."""
        self._chosen = chosen
        self.where: Condition | None = where(
            st.container(), PAIRS, COLUMNS, resets=(state.PAIR,)
        ).condition
        self.n = store.fitting_pairs.count(chosen, self.where) if self.where else n_pairs

    def actions(self, n_pairs: int) -> None:
        """How many fit, and the button that leaves them out; nothing without a condition."""
        if said := st.session_state.pop(REFUSED, None):
            st.warning(inert.markdown(said), icon=":material/lock:")
        if self.where is None:
            return
        row = st.container(horizontal=True, vertical_alignment="center")
        row.caption(f"{self.n:,} of {n_pairs:,} pairs fit.", width="content")
        if hand_pairs.is_locked(self._chosen):
            row.caption(
                "A training of this iteration was begun: its pairs stay as they are.",
                width="content",
            )
            return
        visitor.button(
            row,
            "Leave them out",
            icon=":material/block:",
            key="leave_pairs_out",
            disabled=not self.n,
            help="They are built and dropped, by your hand; the others stay as they are.",
            on_click=_leave_out,
            args=[self._chosen, self.where],
        )

    def listed(self, *, limit: int, offset: int) -> list[ListedPair]:
        if self.where is None:
            return store.pairs.listed(self._chosen, limit=limit, offset=offset)
        return store.fitting_pairs.listed(self._chosen, self.where, limit=limit, offset=offset)


def left_out(chosen: Iteration) -> None:
    """Every pair that is left out with who and when; until a training each can be taken back.
    Nothing where none is.
    """
    holding = store.left_out_pairs.holding(chosen)
    if not holding:
        return
    st.subheader(f"{len(holding):,} left out by hand")
    shown = holding[:MOST_SHOWN]
    questions = store.problems.questions(chosen.db, [pair.problem_id for pair in shown])
    event = st.dataframe(
        [_row(pair, question) for pair, question in zip(shown, questions)],
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        key=f"left_out_{store.left_out_pairs.n_rows(chosen)}",
    )
    if len(holding) > len(shown):
        st.caption(f"The first {len(shown):,} are shown.")
    if hand_pairs.is_locked(chosen):
        return
    picked = [shown[row].key for row in event["selection"]["rows"] if row < len(shown)]
    with st.container(horizontal=True):
        for label, keys in (
            ("Take back the selected", picked),
            ("Take back all", [pair.key for pair in holding]),
        ):
            visitor.button(st, label, disabled=not keys, on_click=_take_back, args=[chosen, keys])


def _row(pair: LeftOutPair, question: str) -> dict:
    return {
        "Problem": pair.problem_id,
        "Chosen": pair.chosen_index,
        "Rejected": pair.rejected_index,
        "By": state.who(pair.made_by),
        "At (UTC)": f"{pair.made_at:%Y-%m-%d %H:%M}",
        "Question": question,
    }


def _leave_out(chosen: Iteration, condition: Condition) -> None:
    try:
        keys = store.fitting_pairs.keys(chosen, condition)
        left_out_pairs.leave_out(chosen, keys, made_by=state.tab_id())
    except EngineError as error:
        st.session_state[REFUSED] = str(error)


def _take_back(chosen: Iteration, keys: Sequence[Key]) -> None:
    try:
        left_out_pairs.take_back(chosen, keys, made_by=state.tab_id())
    except EngineError as error:
        st.session_state[REFUSED] = str(error)
