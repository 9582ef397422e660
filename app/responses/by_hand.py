"""Pairs that a person makes beside the cards of a problem: one response is to be chosen, and every
other that can be rejected for it is one click away.
"""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from app import inert, state, visitor
from app.response_card import PHASES
from engine import store
from engine.config.backends import draws_itself, keeps_responses
from engine.errors import EngineError
from engine.store.hand_pairs import HandPair
from engine.store.pairs import PoolResponse
from engine.store.responses import ListedResponse
from engine.study import hand_pairs
from engine.study.choosable import why_no_pair
from engine.study.handle import Iteration

SAID = "pairs_by_hand_said"
"""Session entry with what became of the last click."""


class PairDesk:
    """What can be paired of one problem's responses, and what is. Draws nothing for responses that
    no pair is made of, such as held-out ones.
    """

    def __init__(self, chosen: Iteration, rows: Sequence[ListedResponse]):
        self.chosen = chosen
        in_training = [row for row in rows if row.phase in ("presample", "resample")]
        self.problem_id = in_training[0].problem_id if in_training else None
        self.is_locked = hand_pairs.is_locked(chosen)
        self.graded: dict[int, PoolResponse] = {}
        self.pairs: list[HandPair] = []
        if self.problem_id is not None:
            self.graded = {r.idx: r for r in store.pairs.graded(chosen, [self.problem_id])}
            holding = store.hand_pairs.holding(chosen)
            self.pairs = [p for p in holding if p.problem_id == self.problem_id]
        self.used = {i for p in self.pairs for i in (p.chosen_index, p.rejected_index)}
        self.right = self._right()

    def draw(self) -> None:
        """What holds, what the last click gave, and which response is to be chosen."""
        if self.problem_id is None:
            return
        if said := st.session_state.pop(SAID, None):
            st.info(inert.markdown(said), icon=":material/compare_arrows:")
        if self.is_locked:
            st.caption(
                "A training of this iteration was begun: its pairs stay as they are. Fork the run"
                " to pair by hand."
            )
        elif self.right is None:
            st.caption("Nothing can be paired by hand: no correct response may be chosen.")
        if keeps_responses(self.chosen.config.training.method):
            st.caption("This run trains on responses, not on pairs: pairs are only shown.")
        if draws_itself(self.chosen.config.training.method):
            st.caption("This run draws what it trains on: pairs made by hand are only shown.")
        for pair in self.pairs:
            self._made(pair)

    def buttons(self, row: ListedResponse) -> None:
        """What can be done with a response: take it as the chosen one, or reject it for that."""
        response = self.graded.get(row.idx) if row.problem_id == self.problem_id else None
        is_free = response is not None and row.idx not in self.used
        if response is None or not is_free or self.is_locked or self.right is None:
            return
        if response is self.right:
            st.markdown(":blue-badge[to be chosen]")
        elif response.correct and self._can_be_chosen(response):
            visitor.button(
                st,
                "Choose this one",
                key=f"choose_{row.idx}",
                on_click=partial(st.session_state.__setitem__, self._key, row.idx),
            )
        elif why_no_pair(self.chosen, self.right, response) is None:
            visitor.button(
                st,
                f"Reject for {self._name(self.right.idx)}",
                key=f"reject_{row.idx}",
                icon=":material/compare_arrows:",
                help="Makes the two a pair, by your hand. It is taken back above the cards.",
                on_click=self._pair,
                args=[self.right.idx, row.idx],
            )

    @property
    def _key(self) -> str:
        return f"to_choose_{self.chosen.run_id}_{self.chosen.number}_{self.problem_id}"

    def _right(self) -> PoolResponse | None:
        """The one that a person took, else the best one that may be chosen."""
        free = [r for i, r in self.graded.items() if i not in self.used and self._can_be_chosen(r)]
        taken = st.session_state.get(self._key)
        best = sorted(free, key=lambda r: -(r.reward or 0.0))
        return next((r for r in free if r.idx == taken), best[0] if best else None)

    def _can_be_chosen(self, response: PoolResponse) -> bool:
        """Whether some wrong response could be rejected for it."""
        wrong = [r for r in self.graded.values() if not r.correct]
        return any(why_no_pair(self.chosen, response, other) is None for other in wrong)

    def _name(self, index: int) -> str:
        is_first = index < self.chosen.config.sampling.n_presample
        return f"{PHASES['presample' if is_first else 'resample'].lower()} {index}"

    def _made(self, pair: HandPair) -> None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                f":blue-badge[chosen] {self._name(pair.chosen_index)} :orange-badge[rejected]"
                f" {self._name(pair.rejected_index)}, paired by"
                f" {inert.markdown(state.who(pair.made_by))} on"
                f" {pair.made_at:%Y-%m-%d %H:%M} UTC",
                width="content",
            )
            visitor.button(
                st,
                "Take back",
                key=f"unpair_{pair.chosen_index}_{pair.rejected_index}",
                disabled=self.is_locked,
                on_click=self._unpair,
                args=[pair],
            )

    def _pair(self, right: int, wrong: int) -> None:
        self._do(hand_pairs.pair, right, wrong, "Paired by hand.")

    def _unpair(self, pair: HandPair) -> None:
        self._do(hand_pairs.take_back, pair.chosen_index, pair.rejected_index, "Taken back.")

    def _do(self, change, right: int, wrong: int, done: str) -> None:
        before = store.pairs.find_set(self.chosen)
        try:
            change(self.chosen, self.problem_id, right, wrong, made_by=state.tab_id())
        except EngineError as error:
            st.session_state[SAID] = str(error)
            return
        after = store.pairs.find_set(self.chosen)
        built = (
            f" The pairs were built again, by the verdicts as they are now: {before.n_pairs:,}"
            f" before, {after.n_pairs:,} now."
            if before and after
            else " It is used when the pairs are built, after the resampling."
        )
        st.session_state[SAID] = done + built
