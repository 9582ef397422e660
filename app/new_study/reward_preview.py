"""One response as the reward model that is set up would be given it, below its settings."""

import json
from html import escape

import streamlit as st

from app import inert, palette, visitor
from app.new_study.draft import Draft
from engine.config import RunConfig, parse_config, plain_config
from engine.errors import ConfigError, EngineError
from engine.models.weights import folder_here
from engine.rewards.preview import EXAMPLE, Preview, Shown, preview, require_shown, said

MOST_TOKENS = 2_000
"""Tokens that are drawn; each is an element of the page."""


def show(draft: Draft) -> None:
    """Fields for a question and a response, and how they would be read. Nothing is scored."""
    st.markdown("**How one response is read**")
    question = st.text_area("Question", EXAMPLE[0], key=draft.widget("preview_question"))
    response = st.text_area(
        "Response", EXAMPLE[1], height=140, key=draft.widget("preview_response")
    )
    try:
        shown = _shown(draft.config(), question, response)
    except EngineError as error:
        st.caption(f":material/error: {inert.markdown(str(error))}")
        return
    if shown is None:
        st.caption("It can be shown once the reward model's files are on this machine.")
        return
    _draw(shown)


def _shown(config: RunConfig, question: str, response: str) -> Preview | None:
    """None where the model is not here yet. Raises: EngineError."""
    r = config.reward
    if not r.path:
        raise ConfigError("reward.path names no model yet.")
    require_shown(config)
    visitor.model(r.path, "reward.path")
    folder = folder_here(r.path, role="prm", revision=r.revision)
    if folder is None:
        return None
    tables = json.dumps(plain_config(config) | {"name": ""}, sort_keys=True)
    return _read(tables, str(folder), folder.stat().st_mtime_ns, question, response)


@st.cache_data(show_spinner="Reading the tokenizer", max_entries=32)
def _read(config: str, folder: str, version: int, question: str, response: str) -> Preview:
    """version: what makes the same folder a new one."""
    return preview(parse_config(json.loads(config)), folder, question, response)


def _draw(shown: Preview) -> None:
    st.caption(inert.markdown(said(shown)))
    cells = "".join(map(_cell, shown.tokens[:MOST_TOKENS]))
    if cells:
        ground = f"border:1px solid {palette.faded(palette.GREY, 0.4)};border-radius:8px"
        look = "white-space:pre-wrap;overflow-wrap:anywhere;padding:10px;line-height:1.7"
        st.html(f'<div style="{ground};{look};font-family:monospace">{cells}</div>')
    if len(shown.tokens) > MOST_TOKENS:
        st.caption(f"The first {MOST_TOKENS:,} of {len(shown.tokens):,} tokens.")


def _cell(token: Shown) -> str:
    """A token as text; one at which a score is read stands on blue, behind the number of its
    step.
    """
    text = escape(token.text).replace("\n", "↵\n")
    if token.step is None:
        return text
    look = f"background:{palette.faded(palette.BLUE, 0.3)};border:1px solid {palette.BLUE}"
    title = f"step {token.step} is judged here, at token {token.id}"
    number = f'<sup style="color:{palette.BLUE}">{token.step}</sup>'
    return f'{number}<span title="{title}" style="{look};border-radius:4px">{text}</span>'
