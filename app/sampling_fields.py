"""Fields for every sampling setting but the temperature, as they stand in a form."""

from dataclasses import replace
from typing import Any, get_args

import streamlit as st

from app import widgets
from engine.config import RunConfig
from engine.types import SamplingSettings, Thinking


def all_settings(config: RunConfig) -> SamplingSettings:
    """The run's own settings, less what a person changes here."""
    own = config.train_settings()
    return replace(own, **_numbers(own), **_texts(own))


def _numbers(own: SamplingSettings) -> dict[str, Any]:
    grid = st.grid(3, min_column_width=widgets.LONG_FIELD)
    number = grid.number_input
    thinking = list(get_args(Thinking))
    return {
        "max_new_tokens": number("Most new tokens", 1, value=own.max_new_tokens, key="ask_most"),
        "top_p": number("Top p", 0.01, 1.0, own.top_p, 0.05, key="ask_top_p"),
        "top_k": number("Top k", 0, value=own.top_k, key="ask_top_k", help="0: from all tokens."),
        "min_p": number("Min p", 0.0, 1.0, own.min_p, 0.05, key="ask_min_p"),
        "repetition_penalty": number(
            "Repetition penalty", 0.01, None, own.repetition_penalty, 0.05, key="ask_penalty"
        ),
        "thinking": grid.selectbox(
            "Thinking", thinking, index=thinking.index(own.thinking), key="ask_thinking"
        ),
        "thinking_tokens": number(
            "Thinking tokens",
            0,
            value=own.thinking_tokens,
            key="ask_thinking_tokens",
            help="After as many, thinking is closed; 0: no such limit.",
        ),
        "chat": grid.toggle("Chat template", own.chat, key="ask_chat"),
    }


def _texts(own: SamplingSettings) -> dict[str, Any]:
    stop = st.text_area(
        "Texts that end a response, one a line",
        "\n".join(text.replace("\n", "\\n") for text in own.stop),
        key="ask_stop",
        help=r"`\n` stands for a line break.",
    )
    return {
        "stop": tuple(line.replace("\\n", "\n") for line in stop.split("\n") if line),
        "system": st.text_area("System prompt", own.system, key="ask_system"),
        "prompt_template": st.text_area(
            "Prompt template",
            own.prompt_template,
            key="ask_template",
            help="With one {question} in it.",
        ),
    }
