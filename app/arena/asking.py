"""What is to be compared: recordings, rules, budgets."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from app import state, visitor, widgets
from app.labels import distinct
from engine.method.arena import Rules
from engine.method.strategies import strategies
from engine.paths import RECORDINGS
from engine.recorded.about import imported_sets
from engine.types import Mode

FIRST = ("boundary", "lookahead", "posterior", "coba", "vigor", "uniform")
"""Rules that are chosen before a person does."""
MODES: dict[Mode | None, str] = {
    None: "Automatic",
    "accuracy": "Accuracy only",
    "reward": "Reward only",
    "posterior": "Posterior",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A comparison; equal ones have the same answer."""

    sources: tuple[Path, ...]
    names: tuple[str, ...]
    """Rules, the baseline first."""
    budgets: tuple[float, ...]
    """Responses per problem."""
    mode: Mode | None
    rules: Rules


def sources() -> dict[Path, str]:
    """Recordings by their place: those imported into this database, and those that ship."""
    imported = {
        Path(about.folder): f"{about.name} · {about.n_problems:,} problems"
        for about in imported_sets(state.database().artifacts)
    }
    shipped = {
        path: f"{path.name.removesuffix('.jsonl.gz')} · ships with the program"
        for path in sorted(RECORDINGS.glob("*.jsonl.gz"))
    }
    return distinct(imported | shipped, lambda path: path.name)


def form() -> Asked | None:
    """The form; what it asks once a person has pressed the button."""
    known = sources()
    labels = {name: s.label for name, s in strategies().items()}
    with st.form("arena"):
        chosen = st.multiselect(
            "Recordings", list(known), list(known)[:1], format_func=known.__getitem__
        )
        names = st.multiselect(
            "Rules", list(labels), list(FIRST), format_func=labels.__getitem__
        )  # fmt: skip
        fields = st.grid(3, min_column_width=widgets.FIELD)
        baseline = fields.selectbox(
            "Against", list(labels), format_func=labels.__getitem__, help="The baseline."
        )
        typed = fields.text_input(
            "Responses per problem",
            "5, 8, 16",
            help="Budgets, pre-samples included, parted by commas.",
        )
        mode = fields.selectbox(
            "Classes by",
            list(MODES),
            format_func=MODES.__getitem__,
            help="Automatic: both signals, or accuracy where a recording has no rewards.",
        )
        with st.expander("Pre-samples, thresholds, plays"):
            rules = _rules()
        if not visitor.submit(st, "Play", type="primary", icon=":material/play_arrow:"):
            return None
    budgets = _numbers(typed)
    if not chosen or not (names or baseline) or not budgets:
        st.warning("Choose a recording and a rule, and give budgets such as 5, 8.")
        return None
    ordered = tuple(dict.fromkeys([baseline, *names]))
    return Asked(tuple(chosen), ordered, budgets, mode, rules)


def _rules() -> Rules:
    fields = st.grid(3, min_column_width=widgets.FIELD)
    return Rules(
        n_presample=fields.number_input("Pre-samples", 1, 64, 3),
        tau_l=fields.number_input("tau_l", 0.0, 1.0, 0.25, 0.05),
        tau_h=fields.number_input("tau_h", 0.0, 1.0, 0.65, 0.05),
        n_plays=fields.number_input(
            "Plays", 1, 256, 16, help="Orders of the responses that are averaged."
        ),
        seed=fields.number_input("Seed", 0, 2**31 - 1, 0),
    )


def _numbers(typed: str) -> tuple[float, ...]:
    """Positive numbers parted by commas, each once, rising; empty where one is none."""
    try:
        numbers = {float(part) for part in typed.replace(";", ",").split(",") if part.strip()}
    except ValueError:
        return ()
    return tuple(sorted(numbers)) if all(0 < n < 1e6 for n in numbers) else ()
