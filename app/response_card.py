"""One response, read closely: its steps with their scores, the answers, and why it was judged as it
was.
"""

from collections.abc import Sequence

import streamlit as st

from app import domains, inert, state, tags, visitor, widgets
from app.differences import difference
from app.labels import distinct
from app.score_colours import chip, full_at
from engine import store
from engine.config.splitter import BLANK_LINE, Splitter
from engine.method.reach import highest_rate
from engine.method.steps import split_steps
from engine.store.responses import HELD_OUT, SIDE, Filter, ListedResponse, Phase
from engine.study import overrides
from engine.study.handle import Iteration
from engine.types import ScoredPart

MOST_STEPS = 200
"""Steps of a response that are drawn; each is an element of the page."""
VIEWS = ("Steps", "Raw", "Difference")
PHASES: dict[Phase, str] = {
    "presample": "Pre-sample",
    "resample": "Resample",
    "train": "Drawn in training",
    "calibrate": "Calibration",
    "tune": "Tuning",
    "greedy": "Held-out, greedy",
    "evaluate": "Held-out, sampled",
}
VERDICTS = {
    "correct": "Correct",
    "wrong": "Wrong",
    "no_answer": "No answer",
    "timeout": "Timeout",
    "error": "Unchecked",
    "ungraded": "Ungraded",
}
MARKS = {
    "both": ":gray-badge[= both]",
    "other": ":orange-badge[− other only]",
    "this": ":blue-badge[+ this only]",
}
SIDE_BY_SIDE = "problem"
"""What the view is in the address where one problem is shown with all its responses."""
CHIP, MARK = 50, 100
"""Widths in pixels of what stands before a step: a score, a word of MARKS."""
STATUS = {
    "correct": ":blue-badge[correct]",
    "wrong": ":orange-badge[wrong]",
    "no_answer": ":gray-badge[no answer]",
    "timeout": ":gray-badge[timeout]",
    "error": ":gray-badge[not checked]",
    "ungraded": ":gray-badge[not graded yet]",
}


def response_table(chosen: Iteration, *, problem_id: str) -> None:
    """All responses of one problem, each a card."""
    rows = store.responses.page(chosen, Filter(problem_ids=[problem_id]), limit=200)
    if not rows:
        st.info("This problem has no responses yet.")
        return
    question_card(rows[0])
    reach_note(chosen, problem_id)
    for row in rows:
        response_card(row, key=f"{problem_id}_{row.idx}", chosen=chosen)


def question_card(row: ListedResponse) -> None:
    with st.container(border=True):
        st.markdown(inert.markdown(row.question))
        domains.reference(row.reference)
        level = f" · level {inert.markdown(row.level)}" if row.level else ""
        st.caption(
            f"Reference answer: **{inert.markdown(row.answer)}** · problem {row.problem_id}{level}"
        )
        if badges := tags.badges(state.kept("run", ""), row.problem_id):
            st.markdown(badges)
        at = _where(row)
        with st.container(horizontal=True):
            widgets.link("responses.py", "All its responses", **at)
            widgets.link("responses.py", "Side by side", view=SIDE_BY_SIDE, **at)
            widgets.link("playground.py", "Ask it in the playground", problem=row.problem_id)


def reach_note(chosen: Iteration, problem_id: str) -> None:
    """How high the pass rate of a training problem can be that nobody has seen solved; nothing for
    others.
    """
    of_problem = Filter(problem_ids=[problem_id])
    rows = chosen.db.remembered(
        ("reach", chosen.run_id, chosen.number),
        (problem_id, store.samples.table_sizes(chosen.db)),
        lambda: store.responses.outline(chosen, of_problem),
    )
    graded = [row.status for row in rows if row.status != "ungraded"]
    if graded and "correct" not in graded:
        n = len(graded)
        st.caption(
            f"Unreached: none of {n:,} {'response' if n == 1 else 'responses'} is right, which"
            f" leaves a pass rate of at most {float(highest_rate(n)):.0%} (95 %)."
        )


