"""Recorded responses on their way in, and what the imported sets are: whose responses, with which
scores.
"""

from pathlib import Path

import streamlit as st

from app import inert, state, visitor
from app.data import mapping, recorded_preview, uploads
from app.data.problems import rejected_table
from engine.config import RunConfig
from engine.errors import EngineError
from engine.grading import Grader
from engine.grading.again import as_table, regrade
from engine.problems.sample import Sample, sample_of
from engine.recorded import SHIPPED, Imported, import_responses, imported_sets, open_set
from engine.recorded.about import Scale
from engine.recorded.flags import flagged
from engine.recorded.mapping import HINTS, ROLES, check_recording_mapping
from engine.recorded.reading import Preview, preview_of, responses_of, rows_of_recording
from engine.study import sources

KIND = "recorded"
SCALES: dict[Scale | None, str] = {
    None: "The file has no scores",
    "probability": "Probabilities, 0 to 1",
    "logit": "Logits: a sigmoid is still to be taken",
}
SCORES = {
    "steps": "per step",
    "outcome": "outcome score, no minimum over steps",
    "none": "none: accuracy mode only",
}


def recorded_section() -> None:
    """Choose a file, map it, look at its first responses, say the scale of its scores, import it;
    the sets there are, and their flags graded again.
    """
    file = recording()
    if file is not None:
        try:
            looked_at(file)
        except EngineError as error:
            st.error(inert.markdown(file.named(str(error))), icon=":material/error:")
    sets = imported_sets(state.database().artifacts)
    if not sets:
        return
    st.dataframe(
        [
            {
                "Set": s.name,
                "Id": s.id,
                "Problems": s.n_problems,
                "Responses": s.n_responses,
                "Whose": s.label,
                "Scores": SCORES[s.scores],
                "Flags": s.n_flagged,
                "Truncated": s.n_truncated,
                "Scores that do not fit": s.n_misfit,
                "Rejected": s.n_rejected,
            }
            for s in sets
        ],
        hide_index=True,
    )
    check(sets)


def looked_at(file: uploads.Brought) -> None:
    """One file from its columns to the button that imports it. Raises: EngineError."""
    sample = sampled(str(file.path), file.version)
    mapping.begin(KIND, file.version, ROLES)
    chosen = mapping.mapping_form(KIND, sample, ROLES, HINTS)
    if chosen is not None:
        check_recording_mapping(chosen)
    recorded_preview.show(
        previewed(str(file.path), file.version, None if chosen is None else tuple(chosen.items()))
    )
    scale = st.radio(
        "Scores",
        list(SCALES),
        format_func=SCALES.__getitem__,
        horizontal=True,
        key="recorded_scale",
    )
    rewards = st.text_input(
        "Reward file (optional)",
        key="recorded_rewards",
        help="The path of the reference code's *_reward_dict file that belongs to it.",
    ).strip()
    if visitor.button(st, "Import the responses", type="primary", key="import_responses"):
        rewards_file = visitor.path(rewards, "Reward file") if rewards else None
        if bring(file, scale, rewards_file, chosen):
            mapping.keep(KIND, sample, chosen)


@st.cache_data(show_spinner="Looking at the file", max_entries=8)
def sampled(path: str, version: str) -> Sample:
    return sample_of(Path(path), responses_of, rows_of_recording)


@st.cache_data(show_spinner=False, max_entries=8)
def previewed(path: str, version: str, mapping: tuple[tuple[str, str], ...] | None) -> Preview:
    return preview_of(Path(path), dict(mapping) if mapping is not None else None)


def recording() -> uploads.Brought | None:
    """A file that is brought, else one that comes with the program; None while there is neither."""
    file = uploads.brought(
        "Recorded responses: one per row, or a list per problem", key=KIND, has_logs=True
    )
    shipped = st.selectbox(
        "or one that comes with the program",
        [None, *SHIPPED],
        format_func=lambda name: name or "none",
        key="recorded_shipped",
        help="Choices and programs, right and wrong, written by a generator.",
    )
    if file is None and shipped:
        return uploads.Brought(SHIPPED[shipped], shipped, shipped)
    return file


def bring(
    file: uploads.Brought,
    scale: Scale | None,
    rewards: Path | None,
    mapping: dict[str, str] | None,
) -> bool:
    """Import with a bar and a cancel; whether it worked, which is said."""
    slot = st.empty()
    with slot.container():
        bar = st.progress(0.0, text="Importing")
        st.button("Cancel", key="recorded_cancel", help="Nothing of it is stored then.")
    try:
        imported = import_responses(
            file.path,
            state.database().artifacts,
            scale=scale,
            rewards=rewards,
            mapping=mapping,
            name=file.name,
            on_progress=lambda done, total: bar.progress(
                min(done / max(total, 1), 1.0), text=f"{done:,} of {total:,} lines"
            ),
        )
    except EngineError as error:
        st.error(inert.markdown(file.named(str(error))), icon=":material/error:")
        return False
    finally:
        slot.empty()
    said = (
        f"{imported.n_responses:,} responses of {imported.n_problems:,} problems: {imported.label}."
        f" Scores: {SCORES[imported.scores]}."
    )
    st.success(
        said if imported.is_new else f"Imported before, nothing was added. {said}",
        icon=":material/check_circle:",
    )
    for note in imported.notes:
        st.caption(inert.markdown(note))
    rejected_table(imported.rejected, "Rejected rows", imported.n_rejected)
    rejected_table(imported.misfits, "Step scores that do not fit", imported.n_misfit)
    return True


def check(sets: list[Imported]) -> None:
    """Grade a set again on request and list where the flags that came along disagree."""
    with_flags = [s for s in sets if s.n_flagged]
    if not with_flags:
        return
    row = st.container(horizontal=True, vertical_alignment="bottom")
    chosen = row.selectbox(
        "Grade again",
        with_flags,
        format_func=lambda s: f"{s.name} · {s.n_flagged:,} flags · {s.id}",
        key="regrade_set",
    )
    if visitor.button(row, "Compare with the flags", key="regrade"):
        with st.spinner("Grading"), Grader() as grader:
            done = regrade(flagged(Path(chosen.folder)), grader)
        st.markdown(
            f"{len(done.disagreements):,} of {done.n_graded:,} flags disagree with our verdict."
        )
        st.code(
            as_table(done.disagreements) if done.disagreements else "no disagreement", language=None
        )


def score_name(config: RunConfig) -> str:
    """What a run's second signal is: process reward, outcome score, or "" where nothing is
    scored.
    """
    if not config.has_rewards:
        return ""
    return "outcome score" if has_outcome_scores(config) else "process reward"


def signal_note(config: RunConfig) -> str:
    """What a page must say about the two signals of a run where they are not the usual ones; empty
    for any other.
    """
    notes = []
    if config.is_recorded:
        solvers = open_set(sources.policy(config)[0]).about["solvers"]
        notes.append(f"Recorded responses: {Imported('', '', None, solvers=solvers).label}.")
    score = score_name(config)
    if not score:
        notes.append(
            "No response has a score: φ_r is missing, points are spread over the height, and"
            " accuracy alone decides."
        )
    elif score == "outcome score":
        notes.append(
            "The reward is the mean of one outcome score per response, no minimum over steps."
        )
    return " ".join(notes)


def has_outcome_scores(config: RunConfig) -> bool:
    """Whether the run's scores are of whole responses: "outcome score" is then the word, never
    "process reward".
    """
    if config.reward.family != "recorded_scores":
        return config.reward.family == "outcome"
    return open_set(sources.reward(config)[0]).about["scores"] == "outcome"
