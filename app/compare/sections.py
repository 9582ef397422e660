"""What the Compare page draws: several runs against each other, and the selected one in depth. Owns
no selection but its own widget.
"""

import numpy as np
import streamlit as st

from app import charts, inert, state, widgets
from app.compare.report import as_html
from app.labels import distinct
from engine import store
from engine.export.report import report_files, zipped
from engine.figures import monitors
from engine.figures.comparison import Comparison, accuracy_series
from engine.figures.evaluation import Evaluation, gain
from engine.figures.lengths import Length, level_lengths
from engine.figures.measure import Measured
from engine.figures.summary import class_counts_of_commit
from engine.figures.text import NOTES, tables
from engine.study.handle import Iteration
from engine.study.runs import latest

FIRST = ("Budget", "Accuracy", "Paired between groups")
"""Tables that are shown at once."""


def chosen_runs(chosen: Iteration) -> list[str]:
    """Ids of the runs to compare, in the order chosen; the selected one is preset."""
    names = run_names()
    return st.multiselect(
        "Runs",
        list(names),
        [chosen.run_id],
        format_func=names.__getitem__,
        key=f"compared_{chosen.run_id}",
    ) or [chosen.run_id]


def run_names() -> dict[str, str]:
    """Every run's name by id, with the id where an older database has the name twice."""
    return distinct({run.id: run.name for run in store.runs.listed(state.database())})


def headline(first: Evaluation, last: Evaluation) -> None:
    a, b, c = widgets.columns([1, 1, 2], least=widgets.FIELD)
    g, m, change = last.greedy_interval(), last.mean_interval(), gain(first, last)
    a.metric(
        f"Greedy, M{last.number}",
        f"{g.value:.1%}",
        f"{(g.value - first.greedy_interval().value) * 100:+.1f} points",
    )
    b.metric(
        f"Mean of {last.n}, M{last.number}", f"{m.value:.1%}", f"{change.value * 100:+.1f} points"
    )
    c.metric(
        f"Paired gain over M{first.number}, 95 % (points)",
        f"{change.low * 100:+.1f} to {change.high * 100:+.1f}",
    )


def side_by_side(comparison: Comparison, measured: list[Measured]) -> None:
    """Budgets, accuracy over policies, every table, and the report."""
    if comparison.differences:
        st.error(inert.markdown(" ".join(comparison.differences)), icon=":material/balance:")
    elif len(comparison.runs) > 1:
        st.caption("Same budget.")
    if any(run.accuracy for run in comparison.runs):
        _accuracy_over_policies(comparison)
    _comparison_tables(comparison)
    st.download_button(
        "Report as HTML",
        lambda: as_html(comparison, measured),
        file_name="comparison.html",
        mime="text/html",
        icon=":material/download:",
        help="One file with figures, configurations, seeds and versions; it needs no network.",
    )
    st.download_button(
        "Report as Markdown",
        lambda: zipped(report_files(comparison, measured, of=_single(measured))),
        file_name="report.zip",
        mime="application/zip",
        icon=":material/download:",
        help="For papers: tables with intervals, figures as SVG, configurations, seeds, versions.",
    )


def _single(measured: list[Measured]) -> Iteration | None:
    """The newest iteration of the run that is reported, where it is one."""
    return latest(state.database(), measured[0].compared.run_id) if len(measured) == 1 else None


def _accuracy_over_policies(comparison: Comparison) -> None:
    measure = (
        st.segmented_control("Accuracy", ["mean", "greedy"], default="mean", key="accuracy_measure")
        or "mean"
    )
    figure = charts.compared(
        accuracy_series(comparison, measure), title=f"Held-out accuracy, {measure}"
    )
    st.plotly_chart(
        figure,
        key="compared_accuracy",
        config=widgets.chart_config(),
        alt=f"Held-out accuracy ({measure}) by policy with 95 % intervals",
    )
    st.caption(
        "95 % intervals: over problems for one run, over seeds for runs that are equal but for"
        " their seed."
    )


def _comparison_tables(comparison: Comparison) -> None:
    shown = {title: rows for title, rows in tables(comparison).items() if rows}
    for title in [title for title in shown if title in FIRST]:
        _titled_table(title, shown[title])
    with st.expander("More figures"):
        for title in [title for title in shown if title not in FIRST]:
            _titled_table(title, shown[title])


def _titled_table(title: str, rows: list[dict]) -> None:
    st.markdown(f"**{title}**")
    st.dataframe(rows, hide_index=True, key=f"table_{title}")
    if title in NOTES:
        st.caption(NOTES[title])


def levels(evaluations: list[Evaluation]) -> None:
    names = [level for level in sorted(set(evaluations[0].levels.tolist())) if level]
    if names:
        values = np.array(
            [[e.pass_rate[e.levels == level].mean() for level in names] for e in evaluations]
        )
        table = [
            {"Policy": f"M{e.number}", **dict(zip((f"Level {name}" for name in names), row))}
            for e, row in zip(evaluations, values.tolist())
        ]
        widgets.chart(
            charts.by_level(names, [f"M{e.number}" for e in evaluations], values),
            table,
            alt="Mean accuracy by level",
            key="levels",
        )


