"""What did the policy write, and why was it judged as it was?"""

import streamlit as st

from app import state, widgets
from app.difficulty import choice
from app.next_step import next_step
from app.response_card import PHASES, question_card, response_card
from engine import store
from engine.method.difficulty import classify
from engine.store.responses import Filter
from engine.study.handle import Iteration
from engine.types import Difficulty

PAGE_ROWS = 200
VERDICTS = {
    "correct": "Correct",
    "wrong": "Wrong",
    "no_answer": "No answer",
    "timeout": "Timeout",
    "error": "Unchecked",
    "ungraded": "Ungraded",
}
TRUNCATED = {None: "Any", True: "Yes", False: "No"}


def problems_of_classes(chosen: Iteration, names: list[str]) -> list[str]:
    """Problem ids in the classes: as committed, else as the thresholds stand now."""
    commit = store.commits.find(chosen)
    if commit:
        rows = store.commits.allocation(chosen)
        return [row.problem_id for row in rows if Difficulty(row.difficulty).name in names]
    e = store.samples.estimates(chosen)
    now = choice.current(chosen, None, choice.last_commit(chosen))
    classes = classify(e.n_correct, e.n, e.phi_r, tau_l=now.tau_l, tau_h=now.tau_h, mode=now.mode)
    return [id for id, c in zip(e.problem_ids.tolist(), classes) if Difficulty(c).name in names]


def filters(chosen: Iteration) -> Filter:
    first, second = widgets.columns([1, 2], least=240)
    names = first.pills(
        "Class",
        [d.name for d in Difficulty],
        format_func=str.capitalize,
        selection_mode="multi",
        wrap=True,
    )
    statuses = second.pills(
        "Verdict",
        list(VERDICTS),
        format_func=VERDICTS.__getitem__,
        selection_mode="multi",
        wrap=True,
    )
    a, b, c, d = widgets.columns(4, least=widgets.FIELD)
    phase = a.selectbox("Phase", [None, *PHASES], format_func=lambda p: PHASES.get(p, "Any"))
    truncated = b.selectbox("Truncated", list(TRUNCATED), format_func=TRUNCATED.__getitem__)
    rewards = c.slider("Process reward", 0.0, 1.0, (0.0, 1.0), step=0.01)
    st.session_state["problem_field"] = state.kept("problem", "")
    problem = d.text_input(
        "Problem id",
        key="problem_field",
        on_change=lambda: state.keep(problem=st.session_state["problem_field"].strip() or None),
    )
    ids = problems_of_classes(chosen, names) if names else None
    if problem.strip():
        ids = [id for id in ([problem.strip()] if ids is None else ids) if id == problem.strip()]
    return Filter(ids, statuses, phase, truncated, None if rewards == (0.0, 1.0) else rewards)


chosen = widgets.need_run()
st.title("Responses")
wanted = filters(chosen)
db = state.database()
total = store.responses.count(chosen, wanted)
if not total:
    if not store.samples.stored_keys(db, chosen.row.presample_set):
        widgets.nothing_yet(
            "No response is drawn yet. Start the pre-sampling on the Home page, or wait for its"
            " first batch.",
            "home.py",
        )
    st.info(
        "No response fits these filters. Take one of them away.", icon=":material/filter_alt_off:"
    )
    st.stop()
next_step(chosen, "responses.py")
n_pages = -(-total // PAGE_ROWS)
number = st.number_input(f"Page of {n_pages:,}", 1, n_pages, 1, width=160) if n_pages > 1 else 1
rows = store.responses.page(chosen, wanted, limit=PAGE_ROWS, offset=(number - 1) * PAGE_ROWS)
st.caption(f"{total:,} responses. Choose a row to read it.")
row = widgets.chosen_row(
    [
        {
            "Problem": r.problem_id,
            "Phase": PHASES[r.phase],
            "Index": r.idx,
            "Verdict": VERDICTS[r.status],
            "Extracted": r.predicted or "",
            "Reference": r.answer,
            "Process reward": r.reward,
            "Tokens": r.n_tokens,
            "Question": r.question,
        }
        for r in rows
    ],
    key="responses_table",
    about=(chosen.run_id, chosen.number, wanted, number),
    height=320,
    column_config={"Process reward": st.column_config.NumberColumn(format="%.3f")},
)
opened = rows[row or 0]
question_card(opened)
response_card(opened, key="opened", scored=chosen.config.reward.scored)
