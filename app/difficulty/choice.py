"""The thresholds as a person sets them: sliders and number fields in step with the plot and the
URL, presets, the plan's figures.
"""

import numpy as np
import streamlit as st

from app import state
from app.difficulty import options
from engine import store
from engine.method.difficulty import MODES, PRESETS, class_counts
from engine.method.planning import Handout
from engine.method.posterior import FEW
from engine.method.scale import STEPS, UNIT, Scale
from engine.method.strategies import strategies
from engine.method.suggestions import quantile_thresholds
from engine.store.commits import Commit
from engine.study.handle import Iteration
from engine.study.thresholds import mode_at, scale_at
from engine.types import Choice, Mode

NEUTRAL = (0.25, 0.65)
"""Where the lines stand when neither the URL, a commit nor the configuration says anything."""
WITHOUT_LINES = ("accuracy", "posterior")
"""Modes in which no threshold decides."""
MODE_NAMES = {
    "both": "Both signals",
    "accuracy": "Accuracy only",
    "reward": "Reward only",
    "posterior": "Posterior",
}


def last_commit(chosen: Iteration) -> Commit | None:
    """What the iteration before bound; None in the first."""
    return store.commits.find(chosen.at(chosen.number - 1)) if chosen.number else None


def current(chosen: Iteration, commit: Commit | None, last: Commit | None) -> Choice:
    """A commit's setting if there is one; else the URL's, the last iteration's, the
    configuration's, in this order. Thresholds outside what is shown stand at its end.
    """
    if commit:
        return commit.choice
    d, scale = chosen.config.difficulty, scale_of_page(chosen)
    last = carried(chosen, last)
    _, start_l, start_h = start_of(chosen, last)
    tau_l = _read(state.kept("tau_l"), start_l, scale)
    tau_h = _read(state.kept("tau_h"), start_h, scale)
    mode, named = state.kept("mode"), state.kept("strategy")
    modes = modes_of(chosen)
    strategy = named if named in strategies() else (last or d).strategy
    setting = Choice(
        min(tau_l, tau_h),
        tau_h,
        mode if mode in modes else last.mode if last else mode_at(chosen),
        strategy,
        options.now(strategy, last),
    )
    state.remember(
        tau_l=scale.text(setting.tau_l),
        tau_h=scale.text(setting.tau_h),
        mode=setting.mode,
        strategy=setting.strategy,
    )
    return setting


def start_of(chosen: Iteration, last: Commit | None) -> tuple[str, float, float]:
    """Where the lines stand before anybody moves them, tau_l and tau_h, and who says so: the last
    iteration's commit, if there is one, or the configuration; else a neutral start, which cuts half
    of each outer strip where rewards have no bounds."""
    d, last = chosen.config.difficulty, carried(chosen, last)
    if last:
        return f"as committed in iteration {chosen.number - 1}", last.tau_l, last.tau_h
    if d.tau_l is None and not chosen.config.has_bounded_rewards:
        tau_l, tau_h = neutral_start(chosen)
        return "half of each outer strip", tau_l, tau_h
    tau_l, tau_h = (
        neutral if own is None else own for own, neutral in zip((d.tau_l, d.tau_h), NEUTRAL)
    )
    return "as the configuration says" if d.tau_l is not None else "a neutral start", tau_l, tau_h


def carried(chosen: Iteration, last: Commit | None) -> Commit | None:
    """The commit before, as far as it says where this iteration begins: not that of iteration 0
    where its rewards said nothing.
    """
    return None if chosen.config.is_own_reward and chosen.number == 1 else last


def scale_of_page(chosen: Iteration) -> Scale:
    """What thresholds are chosen in."""
    if chosen.config.has_bounded_rewards:
        return UNIT
    return scale_at(chosen, store.samples.estimates(chosen))


def neutral_start(chosen: Iteration) -> tuple[float, float]:
    """Thresholds that cut half of each outer strip; the ends of the scale before there are any."""
    e = store.samples.estimates(chosen)
    scale = scale_at(chosen, e)
    if not len(e.n):
        return scale.low, scale.high
    halves = quantile_thresholds(e.n_correct, e.n, e.phi_r, scale=scale)
    return scale.within(halves.tau_l.value), scale.within(halves.tau_h.value)


def modes_of(chosen: Iteration) -> tuple[Mode, ...]:
    """The modes to choose from: accuracy only where the run has no process reward."""
    return MODES if chosen.config.has_rewards else ("accuracy",)


