"""How far a study goes by itself, the runs that this makes, their start, and the same runs as files
for the command line.
"""

import io
import re
import shlex
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from app import start_run, state, texts, visitor, widgets
from app.new_study import fields, groups
from app.new_study.draft import OPTIONS, STRATEGY, Draft
from engine.config import RunConfig
from engine.config.templates import TEMPLATES
from engine.config.toml import as_toml
from engine.errors import ConfigError, EngineError
from engine.login import NotAllowed
from engine.paths import ROOT
from engine.study.handle import Iteration
from engine.study.runs import create_runs, free_name

FAR = {
    "stop": "Stop for me at the thresholds",
    "iteration": "Run the first iteration",
    "all": "Run all iterations, for every method and seed",
}


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be started."""

    far: str
    by_method: dict[str, list[RunConfig]]
    """Runs that differ in seed and name alone, by their method in words."""

    @property
    def configs(self) -> list[RunConfig]:
        return [config for configs in self.by_method.values() for config in configs]

    @property
    def is_sweep(self) -> bool:
        return len(self.configs) > 1


def ask(draft: Draft) -> Order:
    """How far, and where thresholds come from. Raises: ConfigError for what cannot be used."""
    st.subheader("How far by itself")
    far = st.radio(
        "How far by itself",
        list(FAR),
        format_func=FAR.__getitem__,
        key="how_far",
        label_visibility="collapsed",
    )
    methods, seeds = _sweep(draft) if far == "all" else ([], "")
    _thresholds(draft)
    numbers = [int(seed) for seed in texts.numbers(seeds, "seeds", whole=True)]
    if len(set(numbers)) != len(numbers):
        raise ConfigError(f"The seeds are {seeds}: give each once.")
    return Order(far, _configs(draft, name_of(draft), methods or [None], numbers or [None]))


def name_of(draft: Draft) -> str:
    """What the study will be called: as a person says, else as the base, numbered where that name
    is taken.
    """
    return draft.changes.get("name") or free_name(state.database(), draft.beginning.name)


def _sweep(draft: Draft) -> tuple[list[str], str]:
    """The methods and the seeds, both empty for the draft's own."""
    left, right = widgets.columns(2, least=widgets.LONG_FIELD)
    methods = left.multiselect(
        "Methods",
        list(TEMPLATES),
        format_func=lambda name: TEMPLATES[name].label,
        key="sweep_methods",
        placeholder="as chosen above",
        help="Each method over the same base and the same changes, at the same budget.",
    )
    seeds = right.text_input(
        "Seeds",
        key="sweep_seeds",
        placeholder=str(draft.value("seed")),
        help="Whole numbers, with commas between. Runs that differ in nothing but their seed are"
        " one group on Compare.",
    )
    _say_left_out(draft, methods)
    return methods, seeds


def _say_left_out(draft: Draft, methods: Sequence[str]) -> None:
    """Options are those of one strategy: methods with another one go without them."""
    own = draft.value(STRATEGY)
    if not draft.changes.get(OPTIONS) or STRATEGY in draft.changes:
        return
    by_name = {name: TEMPLATES[name].changes.get("difficulty", {}) for name in methods}
    others = [
        TEMPLATES[name].label
        for name, settings in by_name.items()
        if settings.get("strategy", own) != own
    ]
    if others:
        st.caption(f"Without the options of {own}, which they do not have: {', '.join(others)}.")


def _configs(
    draft: Draft, name: str, methods: Sequence[str | None], seeds: Sequence[int | None]
) -> dict[str, list[RunConfig]]:
    """One configuration per method and seed, by method. Raises: ConfigError."""
    configs: dict[str, list[RunConfig]] = {}
    for method in methods:
        label = TEMPLATES[method].label if method else ""
        for seed in seeds:
            parts = [name]
            if len(methods) > 1 and method:
                parts.append(label)
            if len(seeds) > 1:
                parts.append(f"seed {seed}")
            config = draft.config(method=method, seed=seed, name=", ".join(parts))
            configs.setdefault(label, []).append(config)
    return configs


def _thresholds(draft: Draft) -> None:
    known = groups.by_key()
    grid = st.grid(4, min_column_width=widgets.FIELD)
    for key in groups.THRESHOLDS:
        fields.field(grid.cell(), known[key], draft, {})
    st.caption(
        "Thresholds are needed where nobody is asked. On the Difficulty page they are where the"
        " lines begin."
    )


def refusal(order: Order) -> str | None:
    """Why nothing of it is looked at for this visitor: a study names files, and to tell what it
    would take reads them. None where all of it may be looked at.
    """
    if not visitor.may_write():
        return (
            "You are logged in to look. What a study would take is not worked out for you, because"
            " its fields can name any file on this machine, and that file would be read."
        )
    try:
        for config in order.configs:
            visitor.check(config)
    except NotAllowed as error:
        return str(error)
    return None


def start(order: Order) -> None:
    """Create every run and let the first work begin. What cannot be made is said, and then there is
    none of them.
    """
    start_run.count_press()
    try:
        begun = _begin(order)
    except EngineError as error:
        start_run.refuse(error)
        return
    if order.is_sweep or order.far != "stop":
        state.select(begun[0].run_id, 0)
        page = "home.py"
    else:
        page = "difficulty.py"
    st.switch_page(ROOT / "pages" / page, query_params=state.address(page))


def _begin(order: Order) -> list[Iteration]:
    """Raises: EngineError."""
    db = state.database()
    for config in order.configs:
        visitor.check(config)
    with st.spinner("Reading problems and models"):
        begun = [Iteration(db, run_id, 0) for run_id in create_runs(db, order.configs)]
    for it in begun:
        _go(it, order.far)
    return begun


def _go(it: Iteration, far: str) -> None:
    if far == "stop":
        state.begin(it)
        return
    n_iterations = it.config.n_iterations if far == "all" else 1
    state.runner().go_on(it.run_id, n_iterations, ordered_by=state.tab_id())


def headless(order: Order) -> None:
    """The same runs for the command line: files, and what to type."""
    files = _files(order.configs)
    if order.is_sweep:
        st.download_button(
            "Save as TOML",
            lambda: _zipped(files),
            file_name="studies.zip",
            icon=":material/download:",
            on_click="ignore",
            help="One file per run.",
        )
    else:
        (file_name,) = files
        st.download_button(
            "Save as TOML",
            files[file_name],
            file_name=file_name,
            icon=":material/download:",
            on_click="ignore",
        )
    st.code("\n".join(map(_command, files)), language="bash", wrap_lines=True)
    st.caption("The same on a command line, with the same responses and pairs. Copy it there.")
    if order.far != "all":
        st.caption("The command line goes through all iterations, and needs thresholds.")


def _files(configs: list[RunConfig]) -> dict[str, str]:
    """TOML by file name."""
    files: dict[str, str] = {}
    for config in configs:
        stem = re.sub(r"[^a-z0-9]+", "_", config.name.lower()).strip("_") or "study"
        name = stem if f"{stem}.toml" not in files else f"{stem}_{len(files)}"
        files[f"{name}.toml"] = as_toml(config)
    return files


def _zipped(files: dict[str, str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return stream.getvalue()


def _command(file_name: str) -> str:
    return f"python -m engine run {shlex.quote(file_name)} --db study.duckdb"


def button_label(order: Order) -> str:
    """What the button starts."""
    n = len(order.configs)
    if n == 1:
        return "Start the study"
    return f"Start {n} runs, one after the other"
