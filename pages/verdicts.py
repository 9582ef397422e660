"""What did the rules decide, and who sees it otherwise?"""

import streamlit as st

from app import inert, reward_quality, state, widgets
from app.judging import asking, queue
from app.response_card import VERDICTS
from engine import store

chosen = widgets.need_run()
st.title("Verdicts")
counts = store.opinions.statuses(chosen)
if not counts:
    widgets.nothing_yet(
        "No response is graded yet. Verdicts appear with the first batch.", "difficulty.py"
    )
    st.stop()
for column, (status, n) in zip(widgets.columns(len(counts), least=widgets.FIELD), counts.items()):
    column.metric(VERDICTS[status], f"{n:,}")
rules = chosen.config.grading
pattern = f", pattern {inert.markdown(rules.pattern)}" if rules.pattern else ""
st.caption(
    f"Of the pre-samples and resamples of this iteration, by the rules {rules.extraction}{pattern};"
    " overrides not counted."
)
if n_earlier := store.opinions.n_by_earlier_rules(chosen):
    st.info(
        f"{n_earlier:,} of these verdicts were given by an earlier version's rules. They count as"
        " they are; `hs-star regrade` lists what today's rules see otherwise, and `--apply` lets"
        " that count.",
        icon=":material/history:",
    )
reward_quality.section(chosen)
st.subheader("A second opinion")
judge = asking.form(chosen)
if judge is not None:
    judged = store.opinions.judged(chosen, judge.id)
    if judged:
        queue.figures(judged)
        queue.show(chosen, judged, seed=chosen.config.seed, made_by=state.tab_id())
