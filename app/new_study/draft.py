"""A study that is being built, without widgets: a base, a method over it, and what a person
changed. Knows no Streamlit.
"""

from dataclasses import dataclass, field
from typing import Any

from engine.config import RunConfig, parse_config, plain_config
from engine.config.reference import Setting
from engine.config.templates import from_template

STRATEGY, OPTIONS = "difficulty.strategy", "difficulty.options"


def key_of(setting: Setting) -> str:
    """How a setting is written in a sentence: sampling.n, or seed at the top of a file."""
    return f"{setting.table}.{setting.name}" if setting.table else setting.name


@dataclass
class Draft:
    """One study in the making; a tab has at most one."""

    base: RunConfig
    origin: str
    """What the base is, in words."""
    method: str | None = None
    """A template over the base; None for the base as it is."""
    notes: tuple[str, ...] = ()
    """Sentences on what of its origin the base cannot say."""
    changes: dict[str, Any] = field(default_factory=dict)
    """What a person set otherwise, by key, as plain data."""
    mistakes: dict[str, str] = field(default_factory=dict)
    """What was typed and cannot be read, as sentences by key."""
    version: int = 0
    """Another one whenever base or method changes, so that fields show the new values."""
    left_out: dict[str, Any] = field(default_factory=dict)
    """Options that were set and went when the strategy was last changed."""
    drawn: set[str] = field(default_factory=set)
    """Keys of the fields that were drawn since hidden mistakes were forgotten."""
    form: str = "new"
    """Which form its fields are in: forms on several pages have fields of their own."""

    def __post_init__(self) -> None:
        self.beginning = _beginning(self.base, self.method)
        self._plain = plain_config(self.beginning)

    def take(self, method: str | None) -> None:
        """Put another method over the base. Raises: ConfigError, and leaves the one there was."""
        beginning, before = _beginning(self.base, method), self._strategy_and_options()
        self.beginning, self._plain = beginning, plain_config(beginning)
        self.method, self.version = method, self.version + 1
        self.mistakes.clear()
        self.left_out = {}
        self._leave_options_out(*before)

    def widget(self, key: str) -> str:
        """The key of a setting's field."""
        return f"{self.form}_{self.version}_{key}"

    def value(self, key: str) -> Any:
        """A setting as it stands."""
        return self.changes[key] if key in self.changes else self.before(key)

    def before(self, key: str) -> Any:
        """A setting as base and method have it."""
        table, _, name = key.rpartition(".")
        return (self._plain[table] if table else self._plain)[name]

    def set(self, key: str, value: Any) -> None:
        """Change a setting; back at what it was, it is no change any more."""
        before, self.left_out = self._strategy_and_options(), {}
        self.mistakes.pop(key, None)
        self._change(key, value)
        if key == STRATEGY:
            self._leave_options_out(*before)

    def forget_hidden(self) -> None:
        """Drop the mistakes of fields that were not drawn since the last call: what was typed there
        is gone, and the setting is as it was.
        """
        for key in self.mistakes.keys() - self.drawn:
            del self.mistakes[key]
        self.drawn.clear()

    def _change(self, key: str, value: Any) -> None:
        self.changes.pop(key, None)
        if value != self.before(key):
            self.changes[key] = value

    def _strategy_and_options(self) -> tuple[str, dict[str, Any]]:
        return self.value(STRATEGY), self.value(OPTIONS)

    def _leave_options_out(self, strategy: str, options: dict[str, Any]) -> None:
        """Options are those of one strategy: with another one than before they go, or are what base
        and method have for it.
        """
        now = self.value(STRATEGY)
        if now != strategy:
            own = self.before(OPTIONS) if now == self.before(STRATEGY) else {}
            self._change(OPTIONS, own)
            self.left_out = {name: v for name, v in options.items() if name not in own}
            for key in [key for key in self.mistakes if key.startswith(f"{OPTIONS}.")]:
                del self.mistakes[key]
        elif now != self.before(STRATEGY):
            self._change(OPTIONS, options)

    def changed(self, table: str) -> list[str]:
        """Keys of a table's settings that differ from the base, in the order they were changed."""
        return [key for key in self.changes if key.rpartition(".")[0] == table]

    def config(
        self, *, method: str | None = None, seed: int | None = None, name: str | None = None
    ) -> RunConfig:
        """The configuration as it stands.

        Args:
            method, seed, name: in place of the draft's own, for one run of a sweep. A method with
                another strategy has that one's options as the method says.

        Raises: ConfigError for the first value that cannot be used.
        """
        start = _beginning(self.base, method) if method else self.beginning
        plain = plain_config(start)
        strategy = self.changes.get(STRATEGY, start.difficulty.strategy)
        for key, value in self.changes.items():
            if key == OPTIONS and strategy != self.value(STRATEGY):
                continue
            table, _, setting = key.rpartition(".")
            (plain[table] if table else plain)[setting] = value
        given = {"seed": seed, "name": name}
        return parse_config(plain | {key: v for key, v in given.items() if v is not None})


def _beginning(base: RunConfig, method: str | None) -> RunConfig:
    """The base as a method has it. Raises: ConfigError where the method cannot have it."""
    return from_template(base, method) if method else base
