"""Did it help?"""

import streamlit as st

from app import inert, state, visitor, widgets
from app.compare import sections
from app.compare.flows import held_out_flows
from app.training.siblings import siblings_on_compare
from engine.config.backends import draws_itself
from engine.errors import EngineError
from engine.figures.comparison import compare
from engine.figures.measure import measure
from engine.paths import ROOT
from engine.study.progress import progress
from engine.study.runs import begin_next_iteration, latest
from engine.walk import Phase, next_phase


def next_iteration() -> None:
    try:
        following = begin_next_iteration(state.database(), chosen.run_id)
    except EngineError as error:
        st.warning(inert.markdown(str(error)))
        return
    state.begin(following)
    page = "difficulty.py"
    st.switch_page(ROOT / "pages" / page, query_params=state.address(page))


chosen = widgets.need_run()
st.title("Compare")
db = state.database()
is_next = next_phase(progress(latest(db, chosen.run_id))) is Phase.NEXT
if is_next and visitor.button(st, "Next iteration", type="primary", icon=":material/skip_next:"):
    next_iteration()
names = sections.run_names()
compared = sections.chosen_runs(chosen)
measured = {run_id: measure(db, run_id, label=names[run_id]) for run_id in compared}
shown = measured.get(chosen.run_id) or measure(db, chosen.run_id)
evaluations = list(shown.evaluations.values())
if len(evaluations) > 1:
    sections.headline(evaluations[0], evaluations[-1])
elif not evaluations:
    recorded = "This run replays recorded responses: there is no policy to evaluate."
    st.info(
        (
            recorded
            if chosen.config.is_recorded
            else (
                "No policy is evaluated yet. Both evaluations follow the training."
                if draws_itself(chosen.config.training.method)
                else "No policy is evaluated yet. The first evaluation follows the resampling, the"
                " next one the training."
            )
        ),
        icon=":material/info:",
    )
siblings_on_compare(chosen)
sections.side_by_side(compare(list(measured.values())), list(measured.values()))
st.subheader(inert.markdown(names[chosen.run_id]))
left, right = widgets.columns(2, least=widgets.PART)
with left:
    sections.class_shares(chosen)
with right:
    if len(evaluations) > 1:
        held_out_flows(evaluations[-2], evaluations[-1])
if evaluations:
    sections.levels(evaluations)
sections.monitor_table(chosen)
sections.length_table(chosen)