def pickers(now: Choice, *, locked: bool, modes: tuple[Mode, ...] = MODES) -> None:
    """What decides beside the thresholds: mode, strategy, presets. Outside the fragment that a
    release draws anew.
    """
    s = st.session_state
    s["mode_choice"], s["strategy_choice"] = now.mode, now.strategy
    row = st.container(horizontal=True, vertical_alignment="bottom")
    row.selectbox(
        "Signals",
        modes,
        format_func=MODE_NAMES.__getitem__,
        key="mode_choice",
        on_change=_chosen,
        args=["mode"],
        disabled=locked,
        width=190,
    )
    row.selectbox(
        "Resample",
        list(strategies()),
        format_func=lambda name: strategies()[name].label,
        key="strategy_choice",
        on_change=_chosen,
        args=["strategy"],
        disabled=locked,
        width=260,
    )
    if locked or now.mode == "accuracy":
        return
    with row.popover("Presets"):
        st.caption("Published for the policy Qwen2.5-7B with these reward models only.")
        for preset in PRESETS:
            st.button(
                f"{preset.tau_l:.2f} / {preset.tau_h:.2f}  {preset.prm}",
                on_click=state.keep,
                kwargs={"tau_l": preset.tau_l, "tau_h": preset.tau_h},
                width="stretch",
            )


def controls(now: Choice, decides: Mode, *, locked: bool, scale: Scale = UNIT) -> None:
    """Sliders and number fields. What is moved goes into the URL; the plot follows.

    Args:
        scale: what thresholds are chosen in.
        decides: the mode that decides in fact, as engine.method.difficulty.deciding_mode says.
    """
    s, unused, size = st.session_state, locked or decides in WITHOUT_LINES, scale.high - scale.low
    for name, label in (("tau_h", "τ high"), ("tau_l", "τ low")):
        slide, field = st.columns([3, 2], vertical_alignment="bottom")
        value = getattr(now, name)
        s[f"{name}_slider"] = s[f"{name}_number"] = value
        slide.slider(
            label,
            scale.low,
            scale.high,
            step=size / STEPS,
            format=f"%.{scale.digits}f",
            key=f"{name}_slider",
            on_change=_moved,
            args=[name, "slider", scale],
            disabled=unused,
        )
        field.number_input(
            label,
            scale.low,
            scale.high,
            step=size / 100,
            format=f"%.{scale.digits}f",
            key=f"{name}_number",
            label_visibility="collapsed",
            on_change=_moved,
            args=[name, "number", scale],
            disabled=unused,
        )
    if decides in WITHOUT_LINES:
        st.caption(
            f"{'Accuracy alone' if decides == 'accuracy' else 'The posterior of each pass rate'}"
            " decides, no threshold."
        )
    elif decides != now.mode:
        st.caption(f"Below {FEW} problems no posterior is fitted: both signals decide.")


def class_figures(classes: np.ndarray) -> None:
    """How many problems each class has, and their share."""
    with st.container(horizontal=True):
        for name, count in class_counts(classes).items():
            st.metric(
                name.capitalize(),
                f"{count:,}",
                percent(count, max(len(classes), 1)),
                delta_color="off",
                delta_arrow="off",
                width="content",
            )


def plan_in_short(planned: Handout) -> None:
    """What a plan hands out, to how many problems, and what it does not."""
    if not planned.n_problems and not planned.n_not_recorded:
        st.warning(
            f"No problem is in the classes to resample: {planned.n_unspent + planned.n_later:,}"
            " responses stay unspent."
        )
        return
    if planned.n_problems:
        st.markdown(
            f"**{planned.n_responses:,} responses** for {planned.n_problems:,} problems:"
            f" {_shares(planned)}."
        )
    if planned.n_later:
        st.caption(f"{planned.n_later:,} more are handed out in later rounds.")
    if planned.n_not_recorded:
        st.caption(
            f"{planned.n_not_recorded:,} responses stay unspent: no more responses of the problems"
            " to resample are recorded."
        )
    if n_others := planned.n_unspent - planned.n_not_recorded:
        st.caption(f"{n_others:,} responses stay unspent: no problem was left to give them to.")


def _shares(planned: Handout) -> str:
    if planned.least == planned.most:
        return f"{planned.most:,} each"
    if planned.is_even:
        return f"{planned.least:,} each, {planned.n_with_most:,} of them one more"
    return f"{planned.least:,} to {planned.most:,} each"


def percent(count: int, total: int) -> str:
    """One decimal, halves up, as the plot's legend rounds."""
    return f"{(2000 * count + total) // (2 * total) / 10:.1f}%"


def _read(text: str | None, default: float, scale: Scale) -> float:
    try:
        value = default if text is None else float(text)
    except ValueError:
        value = default
    return scale.within(value if scale.low <= value <= scale.high else default)


def _moved(name: str, widget: str, scale: Scale) -> None:
    """A threshold stops at the other one."""
    value = scale.within(st.session_state[f"{name}_{widget}"])
    other = _read(state.kept("tau_h" if name == "tau_l" else "tau_l"), value, scale)
    stopped = min(value, other) if name == "tau_l" else max(value, other)
    state.keep(**{name: scale.text(stopped)})


def _chosen(name: str) -> None:
    own = {"options": None} if name == "strategy" else {}
    state.keep(**{name: st.session_state[f"{name}_choice"]}, **own)
