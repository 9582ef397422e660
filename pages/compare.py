"""Did it help?"""

import numpy as np
import streamlit as st

from app import charts, inert, state, widgets
from engine import runs
from engine.errors import EngineError
from engine.evaluation import Evaluation, evaluations, gain
from engine.iteration import Phase, next_phase
from engine.method.difficulty import classify
from engine.store import reads
from engine.summary import class_counts_of_commit

CLASSES = ["All right", "Mixed", "None right"]


def headline(first: Evaluation, last: Evaluation) -> None:
    a, b, c = st.columns(3)
    g, m, change = last.greedy_interval(), last.mean_interval(), gain(first, last)
    a.metric(f"Greedy, M{last.number}", f"{g.value:.1%}", f"{(g.value - first.greedy_interval().value) * 100:+.1f} points")
    b.metric(f"Mean of {last.n}, M{last.number}", f"{m.value:.1%}", f"{change.value * 100:+.1f} points")
    c.metric(f"Paired gain over M{first.number}, 95 % (points)", f"{change.low * 100:+.1f} to {change.high * 100:+.1f}")


def accuracy_rows(found: list[Evaluation]) -> list[dict]:
    rows = []
    for e in found:
        for name, rows_of in [("all", np.ones(len(e.levels), bool)), *((level, e.levels == level) for level in sorted(set(e.levels.tolist())) if level)]:
            g, m = e.greedy_interval(rows_of), e.mean_interval(rows_of)
            rows.append({"Policy": f"M{e.number}", "Level": name, "Problems": int(rows_of.sum()), "Greedy": f"{g.value:.1%}", "Greedy 95 %": f"{g.low:.1%} – {g.high:.1%}",
                         f"Mean of {e.n}": f"{m.value:.1%}", "Mean 95 %": f"{m.low:.1%} – {m.high:.1%}"})  # fmt: skip
    return rows


def held_out_flows(before: Evaluation, after: Evaluation) -> None:
    """Classes by accuracy alone, from the same n responses per problem under each policy."""
    was, now = (
        classify(np.rint(e.pass_rate * e.n).astype(int), e.n, None, tau_l=0, tau_h=1, mode="accuracy") for e in (before, after)
    )
    counts = np.zeros((3, 3), dtype=int)
    np.add.at(counts, (was, now), 1)
    table = [{f"M{before.number}": name, **{f"{other}, M{after.number}": n for other, n in zip(CLASSES, row)}} for name, row in zip(CLASSES, counts.tolist())]
    widgets.chart(charts.flows(counts, CLASSES, f"M{before.number}", f"M{after.number}"), table, alt="Flows between classes", key="flows")


def next_iteration() -> None:
    try:
        number = runs.begin_next_iteration(state.store(), chosen.run_id)
    except EngineError as error:
        st.session_state["said"] = str(error)
        return
    state.runner().submit(chosen.run_id, number, "presample")
    state.select(chosen.run_id, number)


chosen = widgets.need_run()
st.title("Compare")
if said := st.session_state.pop("said", None):
    st.warning(inert.markdown(said))
db = state.store()
found = evaluations(db, chosen.run_id)
if next_phase(runs.progress(db, chosen.run_id, reads.iterations(db, chosen.run_id)[-1]["iteration"])) is Phase.NEXT:
    st.button("Next iteration", type="primary", icon=":material/skip_next:", on_click=next_iteration)
if not found:
    if chosen.config.is_recorded:
        widgets.nothing_yet("This run replays recorded responses: there is no policy to evaluate. Its pairs can be exported.", "pairs.py")
    widgets.nothing_yet("No policy is evaluated yet. The first evaluation follows the resampling, the next one the training.", "home.py")
labels = [f"M{e.number}" for e in found]
if len(found) > 1:
    headline(found[0], found[-1])
left, right = st.columns(2)
as_points = lambda intervals: [(i.value, i.low, i.high) for i in intervals]
series = {"greedy": as_points(e.greedy_interval() for e in found), f"mean of {found[0].n}": as_points(e.mean_interval() for e in found)}
rows = accuracy_rows(found)
with left:
    widgets.chart(charts.accuracy(labels, series), [row for row in rows if row["Level"] == "all"], alt="Held-out accuracy with 95 % intervals", key="accuracy")
levels = [level for level in sorted(set(found[0].levels.tolist())) if level]
if levels:
    values = np.array([[e.pass_rate[e.levels == level].mean() for level in levels] for e in found])
    with right:
        widgets.chart(charts.by_level(levels, labels, values), [row for row in rows if row["Level"] != "all"], alt="Accuracy by level", key="levels")
committed = [row["iteration"] for row in reads.iterations(db, chosen.run_id) if reads.commit(db, chosen.run_id, row["iteration"])]
counts = [class_counts_of_commit(db, chosen.run_id, t) for t in committed]
left, right = st.columns(2)
if counts:
    shares = {name: [c[name] / max(sum(c.values()), 1) for c in counts] for name in counts[0]}
    with left:
        table = [{"Iteration": t, **{name.capitalize(): n for name, n in c.items()}} for t, c in zip(committed, counts)]
        widgets.chart(charts.class_shares([f"iteration {t}" for t in committed], shares), table, alt="Training problems by class", key="shares")
        st.caption("Training problems differ between iterations: compare shares, not problems.")
if len(found) > 1:
    with right:
        held_out_flows(found[-2], found[-1])
        st.caption(f"Held-out problems by how many of {found[0].n} sampled responses are right.")
