"""Code that a model brings along: told by its small files, and never run for a look.

Whether it runs is said by trust_remote_code, which is a word for a run's own processes. Somebody
who looks at a model opens its tokenizer in the program's process.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.errors import EngineError

_FILES = ("config.json", "tokenizer_config.json")
_READ = ("AutoConfig", "AutoTokenizer")
"""What is opened for a look, by its name in auto_map."""


class OwnCode(EngineError):
    """What is asked of a model would be said by its own code, which is not run for a look."""


@contextmanager
def looking_at(folder: Path, *, trusted: bool) -> Iterator[None]:
    """While a tokenizer is opened for a look, with trust_remote_code off whatever the settings say.

    Args:
        trusted: whether a run would let the model's own code run, and so read it as that says.

    Raises: OwnCode where only that code could say it; any other error as it is.
    """
    own = own_classes(folder) if trusted else []
    if "AutoTokenizer" in own:
        raise _not_run(folder)
    try:
        yield
    except EngineError as error:
        if own:
            raise _not_run(folder) from error
        raise


def own_classes(folder: Path) -> list[str]:
    """Those of AutoConfig and AutoTokenizer for which a model names a class of its own."""
    maps = [_auto_map(folder / name) for name in _FILES]
    return [name for name in _READ if any(name in own for own in maps)]


def _auto_map(path: Path) -> Any:
    """Names, by what they stand for; a list is an older way to name a tokenizer. Empty where the
    file says nothing, or cannot be read: that is said by whoever opens it.
    """
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return ()
    own = settings.get("auto_map") if isinstance(settings, dict) else None
    if isinstance(own, list):
        return ("AutoTokenizer",)
    return own if isinstance(own, dict) else ()


def _not_run(folder: Path) -> OwnCode:
    return OwnCode(
        f"The model in {folder} brings code of its own, and trust_remote_code lets it run. It is"
        " not run for a look: how this model reads texts is known once a job has opened it. Look at"
        " its code before you start."
    )
