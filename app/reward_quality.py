"""What the reward model sees of right and wrong: the section of the Verdicts page."""

import streamlit as st

from app import charts, state, widgets
from app.responses import filters
from app.reward_names import names_of
from engine import store
from engine.config.backends import takers
from engine.config.splitter import N_SHOWN, suggested_rule
from engine.figures.rewards import ScorerReport, scorer_reports
from engine.figures.text import share
from engine.method.reward_quality import BAD_STEP
from engine.method.scale import Scale
from engine.study.handle import Iteration
from engine.types import Cost

MOSTLY = 0.5
"""Share of single-step responses from which the page says so."""


@st.cache_data(show_spinner="Comparing rewards with verdicts", max_entries=8)
def _reports(run_id: str, iteration: int, stored: tuple) -> list[ScorerReport]:
    """stored: what makes the same question a new one."""
    return scorer_reports(Iteration(state.database(), run_id, iteration))


def section(chosen: Iteration) -> None:
    """Nothing in a run without rewards, or before a response is graded and scored."""
    stored = (*store.samples.table_sizes(chosen.db), store.samples.n_overrides(chosen.db))
    reports = _reports(chosen.run_id, chosen.number, stored) if chosen.config.has_rewards else []
    if not reports:
        return
    st.subheader("What the reward model sees of it")
    names = names_of({report.scorer.prm_id: report.scorer.path for report in reports})
    _table(names, reports)
    st.caption(
        "Area under the ROC curve: how often a correct response has a higher reward than a wrong"
        f" one, .5 by chance. Doubted: correct, with a step below {BAD_STEP:g} (below 0"
        " where scores have no bounds). Trusted: wrong, without one. 95 % intervals; the area's"
        " comes from resampling problems."
    )
    own = reports[0]
    if chosen.config.reward.family != "outcome" and own.one_step < 1:
        areas = ", ".join(f"{name} {area:.3f}" for name, area in own.areas.items())
        st.caption(
            f"The area by what its steps are one reward by: {areas}. This run takes the"
            f" {chosen.config.reward.aggregation}; a copy with another `reward.aggregation` takes"
            " the scores that are stored."
        )
    if own.one_step > MOSTLY:
        st.info(_single_steps(chosen, own), icon=":material/splitscreen:")
    if any(report.quality.bins for report in reports):
        _reliability(names, reports)
    _worst(own, filters.reward_scale(chosen), by_steps=chosen.config.reward.aggregation != "min")


def _single_steps(chosen: Iteration, report: ScorerReport) -> str:
    rule = chosen.config.reward.steps
    other = suggested_rule(store.rewards.some_texts(chosen, N_SHOWN))
    advice = (
        f' A copy of this run with `reward.steps = "{other}"` would cut them into more.'
        if other not in (None, rule) and chosen.config.reward.family in takers("reward.steps")
        else ""
    )
    return (
        f"{report.one_step:.0%} of these responses are a single step by the rule {rule}: their"
        f" worst step is their only one.{advice}"
    )


def _row(name: str, report: ScorerReport) -> dict[str, str | int | float | None]:
    q = report.quality
    area = f"{q.auc.value:.3f} [{q.auc.low:.3f}, {q.auc.high:.3f}]" if q.auc else None
    return {
        "Reward model": name,
        "Responses": q.n,
        "Area": area,
        "Doubted, %": share(q.doubted),
        "Trusted, %": share(q.trusted),
        "Calibration error": None if q.calibration_error is None else round(q.calibration_error, 3),
        "Single step, %": round(100 * report.one_step, 1),
    }


def _table(names: list[str], reports: list[ScorerReport]) -> None:
    """A row per reward model, with what asking took where one was asked."""
    has_costs = any(report.scorer.cost for report in reports)
    st.dataframe(
        [
            _row(name, report) | (_spent(report.scorer.cost) if has_costs else {})
            for name, report in zip(names, reports)
        ],
        hide_index=True,
        placeholder="–",
    )
    if has_costs:
        st.caption(
            "Requests and tokens are what a model that writes its judgements took for these"
            " responses, as its servers count them. Unreadable: judgements that were due and in"
            " whose place nothing could be read; a step without any has no score."
        )


def _spent(cost: Cost | None) -> dict[str, int | float | None]:
    """Columns of what asking a model took; empty cells for one that was not asked."""
    c = cost or Cost()
    return {
        "Requests": c.n_requests if cost else None,
        "Tokens read": c.n_read_tokens if cost else None,
        "Tokens written": c.n_written_tokens if cost else None,
        "Unreadable, %": round(100 * c.n_unreadable / c.n_judgements, 1)
        if c.n_judgements
        else None,
    }


def _reliability(names: list[str], reports: list[ScorerReport]) -> None:
    series = {
        name: [(b.mean_reward, b.correct.value, b.correct.low, b.correct.high) for b in bins]
        for name, report in zip(names, reports)
        if (bins := report.quality.bins)
    }
    table = [
        {"Reward model": name, "Mean reward": x, "Share correct": y, "Low": low, "High": high}
        for name, points in series.items()
        for x, y, low, high in points
    ]
    widgets.chart(
        charts.reliability(series),
        table,
        alt="Share correct by reward, in tenths",
        key="reliability",
    )


def _worst(report: ScorerReport, scale: Scale, *, by_steps: bool) -> None:
    """by_steps: the reward is not the worst step, so no range of rewards holds the same ones."""
    middle = scale.within(report.bad_below)
    for title, is_correct, verdict, low, high in (
        ("Correct, and doubted most", True, "correct", scale.low, middle),
        ("Wrong, and trusted most", False, "wrong", middle, scale.high),
    ):
        rows = [one for one in report.worst if one.correct == is_correct]
        if not rows:
            continue
        with st.expander(f"{title}: {len(rows)}"):
            st.dataframe(
                [
                    {
                        "Problem": one.problem_id,
                        "Index": one.idx,
                        "Reward": one.reward,
                        **({"Worst step": one.worst_step} if by_steps else {}),
                        "Steps": one.n_steps,
                    }
                    for one in rows
                ],
                hide_index=True,
                column_config={
                    name: st.column_config.NumberColumn(format="%.5f")
                    for name in ("Reward", "Worst step")
                },
            )
            if by_steps:
                continue
            widgets.link(
                "responses.py",
                f"Read all that are {verdict} with a reward from {low:g} to {high:g}",
                verdict=verdict,
                reward=filters.as_range(low, high, scale),
            )
