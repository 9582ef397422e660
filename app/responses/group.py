"""All responses to one problem side by side: their rewards as a histogram that filters, their
answers counted, their steps as strips.
"""

from collections import Counter
from dataclasses import replace

import numpy as np
import streamlit as st

from app import charts, inert, state, widgets
from app.response_card import VERDICTS, headline, question_card, reach_note, response_steps
from app.responses import filters
from app.responses.by_hand import PairDesk
from app.score_colours import full_at, strip
from engine import store
from engine.method.scale import UNIT, Scale
from engine.method.seeds import stable_hash
from engine.store.responses import Filter, ListedResponse, OutlinedResponse
from engine.study.handle import Iteration

N_BINS = 20
PAGE_CARDS = 24
CARD = 260
"""Least width of a card in pixels."""


def side_by_side(chosen: Iteration, wanted: Filter) -> None:
    """Draw the problem of the first response that fits; there is one."""
    [first] = store.responses.page(chosen, wanted, limit=1)
    every = replace(wanted, problem_ids=[first.problem_id], reward_range=None)
    outlined = store.responses.outline(chosen, every)
    question_card(first)
    reach_note(chosen, first.problem_id)
    left, right = widgets.columns(2, least=widgets.PART, gap="medium")
    with left:
        _rewards(chosen, outlined, wanted.reward_range)
    with right:
        _answers(outlined)
    _cards(chosen, replace(every, reward_range=wanted.reward_range))


def _rewards(
    chosen: Iteration, rows: list[OutlinedResponse], picked: tuple[float, float] | None
) -> None:
    """A histogram whose bars choose. picked: the range that is looked at; None for all."""
    scored = [row for row in rows if row.reward is not None]
    if not scored:
        st.caption("None of these responses is scored.")
        return
    scale = filters.reward_scale(chosen)
    ends = scale.low, scale.high
    rewards = np.array([row.reward for row in scored], dtype=np.float64)
    is_right = np.array([row.status == "correct" for row in scored])
    edges = [_edge(at, scale) for at in range(N_BINS + 1)]
    right, wrong = (np.histogram(rewards[side], edges)[0] for side in (is_right, ~is_right))
    key = f"rewards_{stable_hash((*chosen.key, *(picked or ends))):x}"
    st.plotly_chart(
        charts.rewards(right, wrong, picked or ends, ends),
        key=key,
        config=widgets.chart_config(),
        alt="Responses to this problem by reward",
        on_select=lambda: _picked(key, scale),
        selection_mode=["points"],
    )
    if picked:
        st.button("Show all rewards", on_click=state.keep, kwargs={"reward": None})
    n_without = len(rows) - len(scored)
    unscored = f" {n_without:,} are not scored." if n_without else ""
    st.caption(f"Click a bar to see only the responses in its bin.{unscored}")


def _picked(key: str, scale: Scale) -> None:
    points = st.session_state[key]["selection"]["points"]
    bins = [point["point_index"] for point in points]
    state.keep(reward=bins_range(bins, scale), **{state.ROW: None})


def bins_range(bins: list[int], scale: Scale = UNIT) -> str | None:
    """The range of rewards from the lowest to the highest of some bins, as the address says it;
    None for no bin.

    >>> bins_range([3, 2]), bins_range([])
    ('0.10-0.20', None)
    """
    if not bins:
        return None
    return filters.as_range(_edge(min(bins), scale), _edge(max(bins) + 1, scale), scale)


def _edge(at: int, scale: Scale) -> float:
    """Where a bin begins, as the address says it."""
    return scale.value(at / N_BINS)


def _answers(rows: list[OutlinedResponse]) -> None:
    """Every answer as it was extracted, how often it came, and how it was judged."""
    counts = Counter((row.predicted, row.status) for row in rows)
    st.dataframe(
        [
            {
                "Answer": answer if answer is not None else "none",
                "Responses": n,
                "Verdict": VERDICTS[s],
            }
            for (answer, s), n in counts.most_common()
        ],
        hide_index=True,
        height=260 if len(counts) > 6 else "auto",
        key="answers",
    )
    st.caption(f"{len({row.predicted for row in rows}):,} distinct answers, as extracted.")


def _cards(chosen: Iteration, wanted: Filter) -> None:
    total = store.responses.count(chosen, wanted)
    n_pages = -(-total // PAGE_CARDS)
    number = 1
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.caption(f"{total:,} {'response' if total == 1 else 'responses'}.", width="content")
        if n_pages > 1:
            label = f"Page of {n_pages:,}"
            number = st.number_input(label, 1, n_pages, key="cards_page", width=130)
    rows = store.responses.page(chosen, wanted, limit=PAGE_CARDS, offset=(number - 1) * PAGE_CARDS)
    desk = PairDesk(chosen, rows)
    desk.draw()
    grid = st.grid(3, min_column_width=CARD)
    for row in rows:
        with grid.cell(), st.container(border=True):
            _card(row, desk)


def _card(row: ListedResponse, desk: PairDesk) -> None:
    st.markdown(headline(row))
    if row.scores and row.score_status == "ok":
        st.html(strip(row.scores, full_at(desk.chosen)))
    answer = "none" if row.predicted is None else inert.markdown(row.predicted)
    st.markdown(f"Answer: **{answer}**")
    with st.expander("Steps", type="compact", key=f"steps_{row.set_id}_{row.idx}"):
        response_steps(row, desk.chosen)
    desk.buttons(row)
