"""What a judge says otherwise than the rules, and a random sample, for a person to decide."""

from collections.abc import Sequence

import streamlit as st

from app import inert, state, visitor, widgets
from engine.figures.text import share
from engine.judging import agreement, sample_to_label
from engine.store.opinions import Judged
from engine.study.handle import Iteration
from engine.study.overrides import override

PAGE_ROWS = 20
N_SAMPLE = 20
SAYS = {"same": "the same", "different": "different", "unclear": "unclear"}
WHICH = ("Where the judge disagrees", "A random sample")


def figures(judged: Sequence[Judged]) -> None:
    """How often judge and rules disagree, and how often each is right where a person looked."""
    seen = agreement(judged)
    a, b, c, d = widgets.columns(4, least=widgets.FIELD)
    a.metric("Opinions", f"{seen.n:,}")
    b.metric("Called the same", f"{seen.n_disagree:,}", help="The rules call these wrong.")
    c.metric("Judge right, %", share(seen.judge), help=f"Of {seen.n_labelled:,} a person decided.")
    d.metric("Rules right, %", share(seen.rules), help=f"Of {seen.n_labelled:,} a person decided.")
    st.caption(
        "Shares with 95 % intervals, over what a person decided here. They speak for all of these"
        " responses only as far as the random sample was decided, not the disagreements alone."
    )


def show(it: Iteration, judged: Sequence[Judged], *, seed: int, made_by: str) -> None:
    """The queue: what nobody has decided yet, each with two buttons."""
    which = st.segmented_control("Show", WHICH, default=WHICH[0], required=True)
    if which == WHICH[0]:
        waiting = [one for one in judged if one.says == "same" and one.label is None]
    else:
        waiting = sample_to_label(judged, N_SAMPLE, seed=seed)
    if not waiting:
        st.success("A person has decided all of these.", icon=":material/check_circle:")
        return
    st.caption(f"{len(waiting):,} wait for a decision; {min(len(waiting), PAGE_ROWS)} are shown.")
    for one in waiting[:PAGE_ROWS]:
        _card(it, one, made_by)


def _card(it: Iteration, one: Judged, made_by: str) -> None:
    key = f"{one.set_id}_{one.problem_id}_{one.idx}"
    with st.container(border=True):
        st.markdown(inert.markdown(one.question))
        st.markdown(
            f"Reference **{inert.markdown(one.reference)}** · answer"
            f" **{inert.markdown(one.predicted)}** · the judge says **{SAYS[one.says]}**"
        )
        st.caption(f"By the rules: {inert.markdown(one.reason or one.status)}")
        with st.container(horizontal=True):
            for label, correct in (("It is correct", True), ("It is wrong", False)):
                visitor.button(
                    st,
                    label,
                    key=f"label_{correct}_{key}",
                    on_click=_decide,
                    args=[it, one, correct, made_by],
                )
            with st.popover("The judge's words"):
                st.code(one.reply, language=None, wrap_lines=True)
            with st.popover("The response"):
                st.code(one.text, language=None, wrap_lines=True)


def _decide(it: Iteration, one: Judged, correct: bool, made_by: str) -> None:
    override(
        state.database(),
        one.set_id,
        one.problem_id,
        one.idx,
        correct=correct,
        note=f"Looked at because a judge calls it {SAYS[one.says]}.",
        made_by=made_by,
    )