def beside(row: ListedResponse) -> Filter:
    """The responses to its problem that a response is looked at with: the iteration's, or those of
    its phase beside them.
    """
    phase = row.phase if row.phase in (*SIDE, *HELD_OUT) else None
    in_set = row.set_id if row.phase in HELD_OUT else ""
    return Filter(problem_ids=[row.problem_id], phase=phase, held_out_set=in_set)


def _where(row: ListedResponse) -> dict[str, str | None]:
    """What an address says of a problem's responses, and of nothing else."""
    phase = beside(row).phase
    policy = state.kept("policy") if phase in HELD_OUT else None
    return {"problem": row.problem_id, "phase": phase, "policy": policy}


def response_card(row: ListedResponse, *, key: str, chosen: Iteration) -> None:
    """Steps coloured by score, verdict and reason, raw text one click away."""
    with st.container(border=True):
        st.markdown(headline(row))
        with st.container(horizontal=True, vertical_alignment="center"):
            view = st.segmented_control(
                "View",
                VIEWS,
                default=VIEWS[0],
                key=f"view_{key}",
                label_visibility="collapsed",
                required=True,
            )
            if row.graded_status:
                _override(
                    row, row.graded_status, key=f"{key}_{row.set_id}_{row.problem_id}_{row.idx}"
                )
        if view == "Raw":
            st.code(row.text, language=None, wrap_lines=True)
        elif view == "Difference":
            _difference(row, key=key)
        else:
            response_steps(row, chosen)
        domains.outcome(row.reference, row.predicted, row.reason)
        answer = "none" if row.predicted is None else inert.markdown(row.predicted)
        extracted = "" if row.domain == "code" else f"Extracted answer: **{answer}** · "
        st.caption(
            f"{extracted}reference: **{inert.markdown(row.answer)}** ·"
            f" {inert.markdown(row.reason or '')}"
        )


def headline(row: ListedResponse) -> str:
    """Which response it is, its verdict, reward and length, as Markdown."""
    kind = "outcome score" if row.score_status == "outcome" else "process reward"
    reward = "not scored" if row.reward is None else f"{kind} {row.reward:.3f}"
    tokens = f" · {row.n_tokens:,} tokens" if row.n_tokens else ""
    truncated = " · :orange-badge[truncated]" if row.finish_reason == "length" else ""
    overridden = " :violet-badge[overridden]" if row.overridden_by else ""
    return (
        f"**{PHASES[row.phase]} {row.idx}** {STATUS[row.status]}{overridden} ·"
        f" {reward}{tokens}{truncated}"
    )


def _override(row: ListedResponse, graded: str, *, key: str) -> None:
    """A person's word against the verdict: mark, say why, undo."""
    with st.popover(
        "Override", icon=":material/gavel:", key=f"override_{key}", on_change="rerun"
    ) as opened:
        if opened.open:
            _override_fields(row, key=key)
    if row.overridden_by:
        who = inert.markdown(state.who(row.overridden_by))
        st.caption(
            f"Graded {STATUS[graded]}, overridden by {who} on"
            f" {row.overridden_at:%Y-%m-%d %H:%M} UTC."
            f" {inert.markdown(row.override_note or '')}"
        )


def _override_fields(row: ListedResponse, *, key: str) -> None:
    note = f"note_{row.set_id}_{row.problem_id}_{row.idx}"
    st.text_input("Note", key=note, placeholder="Why is the verdict not right?")
    for label, correct in (("Mark as correct", True), ("Mark as wrong", False)):
        visitor.button(
            st,
            label,
            key=f"mark_{correct}_{key}",
            on_click=_overrode,
            args=[row, correct, note],
            width="stretch",
        )
    if row.overridden_by:
        visitor.button(
            st,
            "Undo",
            key=f"undo_{key}",
            on_click=_overrode,
            args=[row, None, note],
            width="stretch",
        )
    st.caption(
        "It counts in every run that shares this response. Commits and built pairs stay as they"
        " are."
    )


