"""A strategy's own options as fields, one per option, of the kind that its default asks for."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import inert, texts
from engine.errors import ConfigError
from engine.method.strategies import strategies


@dataclass(frozen=True, slots=True)
class OptionFields:
    """Where options come from, and who is told of a change."""

    strategy: str
    given: Mapping[str, Any]
    """Values in place of the defaults."""
    key: str
    """What the widgets' keys begin with."""
    mistakes: dict[str, str]
    """Why what was entered is not taken, by the setting's name: read and written."""
    on_entry: Callable[[dict[str, Any]], None]
    """Told what differs from the defaults now. May raise ConfigError: then it is not taken."""

    def draw(self, at: DeltaGenerator) -> None:
        """One field per option; nothing for a strategy without any, or an unknown one."""
        for option, default in self._options().items():
            self._field(at, option, default)

    def names(self) -> set[str]:
        """Names of the settings that have a field."""
        return {_name(option) for option in self._options()}

    def _options(self) -> Mapping[str, Any]:
        known = strategies().get(self.strategy)
        return known.options if known else {}

    def _field(self, at: DeltaGenerator, option: str, default: Any) -> None:
        value, words = self.given.get(option, default), f"Option: {option.replace('_', ' ')}"
        key, mistake = f"{self.key}_{self.strategy}_{option}", self.mistakes.get(_name(option))
        common = {"key": key, "on_change": self._entered, "args": [key, option, default]}
        is_several = isinstance(default, tuple | list)
        if words_of := strategies()[self.strategy].choices.get(option):
            st.session_state[key] = value
            at.selectbox(words, words_of, **common)
            return
        if not mistake or key not in st.session_state:
            plain = texts.as_numbers(value) if is_several else type(default)(value)
            st.session_state[key] = plain
        if is_several:
            at.text_input(words, **common)
        else:
            step = 1 if isinstance(default, int) else step_of(default)
            at.number_input(words, step=step, **every_digit(step), **common)
        if mistake:
            at.error(inert.markdown(mistake), icon=":material/error:")

    def _entered(self, key: str, option: str, default: Any) -> None:
        """Takes only what differs from the default, so that nothing is said that was not chosen."""
        entered, name = st.session_state[key], _name(option)
        self.mistakes.pop(name, None)
        try:
            is_several = isinstance(default, tuple | list)
            value = texts.numbers(entered, name) if is_several else entered
            rest = {n: v for n, v in self.given.items() if n != option}
            self.on_entry(rest if value in (None, default) else rest | {option: value})
        except ConfigError as error:
            self.mistakes[name] = str(error)


def step_of(default: Any) -> float:
    """Of a number field: a tenth of the first digit's place."""
    is_number = isinstance(default, int | float) and default
    return 10.0 ** (math.floor(math.log10(abs(default))) - 1) if is_number else 0.01


def every_digit(step: float) -> dict[str, str]:
    """The format of a number field that shows every digit of a fraction, also of 5e-7."""
    return {} if isinstance(step, int) else {"format": "%g"}


def _name(option: str) -> str:
    return f"difficulty.options.{option}"
