"""What a person decides on problems: the buttons beside a selection, what holds in short, and the
table where it is taken back.
"""

from collections import Counter
from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import done_by_hand, inert, state, tags, visitor, widgets
from engine import store
from engine.errors import EngineError
from engine.store.decisions import What
from engine.study import decisions
from engine.study.handle import Iteration

WORDS: dict[What, str] = {
    "exclude": "Left out",
    "inlier": "Inlier",
    "boundary": "Boundary",
    "outlier": "Outlier",
}
REFUSED = "decision_refused"
"""Session entry with why the last click decided nothing."""


def actions(chosen: Iteration, ids: Sequence[str], total: int, *, locked: bool) -> None:
    """What can be done with selected problems.

    Args:
        ids: of the selected problems that are known here.
        total: how many are selected.
        locked: nothing can be decided after the commit.
    """
    _say_refused()
    is_partial = total > len(ids)
    row = st.container(horizontal=True, vertical_alignment="center")
    if not locked:
        _decide_buttons(chosen, ids, row, disabled=is_partial)
    tags.tagging(chosen, ids, row, disabled=is_partial)
    row.download_button(
        "Export ids",
        "".join(f"{id}\n" for id in ids),
        file_name=f"problems_{chosen.run_id}_{chosen.number}.txt",
        mime="text/plain",
        icon=":material/download:",
        disabled=is_partial,
        key="export_picked",
    )
    if len(ids) == total == 1:
        with row:
            widgets.link("playground.py", "Ask it in the playground", problem=ids[0])
    if is_partial:
        st.caption(
            f"Only {len(ids):,} of the {total:,} selected problems are known here: select fewer to"
            " decide on them or to export them."
        )


def _decide_buttons(
    chosen: Iteration, ids: Sequence[str], row: DeltaGenerator, *, disabled: bool
) -> None:
    visitor.button(
        row,
        "Leave out of the plan",
        key="decide_exclude",
        icon=":material/block:",
        on_click=_decide,
        args=[chosen, ids, decisions.EXCLUDE],
        disabled=disabled,
    )
    with row.popover("Put into a class", icon=":material/category:", disabled=disabled):
        for what in decisions.CLASSES:
            visitor.button(
                st,
                WORDS[what],
                key=f"decide_{what}",
                on_click=_decide,
                args=[chosen, ids, what],
                width="stretch",
            )
    decided = {d.problem_id for d in store.decisions.holding(chosen)}
    visitor.button(
        row,
        "Take back",
        key="decide_back",
        disabled=disabled or decided.isdisjoint(ids),
        on_click=_decide,
        args=[chosen, ids, None],
    )


def note(chosen: Iteration) -> None:
    """What holds, in short; nothing where nothing does."""
    counts = Counter(d.what for d in store.decisions.holding(chosen))
    if not counts:
        return
    n_forced = counts.total() - counts["exclude"]
    said = [
        f"{n:,} {'problem' if n == 1 else 'problems'} {words}"
        for n, words in ((counts["exclude"], "left out"), (n_forced, "put into a class"))
        if n
    ]
    st.caption(
        f"By hand: {', '.join(said)}. The plan and its counts follow that; the plot shows the"
        " estimates."
    )


def table(chosen: Iteration, *, locked: bool) -> None:
    """Every decision with who and when; before the commit each can be taken back. Nothing where
    nothing was decided.
    """
    _say_refused()
    holding = store.decisions.holding(chosen)
    if not holding:
        return
    st.subheader(f"{len(holding):,} decided by hand")
    words = lambda decision: {"Decision": WORDS[decision.what]}
    key = f"decisions_{chosen.key}_{store.decisions.n_rows(chosen)}"
    picked = done_by_hand.table(chosen, holding, words, key=key)
    if locked:
        st.caption("As committed: a fork begins with them, and there they can be taken back.")
        return
    take_back = lambda these: _decide(chosen, [d.problem_id for d in these], None)
    done_by_hand.take_back_buttons(holding, picked, take_back)


def _say_refused() -> None:
    if said := st.session_state.pop(REFUSED, None):
        st.warning(inert.markdown(said), icon=":material/lock:")


def _decide(chosen: Iteration, ids: Sequence[str], what: What | None) -> None:
    try:
        decisions.decide(chosen, ids, what, made_by=state.tab_id())
    except EngineError as error:
        st.session_state[REFUSED] = str(error)