def _overrode(row: ListedResponse, correct: bool | None, note: str) -> None:
    """Args: note: key of the field."""
    overrides.override(
        state.database(),
        row.set_id,
        row.problem_id,
        row.idx,
        correct=correct,
        note=st.session_state.get(note, ""),
        made_by=state.tab_id(),
    )
    st.session_state[note] = ""


def answer_steps(
    text: str,
    scores: Sequence[float | None] | None = None,
    *,
    answer_at: int | None = None,
    scored: ScoredPart = "response",
    splitter: Splitter = BLANK_LINE,
    full: float | None = None,
) -> None:
    """A response step by step, behind its thinking, which is folded.

    Args:
        scores: one per step, shown before it; steps beyond them are marked as not scored. None: no
            score is shown.
        answer_at: where the answer begins behind the thinking, in characters.
        scored: what the scores are of.
        splitter: where the text is cut into steps.
        full: as score_colours.full_at gives it.
    """
    thought = splitter.split(text[: answer_at or 0])
    answer = splitter.split(text[answer_at or 0 :])
    steps = splitter.split(text) if scored == "response" else [*thought, *answer]
    if not steps:
        st.caption("This response has no step.")
    n_thought = min(len(thought), len(steps))
    if scores is not None and scored == "answer":
        scores = [*[None] * n_thought, *scores]
    chips = None if scores is None else [*scores, *[None] * (len(steps) - len(scores))]
    if n_thought:
        with st.expander(f"Thinking, {n_thought:,} steps", icon=":material/psychology:"):
            _list_steps(steps[:n_thought], chips and chips[:n_thought], full)
    _list_steps(steps[n_thought:], chips and chips[n_thought:], full)


def _list_steps(
    steps: Sequence[str], chips: Sequence[float | None] | None, full: float | None
) -> None:
    for number, step in enumerate(steps[:MOST_STEPS]):
        if chips is None:
            st.markdown(inert.markdown(step))
            continue
        with st.container(horizontal=True, wrap=False):
            st.html(chip(chips[number], full), width=CHIP)
            st.markdown(inert.markdown(step))
    _say_cut(len(steps))


def _say_cut(n_steps: int) -> None:
    if n_steps > MOST_STEPS:
        st.caption(f"The first {MOST_STEPS} of {n_steps:,} steps; all of them are in Raw.")


def response_steps(row: ListedResponse, chosen: Iteration) -> None:
    """The steps of a stored response with their scores."""
    reward = chosen.config.reward
    scores = row.scores or [] if row.score_status == "ok" else []
    answer_steps(
        row.text,
        scores,
        answer_at=row.answer_at,
        scored=reward.scored,
        splitter=reward.splitter,
        full=full_at(chosen),
    )


def _difference(row: ListedResponse, *, key: str) -> None:
    """This response against another one to the same problem, step by step."""
    responses = store.responses.page(
        Iteration(state.database(), state.kept("run"), int(state.kept("iteration"))),
        beside(row),
        limit=200,
    )
    own = row.set_id, row.idx
    by_place = {(other.set_id, other.idx): other for other in responses}
    others = {place: other for place, other in by_place.items() if place != own}
    if not others:
        st.caption("There is no other response to this problem yet.")
        return
    names = distinct(
        {
            place: f"{PHASES[one.phase]} {place[1]}, {one.status.replace('_', ' ')}"
            for place, one in others.items()
        },
        lambda place: place[0][:8],
    )
    other = others[
        st.selectbox(
            "Against",
            list(others),
            format_func=names.__getitem__,
            key=f"against_{key}_{row.problem_id}",
        )
    ]
    compared = difference(split_steps(other.text), split_steps(row.text))
    for kind, step in compared[:MOST_STEPS]:
        with st.container(horizontal=True, wrap=False):
            st.markdown(MARKS[kind], width=MARK)
            st.markdown(inert.markdown(step))
    _say_cut(len(compared))
