"""What will the policy learn from?"""

import numpy as np
import streamlit as st

from app import charts, inert, state, tags, widgets
from app.data.recorded import has_outcome_scores
from app.look import entry
from app.next_step import next_step
from app.pairs.chosen import ChosenPairs, left_out
from engine import store
from engine.config.backends import draws_itself
from engine.export.run import table_bytes

PAGE_ROWS = 200

chosen = widgets.need_run()
st.title("Pairs")
db = state.database()
pair_set = store.pairs.find_set(chosen)
if draws_itself(chosen.config.training.method):
    widgets.nothing_yet(
        f"This run trains with {chosen.config.training.method.upper()}: the policy draws its"
        " responses itself, and there are no pairs.",
        "training.py",
    )
if pair_set is None:
    widgets.nothing_yet(
        "Pairs are built when the resampling is done. Commit a plan on the Difficulty page first.",
        "difficulty.py",
    )
next_step(chosen, "pairs.py")
n_problems, margins = store.pairs.figures(chosen)
a, b, c, d = widgets.columns(4, least=widgets.FIELD)
a.metric("Pairs", f"{pair_set.n_pairs:,}")
b.metric("Problems with pairs", f"{n_problems:,}")
c.metric("Mean reward margin", f"{margins.mean():+.3f}" if len(margins) else "–")
d.metric(
    "Foregone",
    f"{pair_set.n_foregone:,}",
    help="Pairs that the pre-samples of problems outside the resampled classes would have given.",
)
if pair_set.n_cut or pair_set.n_ran_on:
    st.caption(
        f"{pair_set.n_cut:,} correct responses were cut off at"
        f" {chosen.config.sampling.max_new_tokens:,} tokens and {pair_set.n_ran_on:,} ran on behind"
        " their turn. They are not chosen; pairs.choose_truncated = true lets them be."
    )
if pair_set.n_by_hand:
    n = pair_set.n_by_hand
    st.caption(f"{n:,} of them {'was' if n == 1 else 'were'} made by hand.")
if pair_set.n_hand_left_out:
    st.warning(
        f"{pair_set.n_hand_left_out:,} made by hand can be none any more: a verdict was overridden,"
        " or a response may not be chosen. They are not used."
    )
if not pair_set.n_pairs:
    left_out(chosen)
    st.warning(
        "There is not a single pair: no problem in the pool has both a correct and a wrong"
        " response, or all are left out by hand. Fork the run and commit another plan, or begin the"
        " next iteration with the same policy."
    )
    st.stop()
if len(margins):
    counts, edges = np.histogram(margins, bins=charts.N_BINS)
    table = [
        {"From": low, "To": high, "Pairs": count}
        for low, high, count in zip(edges[:-1].tolist(), edges[1:].tolist(), counts.tolist())
    ]
    figure = charts.histogram(
        counts, edges, title="Reward margin, chosen minus rejected", axis="margin"
    )
    widgets.chart(figure, table, alt="Histogram of reward margins", key="margins")
st.download_button(
    "Export as JSONL",
    lambda: table_bytes(db, "pairs", ".jsonl", chosen.run_id, chosen.number),
    file_name=f"pairs_{chosen.run_id}_{chosen.number}.jsonl",
    icon=":material/download:",
    help="TRL's columns prompt, chosen and rejected come first.",
)
listed = ChosenPairs(chosen, pair_set.n_pairs)
listed.actions(pair_set.n_pairs)
if not listed.n:
    st.info("No pair fits that condition.", icon=":material/filter_alt_off:")
    left_out(chosen)
    st.stop()
n_pages = -(-listed.n // PAGE_ROWS)
asked = state.said((state.PAIR,)).get(state.PAIR, "")
opened = min(int(asked), listed.n) - 1 if asked.isdecimal() and int(asked) else None
number = (opened or 0) // PAGE_ROWS + 1
if n_pages > 1:
    first_of = lambda page: str((page - 1) * PAGE_ROWS + 1)
    shown = entry(state.PAIR, number, first_of, key="pairs_page")
    st.number_input(f"Page of {n_pages:,}", 1, n_pages, width=160, **shown)
rows = listed.listed(limit=PAGE_ROWS, offset=(number - 1) * PAGE_ROWS)
row = widgets.chosen_row(
    [
        {
            "Problem": r.problem_id,
            "Level": r.level or "",
            "Chosen reward": r.chosen_reward,
            "Rejected reward": r.rejected_reward,
            "Margin": (
                None
                if r.chosen_reward is None or r.rejected_reward is None
                else r.chosen_reward - r.rejected_reward
            ),
            **(
                {"By hand": state.who(r.made_by) if r.made_by else ""} if pair_set.n_by_hand else {}
            ),
            **tagged,
            "Question": r.question,
        }
        for r, tagged in zip(rows, tags.cells(chosen.run_id, [r.problem_id for r in rows]))
    ],
    key="pairs_table",
    about=(chosen.run_id, chosen.number, number, listed.where),
    first=None if opened is None else opened % PAGE_ROWS,
    height=280,
    column_config={
        name: st.column_config.NumberColumn(format="%.3f")
        for name in ("Chosen reward", "Rejected reward", "Margin")
    },
)
if row is not None:
    state.keep(**{state.PAIR: (number - 1) * PAGE_ROWS + row + 1})
(pair,) = store.pairs.texts(chosen, position=rows[row or 0].position)
st.markdown(inert.markdown(pair.question))
if pair.made_by:
    st.caption(f"Paired by hand by {inert.markdown(state.who(pair.made_by))}.")
kind = "outcome score" if has_outcome_scores(chosen.config) else "process reward"
left, right = widgets.columns(2, least=widgets.PART)
for column, side, colour in ((left, "chosen", "blue"), (right, "rejected", "orange")):
    with column.container(border=True):
        reward = getattr(pair, f"{side}_reward")
        st.markdown(
            f":{colour}-badge[{side}] "
            + ("not scored" if reward is None else f"{kind} {reward:.3f}")
        )
        st.markdown(inert.markdown(getattr(pair, side)))
left_out(chosen)
