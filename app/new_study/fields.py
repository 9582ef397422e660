"""One field per setting, of the kind that its type asks for; what is entered goes into the
draft.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import inert, texts
from app.labels import distinct
from app.new_study.draft import OPTIONS, STRATEGY, Draft, key_of
from app.new_study.groups import label
from app.strategy_options import OptionFields, every_digit, step_of
from engine.config.reference import Setting
from engine.errors import ConfigError

LONG = ("policy.prompt_template", "policy.system")
TELLING = 8
"""Characters of a file's or folder's name, of those with equal labels."""
EXACT = "2**63"
"""In the range of whole numbers that a browser does not hold to the digit."""


def field(at: DeltaGenerator, setting: Setting, draft: Draft, choices: dict[str, str]) -> None:
    """Draw one setting.

    Args:
        choices: labels by value of what lies at hand, for a setting that names a file or a model;
            anything else can be typed as well.
    """
    key = key_of(setting)
    draft.drawn.add(key)
    widget = {"key": draft.widget(key), "help": _help(setting)}
    kind = _kind(setting, draft.value(key), choices)
    kind(at, label(setting), draft, setting, widget, choices)
    if mistake := draft.mistakes.get(key):
        at.error(inert.markdown(mistake), icon=":material/error:")


def option_fields(at: DeltaGenerator, draft: Draft) -> None:
    """The own options of the strategy that the draft names."""
    own = OptionFields(
        strategy=draft.value(STRATEGY),
        given=draft.value(OPTIONS),
        key=draft.widget("option"),
        mistakes=draft.mistakes,
        on_entry=partial(draft.set, OPTIONS),
    )
    draft.drawn |= own.names()
    own.draw(at)


def _help(setting: Setting) -> str:
    """The setting's own sentence, its name in a file, and what it may be."""
    of_range = f", {setting.range}" if setting.range and not setting.choices else ""
    said = f"{setting.help}  \n" if setting.help else ""
    return f"{said}`{key_of(setting)}`: {setting.type}{of_range}"


Kind = Callable[[DeltaGenerator, str, Draft, Setting, dict[str, Any], dict[str, str]], None]


def _kind(setting: Setting, value: Any, choices: dict[str, str]) -> Kind:
    """Which field fits a setting's type and the value it has."""
    several = setting.type.startswith("list of")
    if choices:
        return _at_hand
    if setting.type == "choice":
        return _choice
    if setting.type == "true or false":
        return _switch
    if setting.choices and several and len(set(value)) == len(value):
        return _several_choices
    if several and ("number" in setting.type):
        return _several_numbers
    if several:
        return _several_texts
    if setting.type in ("number", "whole number") and EXACT not in setting.range:
        return _number
    return _exact if setting.type == "whole number" else _text


def _at_hand(at, words, draft, setting, widget, choices) -> None:
    value = draft.value(key_of(setting))
    known = {**({} if value in choices else {value: value}), **choices}
    known = distinct(known, lambda path: Path(path).name[-TELLING:])
    options = list(known)
    at.selectbox(
        words,
        options,
        index=options.index(value),
        format_func=lambda v: known.get(v, v) or "none",
        accept_new_options=True,
        **widget,
        **_on_entry(draft, setting, widget, lambda v: (v or "").strip()),
    )


def _choice(at, words, draft, setting, widget, _) -> None:
    value = draft.value(key_of(setting))
    options = list(dict.fromkeys([*setting.choices, value]))
    index = options.index(value)
    at.selectbox(words, options, index=index, **widget, **_on_entry(draft, setting, widget))


def _switch(at, words, draft, setting, widget, _) -> None:
    at.toggle(words, draft.value(key_of(setting)), **widget, **_on_entry(draft, setting, widget))


def _several_choices(at, words, draft, setting, widget, _) -> None:
    reading = _on_entry(draft, setting, widget, tuple)
    at.multiselect(words, setting.choices, list(draft.value(key_of(setting))), **widget, **reading)


def _several_numbers(at, words, draft, setting, widget, _) -> None:
    whole = "whole" in setting.type
    read = lambda v: _or_left_out(setting, texts.numbers(v, key_of(setting), whole=whole))
    value = texts.as_numbers(draft.value(key_of(setting)))
    hint = "left out" if setting.default is None else "numbers, with commas between"
    at.text_input(
        words, value, placeholder=hint, **widget, **_on_entry(draft, setting, widget, read)
    )


def _several_texts(at, words, draft, setting, widget, _) -> None:
    reading = _on_entry(draft, setting, widget, texts.lines)
    value = texts.as_lines(draft.value(key_of(setting)))
    hint = "one per line; \\n is a line break"
    at.text_area(words, value, height=80, placeholder=hint, **widget, **reading)


def _number(at, words, draft, setting, widget, _) -> None:
    whole, value = setting.type == "whole number", draft.value(key_of(setting))
    step = 1 if whole else step_of(setting.default)
    at.number_input(
        words,
        value=value if whole or value is None else float(value),
        step=step,
        placeholder="left out",
        **every_digit(step),
        **widget,
        **_on_entry(draft, setting, widget, lambda v: _required(setting, v)),
    )


def _exact(at, words, draft, setting, widget, _) -> None:
    read = lambda v: texts.number(v.strip(), key_of(setting), whole=True)
    value = str(draft.value(key_of(setting)))
    at.text_input(words, value, **widget, **_on_entry(draft, setting, widget, read))


def _text(at, words, draft, setting, widget, _) -> None:
    value = draft.value(key_of(setting)) or ""
    left_out = setting.default is None
    reading = _on_entry(draft, setting, widget, lambda v: (v.strip() or None) if left_out else v)
    if key_of(setting) in LONG:
        at.text_area(words, value, height=120, **widget, **reading)
    else:
        at.text_input(words, value, placeholder="left out" if left_out else "", **widget, **reading)


def _on_entry(
    draft: Draft, setting: Setting, widget: dict[str, Any], read: Callable[[Any], Any] = lambda v: v
) -> dict[str, Any]:
    return {"on_change": _entered, "args": [draft, key_of(setting), widget["key"], read]}


def _entered(draft: Draft, key: str, widget: str, read: Callable[[Any], Any]) -> None:
    try:
        draft.set(key, read(st.session_state[widget]))
    except ConfigError as error:
        draft.mistakes[key] = str(error)


def _required(setting: Setting, value: float | None) -> float | None:
    """Raises: ConfigError for an emptied field that may not be left out."""
    if value is None and setting.default is not None:
        must = f": it must be {setting.range}" if setting.range else ""
        raise ConfigError(f"{key_of(setting)} is empty{must}.")
    return value


def _or_left_out(setting: Setting, values: tuple[float, ...]) -> tuple[float, ...] | None:
    return None if not values and setting.default is None else values
