"""The field in which a person types which rows are meant (engine.method.conditions): the same on
every page that lists problems, responses or pairs, with what is saved by name beside it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import inert, state, visitor
from app.look import entry
from engine import store
from engine.errors import EngineError
from engine.method.conditions import Condition, Kind
from engine.store.saved_conditions import SavedCondition
from engine.study import conditions

RESPONSES, PROBLEMS, PAIRS = state.FILTERS[0], state.PROBLEMS_WHERE, state.PAIRS_WHERE
"""Where each kind of rows has its condition in the address."""
EXAMPLES = {
    RESPONSES: '0 < pass_rate < 1 and n_tokens < 800 and class == "boundary"',
    PROBLEMS: '0 < pass_rate < 1 and level in ("4", "5")',
    PAIRS: "margin < 0.1 or chosen contains 'Wait'",
}
SAID = "where_said"
"""Session entry with why the last click saved nothing."""


@dataclass(frozen=True, slots=True)
class Where:
    typed: str
    condition: Condition | None
    """None for all rows, and where what is typed cannot be read."""

    @property
    def is_unread(self) -> bool:
        return bool(self.typed) and self.condition is None


def where(
    at: DeltaGenerator, name: str, columns: Mapping[str, Kind], *, resets: Sequence[str] = ()
) -> Where:
    """Draw the field and what is saved; say what is typed where that cannot be seen, or cannot be
    read.

    Args:
        name: RESPONSES, PROBLEMS or PAIRS.
        columns: what these rows have.
        resets: other values of the address that go with a change, such as the open row.
    """
    typed = state.said((name,)).get(name, "").strip()
    condition, why = None, None
    try:
        condition = conditions.read(state.database(), typed, columns)
    except EngineError as error:
        why = str(error)
    asked = Where(typed, condition)
    _Field(name, asked, columns, resets).draw(at)
    if why:
        at.warning(inert.markdown(why), icon=":material/filter_alt_off:")
    elif typed.startswith(conditions.SAVED):
        text = conditions.text_of(state.database(), typed)
        at.caption(f"{inert.markdown(typed)}: {inert.markdown(text)}")
    return asked


@dataclass(frozen=True, slots=True)
class _Field:
    """The text, and behind a button what is saved."""

    name: str
    asked: Where
    columns: Mapping[str, Kind]
    resets: Sequence[str]

    def draw(self, at: DeltaGenerator) -> None:
        row = at.container(horizontal=True, vertical_alignment="bottom", gap="small")
        row.text_input(
            "Where",
            placeholder="all",
            help=self._help(),
            **entry(self.name, self.asked.typed, str.strip, resets=self.resets),
        )
        with row.popover(
            "Saved", icon=":material/bookmark:", key=f"{self.name}_popover", on_change="rerun"
        ) as opened:
            if opened.open:
                self._saved()

    def _saved(self) -> None:
        if said := st.session_state.pop(SAID, None):
            st.warning(inert.markdown(said))
        self._choice()
        if self.asked.condition:
            self._save_button()
        self._forget_button()

    def _help(self) -> str:
        known = ", ".join(f"`{column}`" for column in self.columns)
        return (
            f"A condition, such as `{EXAMPLES[self.name]}`, or `@` and the name of a saved one."
            f" Columns: {known}."
        )

    def _choice(self) -> None:
        saved = store.saved_conditions.listed(state.database())
        texts = {conditions.SAVED + one.name: one.text for one in saved}
        st.selectbox(
            "Saved conditions",
            list(texts),
            index=None,
            format_func=lambda name: f"{name}: {texts[name]}",
            placeholder="Choose one" if texts else "None is saved yet",
            key=f"{self.name}_saved",
            on_change=self._take,
        )

    def _save_button(self) -> None:
        st.text_input("Name", key=f"{self.name}_name", max_chars=conditions.MOST_CHARS)
        visitor.button(
            st,
            "Save what is typed",
            icon=":material/save:",
            key=f"{self.name}_save",
            on_click=self._save,
        )

    def _forget_button(self) -> None:
        saved = store.saved_conditions.listed(state.database())
        for one in (one for one in saved if conditions.SAVED + one.name == self.asked.typed):
            who = inert.markdown(state.who(one.made_by))
            st.caption(f"Saved by {who} on {one.made_at:%Y-%m-%d %H:%M} UTC.")
            visitor.button(
                st,
                f"Forget {inert.markdown(self.asked.typed)}",
                icon=":material/delete:",
                key=f"{self.name}_forget",
                on_click=self._forget,
                args=[one],
            )

    def _take(self) -> None:
        taken = st.session_state[f"{self.name}_saved"]
        if taken is not None:
            state.keep(**dict.fromkeys(self.resets), **{self.name: taken})
        st.session_state[f"{self.name}_saved"] = None

    def _save(self) -> None:
        db, called = state.database(), st.session_state.get(f"{self.name}_name", "")
        try:
            conditions.save(db, called, self.asked.typed, self.columns, made_by=state.tab_id())
        except EngineError as error:
            st.session_state[SAID] = str(error)
            return
        st.session_state[f"{self.name}_name"] = ""
        state.keep(**{self.name: conditions.SAVED + called.strip().removeprefix(conditions.SAVED)})

    def _forget(self, saved: SavedCondition) -> None:
        """What it said stays in the field."""
        store.saved_conditions.remove(state.database(), saved.name)
        state.keep(**{self.name: saved.text})
