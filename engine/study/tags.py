"""Words that a person puts on problems of a run to find them again. They bind nothing: plan, pairs
and training do not know them, and they can be put on and taken off at any time.
"""

from collections.abc import Sequence

from engine import store
from engine.errors import ConfigError
from engine.store import Place
from engine.store.texts import printable

MOST_CHARS = 40


def put(
    at: Place, problem_ids: Sequence[str], text: str, *, made_by: str, wanted: bool = True
) -> None:
    """Put a tag on problems, or take it off. A problem that has it already, or has it not, stays as
    it is.

    Args:
        made_by: a tab's id, or "cli".

    Raises: ConfigError for a problem that is not the run's, or a tag that is empty or too long.
    """
    tag = _read(text)
    roles = ("train", "held_out")
    known = {id for role in roles for id in store.problems.of_run(at.db, at.run_id, role)}
    if unknown := [id for id in problem_ids if id not in known]:
        raise ConfigError(f"{unknown[0]} is no problem of this run: tag those that are.")
    with at.db.transaction():
        tagged = {t.problem_id for t in store.tags.holding(at.db, at.run_id) if t.tag == tag}
        changed = [id for id in problem_ids if (id in tagged) != wanted]
        if changed:
            store.tags.add(at.db, at.run_id, changed, tag, wanted=wanted, made_by=made_by)


def names(at: Place) -> list[str]:
    """The tags of a run, each once, by the alphabet."""
    return sorted({t.tag for t in store.tags.holding(at.db, at.run_id)})


def _read(text: str) -> str:
    tag = " ".join(printable(text).split())
    if not tag or len(tag) > MOST_CHARS:
        said = f"{tag[:MOST_CHARS]} …" if tag else "empty"
        raise ConfigError(f"The tag is {said}: it must have 1 to {MOST_CHARS} characters.")
    return tag
