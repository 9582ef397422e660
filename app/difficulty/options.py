"""The chosen strategy's own options: fields that put them into the URL."""

import json
from collections.abc import Mapping
from typing import Any

import streamlit as st

from app import state
from app.strategy_options import OptionFields
from engine.errors import ConfigError
from engine.method.strategies import options_of, strategies
from engine.store.commits import Commit
from engine.study import plans
from engine.study.handle import Iteration
from engine.types import Choice


def now(strategy: str, last: Commit | None) -> dict[str, Any] | None:
    """The URL's, else the last iteration's where it had this strategy; None for the
    configuration's.
    """
    before = last.options if last and last.strategy == strategy else None
    text = state.kept("options")
    if text is None:
        return before
    try:
        given = json.loads(text)
        return options_of(strategy, given) if isinstance(given, dict) else before
    except (ValueError, ConfigError):
        return before


def fields(chosen: Iteration, choice: Choice, *, place: str) -> None:
    """One field per option of the chosen strategy; nothing for one without any.

    Args:
        place: where they stand, as part of their keys: the same fields may be in two places.
    """
    own = strategies()[choice.strategy].options
    if not own:
        return
    values = plans.resolved_options(chosen.config, choice.strategy, choice.options)
    OptionFields(
        strategy=choice.strategy,
        given={name: value for name, value in values.items() if value != own[name]},
        key=f"option_{place}",
        mistakes=_mistakes(chosen, choice.strategy, place),
        on_entry=lambda given: _keep(choice.strategy, given),
    ).draw(st.grid(len(own), min_column_width=150))


def _mistakes(chosen: Iteration, strategy: str, place: str) -> dict[str, str]:
    """Those of one place: an option of the same name elsewhere is another one."""
    all_of_them = st.session_state.setdefault("option_mistakes", {})
    return all_of_them.setdefault((*chosen.key, strategy, place), {})


def _keep(strategy: str, given: Mapping[str, Any]) -> None:
    """Raises: ConfigError for values that the strategy cannot use."""
    options_of(strategy, given)
    state.keep(options=json.dumps(dict(given)))
