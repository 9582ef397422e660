"""Which pairs are listed, and what can be done with those that fit a condition."""

from collections.abc import Sequence

import streamlit as st

from app import done_by_hand, inert, state, visitor
from app.where import PAIRS, where
from engine import store
from engine.errors import EngineError
from engine.method.conditions import Condition
from engine.store.fitting_pairs import Key
from engine.store.pair_columns import COLUMNS
from engine.store.pairs import ListedPair
from engine.study import hand_pairs, left_out_pairs
from engine.study.handle import Iteration

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
    about = lambda pair: {"Chosen": pair.chosen_index, "Rejected": pair.rejected_index}
    key = f"left_out_{chosen.key}_{store.left_out_pairs.n_rows(chosen)}"
    picked = done_by_hand.table(chosen, holding, about, key=key)
    if hand_pairs.is_locked(chosen):
        return
    take_back = lambda these: _take_back(chosen, [pair.key for pair in these])
    done_by_hand.take_back_buttons(holding, picked, take_back)


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
