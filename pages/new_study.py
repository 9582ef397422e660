"""What should the next study do, and can it be done here?"""

import streamlit as st

from app import inert, start_run, state, widgets
from app.new_study import cards, fields, groups, models, outlook, reward_preview, start
from app.new_study.draft import Draft
from app.new_study.used import say_unused, used_fields
from app.streamlit_internals.room import split
from engine.config.templates import TEMPLATES
from engine.errors import ConfigError


def header(draft: Draft) -> None:
    """What it is built on, its name, and the method over it."""
    row = st.container(horizontal=True, vertical_alignment="center")
    row.markdown(f":material/layers: Based on **{inert.markdown(draft.origin)}**")
    row.button(
        "Begin with something else",
        icon=":material/undo:",
        on_click=st.session_state.pop,
        args=[cards.DRAFT, None],
    )
    for note in draft.notes:
        st.caption(f"Not copied: {inert.markdown(note)}")
    left, right = widgets.columns(2, least=widgets.LONG_FIELD)
    left.text_input(
        "Name",
        start.name_of(draft),
        key=draft.widget("name"),
        on_change=named,
        args=[draft],
    )
    key = draft.widget("method")
    right.selectbox(
        "Method",
        [None, *TEMPLATES],
        index=[None, *TEMPLATES].index(draft.method),
        format_func=lambda name: TEMPLATES[name].label if name else "As the base has it",
        key=key,
        on_change=method_chosen,
        args=[draft, key],
    )
    st.caption(
        TEMPLATES[draft.method].about
        if draft.method
        else f"Strategy {draft.value('difficulty.strategy')}, training by"
        f" {draft.value('training.method').upper()}, as the base says."
    )
    say_left_out(draft)
    if said := st.session_state.pop("said", None):
        st.error(inert.markdown(said), icon=":material/error:")


def say_left_out(draft: Draft) -> None:
    if draft.left_out:
        names = ", ".join(f"{name} = {value}" for name, value in draft.left_out.items())
        st.info(
            f"{inert.markdown(names)} went with the strategy before: the strategy"
            f" {draft.value('difficulty.strategy')} has options of its own.",
            icon=":material/info:",
        )


def named(draft: Draft) -> None:
    name = st.session_state[draft.widget("name")].strip()
    draft.changes.pop("name", None)
    if name:
        draft.changes["name"] = name


def method_chosen(draft: Draft, key: str) -> None:
    try:
        draft.take(st.session_state[key])
    except ConfigError as error:
        st.session_state["said"] = f"This base cannot be run as that method. {error}"
        st.session_state.pop(key)


def front(draft: Draft, choices: dict[str, dict[str, str]]) -> None:
    """The ten settings that matter; what a model field points to is said below it."""
    known = groups.by_key()
    first = st.grid(2, min_column_width=widgets.PART)
    for key in models.MODELS:
        cell = first.cell()
        with cell:
            fields.field(cell, known[key], draft, choices.get(key, {}))
            models.describe(key, draft)
    grid = st.grid(4, min_column_width=widgets.LONG_FIELD)
    for key in groups.FRONT:
        if key not in models.MODELS:
            fields.field(grid.cell(), known[key], draft, choices.get(key, {}))


def all_settings(draft: Draft, choices: dict[str, dict[str, str]]) -> None:
    """The rest, in groups; each says what of its table is other than in the base."""
    st.subheader("All settings")
    for table, own in groups.groups().items():
        changed = [key for key in draft.changed(table) if key != "name"]
        count = f" · {len(changed)} changed" if changed else ""
        key = f"group_{table or 'top'}"
        with widgets.folded(f"{groups.title(table)}{count}", key=key) as opened:
            if not opened.open:
                continue
            differences(draft, changed)
            shown, hidden = used_fields(draft, table, own)
            grid = st.grid(3, min_column_width=widgets.LONG_FIELD)
            for setting in shown:
                if setting.type == "table":
                    fields.option_fields(grid, draft)
                else:
                    key = fields.key_of(setting)
                    fields.field(grid.cell(), setting, draft, choices.get(key, {}))
            say_unused(draft, table, hidden)
            if table == "tagged_lm" and draft.value("reward.family") == table:
                reward_preview.show(draft)


def differences(draft: Draft, changed: list[str]) -> None:
    for key in changed:
        before, now = (inert.markdown(str(v)) for v in (draft.before(key), draft.value(key)))
        st.caption(f"`{key}`: {before} → **{now}**")


def form(draft: Draft) -> None:
    header(draft)
    left, right = split("new_study")
    choices = models.at_hand(draft)
    order = None
    with left:
        front(draft, choices)
        try:
            order = start.ask(draft)
        except ConfigError as error:
            start_run.refuse(error)
        all_settings(draft, choices)
    draft.forget_hidden()
    with right:
        if order is None:
            st.caption("What it would take is said once the settings can be used together.")
        else:
            offer(draft, order)


def offer(draft: Draft, order: start.Order) -> None:
    """The button, or why not, and everything that speaks for or against it."""
    place = st.container()
    refused = start.refusal(order)
    findings = [] if refused else outlook.beside(order.by_method)
    why = next(iter(draft.mistakes.values()), refused) or outlook.why_not(
        findings, needs_thresholds=order.far != "stop"
    )
    with place:
        pressed = start_run.button(
            start.button_label(order),
            type="primary",
            icon=":material/play_arrow:",
            disabled=why is not None,
            width="stretch",
        )
        if why:
            st.caption(inert.markdown(why))
        if pressed:
            start.start(order)
    st.subheader("Without a browser")
    start.headless(order)


state.selected()
st.title("New study")
if (draft := cards.current()) is None:
    st.caption("Choose what it starts from. Everything can be changed on the next screen.")
    cards.cards()
else:
    form(draft)
