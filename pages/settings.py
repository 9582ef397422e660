"""Where is everything, on what does it run, and with which settings?"""

import streamlit as st

from app import charts, inert, state, visitor, widgets
from app.hub import pull_form
from app.new_study import cards
from app.streamlit_internals.notification import ask_to_notify
from engine import store
from engine.config.toml import as_toml
from engine.doctor import machine, storage
from engine.errors import EngineError
from engine.samplers import resolve_sampler
from engine.store.backup import write_backup
from engine.study.resolved import resolved_config


def where() -> None:
    st.subheader("Where things are stored")
    uses = storage.disk_use(state.database())
    widgets.small_table(
        [
            {"What": p.what.capitalize(), "Size": widgets.size(p.n_bytes), "Path": str(p.path)}
            for p in uses
        ]
    )
    st.caption(
        f"{widgets.size(storage.n_free(state.database()))} free on that disk. Another database:"
        " `streamlit run app/main.py -- --db FILE`."
    )


def backup() -> None:
    """A copy of the database, written by this process, which owns it."""
    db = state.database()
    now = f"{db.path.stem}-{store.now():%Y%m%d-%H%M%S}{db.path.suffix}"
    named = st.session_state.setdefault("backup_named", now)
    left, right = widgets.columns([3, 1], least=180, align="bottom")
    target = left.text_input("Backup of the database", str(db.path.with_name(named)))
    if visitor.button(right, "Write backup", icon=":material/save:", width="stretch"):
        try:
            n_bytes = write_backup(db, visitor.path(target, "Backup of the database").resolve())
        except EngineError as error:
            st.error(inert.markdown(str(error)), icon=":material/error:")
            return
        del st.session_state["backup_named"]
        st.success(inert.markdown(f"{widgets.size(n_bytes)} in {target}."))


def hardware() -> None:
    st.subheader("What it runs on")
    try:
        sampler = resolve_sampler("auto")
    except EngineError as error:
        sampler = str(error)
    facts = {"Device": machine.device(), "Sampler": sampler, **machine.versions()}
    widgets.small_table([{"What": name, "Here": text} for name, text in facts.items()])


def configuration() -> None:
    st.subheader("Configuration of a run")
    names = {row.id: f"{row.name} · {row.id}" for row in store.runs.listed(state.database())}
    if not names:
        st.info("There is no run yet. Start one on the Home page.", icon=":material/info:")
        widgets.link("home.py", "Go to Home")
        return
    shown = list(names).index(state.kept("run")) if state.kept("run") in names else 0
    run_id = st.selectbox(
        "Run", list(names), index=shown, format_func=names.__getitem__, key="configuration_of"
    )
    config, notes = resolved_config(state.database(), run_id)
    for note in notes:
        st.caption(inert.markdown(note))
    if st.button("Copy into a new study", icon=":material/content_copy:", type="primary"):
        cards.begin_with_copy(run_id)
        cards.open_builder()
    with widgets.folded("As a file", key="configuration_open") as opened:
        if opened.open:
            st.code(as_toml(config, notes), language=None, wrap_lines=True)


def saved_charts() -> None:
    """In which format the button of a chart saves it."""
    st.segmented_control(
        "Charts are saved as",
        charts.FORMATS,
        default=state.kept("chart_format", charts.FORMATS[0]),
        format_func=str.upper,
        required=True,
        key="saved_as",
        on_change=lambda: state.remember(chart_format=st.session_state["saved_as"]),
    )


state.selected()
st.title("Settings")
where()
backup()
saved_charts()
ask_to_notify("Notify me when a job ends")
pull_form()
left, right = widgets.columns(2, least=widgets.PART, gap="medium")
with left:
    configuration()
with right:
    hardware()
