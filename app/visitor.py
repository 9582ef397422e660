"""What the visitor of this page may do."""

from pathlib import Path
from typing import Any

import streamlit as st

from app.door.guard import guard
from engine.config import RunConfig, named_paths
from engine.errors import ConfigError
from engine.login import NotAllowed, Role, is_path, within_roots
from engine.paths import expanded

READ_ONLY = "You are logged in to look: nothing can be started, written or deleted."


def role() -> Role | None:
    """None for somebody who has to log in first, or who may not be here at all."""
    try:
        return None if guard().refusal else guard().role(st.context.cookies)
    except ConfigError:
        return None


def come_in() -> Role:
    """End the page of whoever may not see it. The door has refused them before, unless somebody
    serves the program without it. Returns: what the others may do.
    """
    given = role()
    if given is None:
        st.error(guard().refusal or "Log in first.", icon=":material/lock:")
        st.stop()
    return given


def may_write() -> bool:
    """Whether the visitor may start, write and delete: what every button and every command that
    does so asks.
    """
    return role() is Role.FULL


def require_write() -> None:
    """Raises: NotAllowed for a visitor who may only look."""
    if not may_write():
        raise NotAllowed(READ_ONLY)


def button(place: Any, label: str, **options: Any) -> bool:
    """A button that starts, writes or deletes, off for those who may only look.

    Args:
        place: st, or a container or column.
        options: those of st.button.
    """
    return _guarded(place.button, label, options)


def submit(place: Any, label: str, **options: Any) -> bool:
    """The same of a form."""
    return _guarded(place.form_submit_button, label, options)


def path(typed: str, what: str) -> Path:
    """A path that a field names. Raises: NotAllowed for those who may only look, and, while others
    can reach the program, outside of the stated roots.

    Args:
        what: the field, in words.
    """
    require_write()
    place = expanded(typed)
    if guard().are_paths_limited:
        within_roots(place, guard().login.roots, what=what, database=guard().database)
    return place


def model(typed: str, what: str) -> str:
    """The same of a field that may also name a hub id, or what the program brings along."""
    if is_path(typed):
        path(typed, what)
    return typed


def check(config: RunConfig, *, known: RunConfig | None = None) -> None:
    """Raises: NotAllowed for a configuration that names a path which a field may not.

    Args:
        known: what is there already, such as the run's own: what it names is not asked about.
    """
    require_write()
    before = named_paths(known) if known else {}
    for what, value in named_paths(config).items():
        if before.get(what) != value:
            (path if what in _FILES else model)(value, what)


def _guarded(make: Any, label: str, options: dict[str, Any]) -> bool:
    if may_write():
        return make(label, **options)
    options |= {"disabled": True, "help": READ_ONLY, "on_click": None}
    make(label, **{name: value for name, value in options.items() if name not in _CALLING})
    return False


_FILES = ("training.accelerate_config", "init.accelerate_config")
"""Settings that name a file whatever they look like, there yet or not."""
_CALLING = ("on_click", "args", "kwargs")
