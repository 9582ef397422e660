"""What can I take away?"""

from pathlib import Path
from tempfile import TemporaryDirectory

import streamlit as st

from app import inert, state, visitor, widgets
from app.hub import push_form
from app.where import PROBLEMS, where
from engine import store
from engine.errors import EngineError
from engine.export.gguf import CONVERTER, FOLDER, converter
from engine.export.run import (
    TABLES,
    config_text,
    export_all,
    export_policy,
    table_bytes,
    trained_policy,
)
from engine.export.tables import SUFFIXES
from engine.export.trainers import SUFFIXES as PROMPT_SUFFIXES
from engine.export.trainers import TRAINERS, export_prompts
from engine.models.weights import adapter_folder
from engine.store.problem_columns import COLUMNS
from engine.study.handle import Iteration

# Above it the long tables go to a folder, not through the browser's memory.
MOST_RESPONSES = 100_000
LONG = ("responses", "held_out_responses")
BUTTON = 210  # pixels: the longest name of a table fits


def tables(chosen: Iteration) -> None:
    """A button per table; its file is made when it is pressed. Below them, all at once."""
    st.subheader("Tables")
    suffix = st.segmented_control(
        "Format", SUFFIXES, default=".jsonl", format_func=lambda s: s[1:].upper(), required=True
    )
    too_long = store.exports.n_responses(state.database(), chosen.run_id) > MOST_RESPONSES
    for what, about in TABLES.items():
        row = st.container(horizontal=True, vertical_alignment="center")
        row.download_button(
            what.replace("_", " ").capitalize(),
            lambda what=what: table_bytes(state.database(), what, suffix, chosen.run_id),
            file_name=f"{what}_{chosen.run_id}{suffix}",
            icon=":material/download:",
            key=f"table_{what}",
            on_click="ignore",
            disabled=too_long and what in LONG,
            width=BUTTON,
        )
        row.caption(
            about
            + (
                " Too long for a browser here: write it to a folder below."
                if too_long and what in LONG
                else ""
            )
        )
    st.caption(
        "All iterations of the run. JSONL and Parquet give back exactly what is stored; in CSV a"
        " text that a spreadsheet would run begins with an apostrophe."
    )
    all_to_folder(chosen, suffix)


def all_to_folder(chosen: Iteration, suffix: str) -> None:
    """All of it to a folder; drawn while open."""
    with widgets.folded(
        "All of it to a folder of this machine", key="all_open", icon=":material/folder:"
    ) as opened:
        if opened.open:
            _all_to_folder(chosen, suffix)


def _all_to_folder(chosen: Iteration, suffix: str) -> None:
    with st.form("all", border=False):
        folder = st.text_input(
            "Write all tables and the configuration to",
            placeholder=str(Path.home() / f"run_{chosen.run_id}"),
        )
        if visitor.submit(st, "Write", icon=":material/folder:") and folder.strip():
            written(
                lambda: export_all(
                    state.database(),
                    visitor.path(folder.strip(), "The folder"),
                    suffix=suffix,
                    run_id=chosen.run_id,
                ),
                folder,
            )


def written(write, folder: str) -> None:
    try:
        with st.spinner("Writing"):
            write()
        st.success(f"Written to {folder.strip()}.")
    except EngineError as error:
        st.error(inert.markdown(str(error)))


def configuration(chosen: Iteration) -> None:
    st.subheader("Configuration")
    text, notes = config_text(state.database(), chosen.run_id, ".toml")
    st.caption(
        "Repeats this run with `python -m engine run`, with the thresholds and training settings"
        " that were used."
    )
    for note in notes:
        st.caption(inert.markdown(note))
    st.download_button(
        "Configuration",
        text,
        file_name=f"{chosen.run_id}.toml",
        icon=":material/download:",
        key="config",
        on_click="ignore",
    )
    with widgets.folded("Read it", key="configuration_read") as opened:
        if opened.open:
            st.code(text, language=None, wrap_lines=True)


def policy(chosen: Iteration) -> None:
    st.subheader("Trained policy")
    policy_id = trained_policy(state.database(), chosen.run_id)
    if policy_id is None:
        st.info("No policy is trained yet.", icon=":material/info:")
        return
    path = store.runs.policy_path(state.database(), policy_id)
    st.caption(
        f"Policy {policy_id}: a model folder that transformers and vLLM load where it lies, or"
        " copied to a place of yours."
    )
    st.code(f"vllm serve {path}", language="bash", wrap_lines=True)
    with st.form("policy"):
        folder = st.text_input(
            "Copy it to a new folder of this machine",
            help="With tokenizer, chat template and generation config. A name that ends in .gguf is"
            " one file, written by llama.cpp's converter.",
        )
        has_adapter = adapter_folder(Path(path)).is_dir()
        is_adapter = has_adapter and st.checkbox("Only its LoRA adapter")
        if converter() is None:
            st.caption(
                f"No GGUF here: llama.cpp's {CONVERTER} is not installed, and {FOLDER} names no"
                " checkout of it."
            )
        if visitor.submit(st, "Copy", icon=":material/folder:") and folder.strip():
            written(
                lambda: export_policy(
                    state.database(),
                    visitor.path(folder.strip(), "The folder"),
                    run_id=chosen.run_id,
                    adapter=is_adapter,
                ),
                folder,
            )


def prompts(chosen: Iteration) -> None:
    """The training problems of one iteration, with their part in its plan; drawn while open."""
    with widgets.folded(
        "Problems for another trainer", key="prompts_open", icon=":material/share:"
    ) as opened:
        if opened.open:
            _prompts(chosen)


def _prompts(chosen: Iteration) -> None:
    st.caption(
        "Every training problem of the iteration shown: prompt and reference answer, with pass"
        " rate, class and allocation beside them. What it drew comes back as a recording."
    )
    bar = st.container(horizontal=True, vertical_alignment="bottom")
    trainer = bar.selectbox(
        "Trainer", TRAINERS, format_func=lambda name: TRAINERS[name].label, width=BUTTON
    )
    suffix = bar.segmented_control(
        "File", PROMPT_SUFFIXES, default=".parquet", format_func=lambda s: s[1:], required=True
    )
    st.caption(TRAINERS[trainer].about)
    asked = where(st.container(), PROBLEMS, COLUMNS)
    st.download_button(
        "Problems",
        lambda: _prompts_file(chosen, trainer, suffix, asked.typed),
        disabled=asked.is_unread,
        file_name=f"{trainer}_{chosen.run_id}_{chosen.number}{suffix}",
        icon=":material/download:",
        key="prompts",
        on_click="ignore",
        width=BUTTON,
    )


def _prompts_file(chosen: Iteration, trainer: str, suffix: str, where: str) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder, f"prompts{suffix}")
        export_prompts(
            state.database(),
            trainer,
            path,
            run_id=chosen.run_id,
            iteration=chosen.number,
            where=where,
        )
        return path.read_bytes()


chosen = widgets.need_run()
st.title("Export")
tables(chosen)
prompts(chosen)
left, right = widgets.columns(2, least=widgets.PART)
with left:
    configuration(chosen)
with right:
    policy(chosen)
    push_form(chosen)