def class_shares(chosen: Iteration) -> None:
    """Of the training problems, as committed."""
    db = state.database()
    committed = [
        row.number
        for row in store.runs.iterations(db, chosen.run_id)
        if store.commits.find(chosen.at(row.number))
    ]
    counts = [class_counts_of_commit(chosen.at(t)) for t in committed]
    if counts:
        shares = {name: [c[name] / max(sum(c.values()), 1) for c in counts] for name in counts[0]}
        figure = charts.class_shares([f"iteration {t}" for t in committed], shares)
        table = [
            {"Iteration": t, **{name.capitalize(): n for name, n in c.items()}}
            for t, c in zip(committed, counts)
        ]
        widgets.chart(figure, table, alt="Training problems by class", key="shares")
        fixed = chosen.config.problems.per_iteration == "fixed"
        st.caption(
            "The same training problems in every iteration."
            if fixed
            else "Training problems differ between iterations: compare shares, not problems."
        )


@st.cache_data(show_spinner="Reading the pre-samples", max_entries=64)
def _monitors(
    run_id: str, iteration: int, n_overrides: int, n_judged: int
) -> monitors.Monitors | None:
    return monitors.monitors(Iteration(state.database(), run_id, iteration))


def monitor_table(chosen: Iteration) -> None:
    """B-STaR's figures of every iteration, over its pre-samples, whose texts are read while the
    panel is open.
    """
    with st.expander(
        "Monitors of every iteration", key="monitors_open", on_change="rerun"
    ) as opened:
        if not opened.open:
            return
        iterations = store.runs.iterations(state.database(), chosen.run_id)
        rows = [row for it in iterations if (row := _monitor_row(chosen.at(it.number)))]
        if not rows:
            st.caption("No pre-sample is judged yet.")
            return
        shares = [name for name in rows[0] if name not in ("Iteration", "Problems", "n*")]
        _table(rows, "monitors", shares, "%.3f")
        st.caption(
            "Exploration and exploitation over the pre-samples of each iteration. Where a response"
            " has no reward, what needs rewards is left out."
        )


def _table(rows: list[dict], key: str, numbers: list[str], format: str) -> None:
    """Rows as a table, with some columns shown as numbers of one format."""
    number = st.column_config.NumberColumn(format=format)
    st.dataframe(rows, hide_index=True, key=key, column_config=dict.fromkeys(numbers, number))


def _monitor_row(it: Iteration) -> dict | None:
    n_judged = store.samples.n_judged(it, it.row.presample_set, it.run.prm_id)
    n_overrides = store.samples.n_overrides(it.db)
    m = _monitors(it.run_id, it.number, n_overrides, n_judged) if n_judged else None
    return m and {
        "Iteration": it.number,
        "Problems": m.n_problems,
        "Pass@1": m.pass_at_1,
        f"Pass@{m.k}": m.pass_at_k,
        f"Pass@{m.k}-{m.s}": m.pass_at_k_s,
        "Distinct equations": m.distinct_equations,
        f"Best of {m.k}": m.best_of_k,
        f"Reward@{m.k}-{m.s}": m.reward_at_k_s,
        "Balance": m.balance,
        "n*": m.n_star,
        "Kept above": m.tau,
    }


@st.cache_data(show_spinner="Reading the responses", max_entries=16)
def _lengths(run_id: str, iteration: int, n_overrides: int, n_judged: int) -> list[dict]:
    def cells(when: str, length: Length | None) -> dict:
        names = [f"{name} {when}" for name in ("Responses", "Steps", "Tokens")]
        return dict(
            zip(
                names,
                (
                    (length.n_responses, length.mean_steps, length.mean_tokens)
                    if length
                    else (0, None, None)
                ),
            )
        )

    return [
        {
            "Level": row.level.name.capitalize(),
            "Problems": row.n_problems,
            **cells("before", row.before),
            **cells("after", row.after),
        }
        for row in level_lengths(Iteration(state.database(), run_id, iteration))
    ]


def length_table(chosen: Iteration) -> None:
    """For a run that uses DAST's levels: how long responses are on each, before the commit and
    after it.
    """
    config = chosen.config
    if config.difficulty.strategy != "dast" and not config.sampling.n_examples:
        return
    with st.expander(
        "Length of responses by level", key="lengths_open", on_change="rerun"
    ) as opened:
        if not opened.open:
            return
        if store.commits.find(chosen) is None:
            st.caption("This iteration is not committed yet.")
            return
        n_judged = store.samples.n_judged(chosen, chosen.row.resample_set, None)
        n_overrides = store.samples.n_overrides(chosen.db)
        rows = _lengths(chosen.run_id, chosen.number, n_overrides, n_judged)
        if not rows:
            st.caption("No problem of this iteration has a known level.")
            return
        means = [name for name in rows[0] if name.startswith(("Steps", "Tokens"))]
        _table(rows, "lengths", means, "%.1f")
        shown = (
            f"with {config.sampling.n_examples} worked examples in the prompt"
            if config.sampling.n_examples
            else "with the same prompt"
        )
        st.caption(
            f"Means over the pre-samples (before) and the resamples, {shown} (after), of iteration"
            f" {chosen.number}."
        )
