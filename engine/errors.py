"""Errors are sentences: what happened, where, and what to do next. One child per boundary
crossed.
"""


def in_one_line(error: Exception) -> str:
    """What an error of somebody else's says, in one line: its type, and the first line of its text;
    of values that pydantic does not take the first, and how many there are.
    """
    from pydantic import ValidationError

    kind, text = type(error).__name__, str(error).strip().partition("\n")[0]
    if isinstance(error, ValidationError):
        first = error.errors(include_input=False)[0]
        field = ".".join(map(str, first["loc"]))
        text = f"{error.title} does not take {field}: {first['msg']}"
        if (n := error.error_count()) > 1:
            text += f" (the first of {n} such values)"
    return f"{kind}: {text}"


_NO_MEMORY = ("can't start new thread", "failed to map segment", "Cannot allocate memory")
"""What Python and the loader of libraries say where address space is short."""


def lack_of_memory(error: BaseException) -> str | None:
    """A sentence for an error that says that there was no memory to be had; None for any other."""
    text = str(error)
    if not isinstance(error, MemoryError) and not any(words in text for words in _NO_MEMORY):
        return None
    said = f" ({text.splitlines()[0]})" if text else ""
    return (
        f"There is not enough memory{said}: this process may not use more, or the machine has none"
        " left. Raise its limit (ulimit -v) or close other programs, then start again. What was"
        " stored is kept."
    )


class EngineError(Exception):
    """The base of every error this package raises on purpose; its text is shown to a person as it
    stands.
    """


class ConfigError(EngineError, ValueError):
    """A setting cannot be used. The text names the field, its value and what is allowed."""


class ProblemSetError(EngineError):
    """A problem set cannot be read, or holds too few problems."""


class RecordedSetError(EngineError):
    """Recorded responses cannot be imported, or an imported set cannot be read."""


class SamplerError(EngineError):
    """The policy could not be loaded or could not sample."""


class PolicyDamaged(EngineError):
    """The folder of a policy that was trained here does not hold what was saved in it."""

    def __init__(self, policy_id: str, text: str):
        super().__init__(text)
        self.policy_id = policy_id


class GradingError(EngineError):
    """The grading workers could not be started. A single odd response never raises: it is a verdict
    with a status.
    """


class JudgeError(EngineError):
    """A judge's server does not answer, or says something else than an opinion."""


class RewardModelError(EngineError):
    """The process reward model could not be loaded, or what it answered is not a score."""


class RewardModelChanged(RewardModelError):
    """Where a run's reward model was, there is another one or none."""


class TrainingError(EngineError):
    """Training could not start or could not go on."""


class ConversionError(EngineError):
    """A model in another format could not be found, or not be written as a model folder."""


class WorkerDied(EngineError):
    """A child process ended without a word: killed, out of memory, or crashed in native code."""


class DeviceBusy(EngineError):
    """Something else computes right now: one job or request at a time."""


class StoreLocked(EngineError):
    """Another process owns the database file."""


class StoreError(EngineError):
    """The database cannot be used: a full disk, a newer schema, a file that is not a database."""


class StoreConflict(StoreError):
    """Somebody else stored the same row first."""
