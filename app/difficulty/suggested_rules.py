"""Suggested strategies: the best rule of the arena, and a share of the budget for problems that
nobody has seen solved.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import streamlit as st

from app import state
from engine.config.backends import draws_itself
from engine.method.reach import unreached
from engine.method.strategies import UNREACHED, strategies
from engine.store.samples import Estimates
from engine.study import plans
from engine.study.handle import Iteration
from engine.types import Choice

BEST_IN_ARENA = "lookahead"
"""docs/arena.md, "What came out"."""
PERCENT = "unreached_percent"


def lines(
    chosen: Iteration,
    now: Choice,
    e: Estimates,
    bought: Callable[[Choice], str],
    *,
    locked: bool,
) -> None:
    """A line and a button for each.

    Args:
        bought: what a choice would buy, in words.
    """
    _best(chosen, now, bought, locked=locked)
    n_unreached = int(unreached(e.n_correct, e.n).sum())
    if n_unreached and not locked:
        _share_for_unreached(chosen, now, n_unreached, bought)


def _best(chosen: Iteration, now: Choice, bought: Callable[[Choice], str], *, locked: bool) -> None:
    in_one_go = draws_itself(chosen.config.training.method)
    options = {"n_rounds": 1} if in_one_go else {}
    best = replace(now, strategy=BEST_IN_ARENA, options=options)
    _line(
        f"The rule with the most distinct pairs in the arena: **{strategies()[BEST_IN_ARENA].label}"
        f"**{', in one round' if in_one_go else ''}.  \n{bought(best)}",
        "arena",
        best.strategy,
        options,
        is_off=locked or now.strategy == BEST_IN_ARENA,
    )


def _share_for_unreached(
    chosen: Iteration, now: Choice, n_unreached: int, bought: Callable[[Choice], str]
) -> None:
    label = strategies()[now.strategy].label
    if UNREACHED not in strategies()[now.strategy].options:
        st.caption(
            f"{label} keeps no share of the budget for the {n_unreached:,} unreached problems; the"
            " published rules and Lookahead can."
        )
        return
    given = plans.resolved_options(chosen.config, now.strategy, now.options)
    key = f"{PERCENT}_{chosen.run_id}_{chosen.number}_{now.strategy}"
    st.session_state.setdefault(key, round(100 * given[UNREACHED]) or 20)
    percent = st.number_input("Per cent of the budget for unreached problems", 1, 100, key=key)
    defaults = strategies()[now.strategy].options
    own = {name: value for name, value in given.items() if value != defaults[name]}
    options = own | {UNREACHED: percent / 100}
    said = bought(replace(now, options=options))
    _line(
        f"Keep **{percent} %** of the budget on the {n_unreached:,} unreached problems, the rest as"
        f" {label} has it.  \n{said}",
        "unreached",
        now.strategy,
        options,
        is_off=False,
    )


def _line(said: str, name: str, strategy: str, options: Mapping[str, Any], *, is_off: bool) -> None:
    left, right = st.columns([4, 1], vertical_alignment="center")
    left.markdown(said)
    right.button(
        "Use",
        key=f"use_{name}",
        disabled=is_off,
        on_click=state.keep,
        kwargs={"strategy": strategy, "options": json.dumps(dict(options)) if options else None},
        width="stretch",
    )
