"""What a new study can start from: one card each."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from app import inert, small_lm, state, visitor, widgets
from app.labels import distinct
from app.new_study.draft import Draft
from engine import store
from engine.config import RunConfig, load_config
from engine.errors import ConfigError, EngineError
from engine.paths import ROOT, STARTER
from engine.recorded import imported_sets
from engine.study.resolved import resolved_config

DRAFT = "new_study"
"""Session entry with the study in the making."""
CARD = 230
CONFIGURATIONS = ROOT / "data" / "configs"


def current() -> Draft | None:
    """The study that this tab is building."""
    return st.session_state.get(DRAFT)


def begin(base: RunConfig, origin: str, notes: Sequence[str] = ()) -> Draft:
    """Build a study on a base. notes: sentences on what of its origin the base cannot say."""
    before = current()
    version = before.version + 1 if before else 0
    draft = Draft(base, origin, notes=tuple(notes), version=version)
    st.session_state[DRAFT] = draft
    return draft


def begin_with_copy(run_id: str) -> Draft:
    """Build a study on what a run was created and steered with; its name is free for a new one."""
    config, notes = resolved_config(state.database(), run_id)
    return begin(config, f"a copy of {store.runs.get(state.database(), run_id).name}", notes)


def begin_with_recording(folder: str, name: str) -> Draft:
    """Build a study that replays an imported set."""
    return begin(load_config(Path(folder) / "study.toml"), f"the recording {name}")


def open_builder() -> None:
    """Go to the page that shows the draft."""
    page = "new_study.py"
    st.switch_page(ROOT / "pages" / page, query_params=state.address(page))


def cards() -> None:
    """Every start there is on this machine."""
    grid = st.grid(3, min_column_width=CARD, border=True)
    with grid.cell():
        _file_card(
            "Quick starter",
            STARTER / "quick.toml",
            "One iteration on 200 word problems; a small policy and reward model that ship with the"
            " program.",
        )
    with grid.cell():
        _file_card(
            "Starter study",
            STARTER / "default.toml",
            "Three iterations of 400 word problems on the same models.",
        )
    with grid.cell():
        _small_model_card()
    with grid.cell():
        _shipped_card()
    with grid.cell():
        _recording_card()
    with grid.cell():
        _copy_card()
    with grid.cell():
        _upload_card()


def _card(title: str, about: str) -> None:
    st.markdown(f"**{title}**")
    st.caption(about)


def _begin_button(key: str, start: Callable[[], Draft], *, disabled: bool = False) -> None:
    if st.button("Begin with this", key=f"begin_{key}", disabled=disabled, width="stretch"):
        try:
            start()
        except EngineError as error:
            st.error(inert.markdown(str(error)), icon=":material/error:")
            return
        st.rerun()


def _file_card(title: str, path: Path, about: str) -> None:
    _card(title, about)
    _begin_button(path.stem, lambda: begin(load_config(path), title))


def _small_model_card() -> None:
    _card(
        "A real small language model",
        "SmolLM2-135M-Instruct on word problems, judged by their answers alone.",
    )
    if path := small_lm.offer("Begin with this"):
        begin(load_config(path), "the small language model")
        st.rerun()


def _shipped_card() -> None:
    _card("A configuration for the paper's models", "They need a GPU and your own problems.")
    files = {path.stem: path for path in sorted(CONFIGURATIONS.glob("*.toml"))}
    name = st.selectbox("Configuration", list(files), key="shipped_configuration")
    _begin_button("shipped", lambda: begin(load_config(files[name]), name))


def _recording_card() -> None:
    _card("Recorded responses", "From pre-samples to pairs without any model.")
    sets = imported_sets(state.database().artifacts)
    sets = distinct({s.folder: s.name for s in sets}, lambda folder: Path(folder).name)
    if not sets:
        widgets.link("data.py", "Import responses first")
        return
    folder = st.selectbox("Recording", list(sets), format_func=sets.__getitem__, key="recording")
    _begin_button("recording", lambda: begin_with_recording(folder, sets[folder]))


def _copy_card() -> None:
    about = "Every setting it had, with the thresholds and trainings it got."
    _card("A copy of a run", f"{about} What cannot be copied is said.")
    names = distinct({row.id: row.name for row in store.runs.listed(state.database())})
    if not names:
        st.caption("There is no run yet.")
        return
    run_id = st.selectbox("Run", list(names), format_func=names.__getitem__, key="copied_run")
    _begin_button("copy", lambda: begin_with_copy(run_id))


def _upload_card() -> None:
    _card("A file of yours", "A configuration as TOML.")
    upload = st.file_uploader(
        "Configuration", type=["toml"], key="configuration_upload", disabled=not visitor.may_write()
    )
    typed = st.text_input(
        "or its path on this machine", key="configuration_path", disabled=not visitor.may_write()
    ).strip()

    def read() -> Draft:
        if upload is not None:
            return begin(_uploaded(upload.name, upload.getvalue()), upload.name)
        path = visitor.path(typed, "The path of the configuration")
        return begin(load_config(path), path.name)

    _begin_button("file", read, disabled=upload is None and not typed)


def _uploaded(name: str, content: bytes) -> RunConfig:
    """A configuration whose relative paths have no folder. Raises: ConfigError."""
    with tempfile.TemporaryDirectory(prefix="studio-upload-") as folder:
        path = Path(folder) / Path(name).name
        path.write_bytes(content)
        try:
            return load_config(path)
        except ConfigError as error:
            raise ConfigError(str(error).replace(str(path), path.name)) from None
