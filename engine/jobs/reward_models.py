"""The reward model that a run was begun with, known by its content: another one in its place is
never asked instead, because its scores would be filed under the name of the first.
"""

import os
from functools import lru_cache
from pathlib import Path

from engine.config.backends import BACKENDS
from engine.errors import ConfigError, RewardModelChanged
from engine.models.weights import content_id, locate
from engine.study.handle import Iteration

KEPT = "reward_models"
"""Folder beside a database where a reward model may be put that is no longer where it was, by its
content id.
"""


def sound_reward(it: Iteration) -> tuple[str, str]:
    """(folder of the reward model, folder of its reference); the second is empty unless the family
    is implicit. The files are read whole, once for as long as they stay as they are. What loads no
    model here is taken as it is.

    Raises: RewardModelChanged: other files, or none, are where the run's model was, and it was not
    put beside the database.
    """
    r, path = it.config.reward, it.run.prm_path
    if r.family not in BACKENDS or not BACKENDS[r.family].loads_model:
        return path, ""
    ids = it.run.prm_id.split("-")
    folder = _with_content(it, "reward.path", Path(path), ids[-1])
    if r.family != "implicit":
        return folder, ""
    i = it.config.implicit
    try:
        other = locate(i.reference, role="reference", revision=i.reference_revision)
    except ConfigError:
        other = Path(i.reference)
    return folder, _with_content(it, "implicit.reference", other, ids[-2])


def _with_content(it: Iteration, field: str, folder: Path, wanted: str) -> str:
    """A folder that holds what is wanted: the given one, or the one that was put aside."""
    aside = it.db.artifacts / KEPT / wanted
    there = _content(folder)
    if there == wanted:
        return str(folder)
    if _content(aside) == wanted:
        return str(aside)
    what = f"its files are those of another model ({there})" if there else "no model is there"
    raise RewardModelChanged(
        f"{field} was {folder} when this run began, and now {what}. The run's scores are those of"
        f" {wanted}, and scores of two models are never mixed. Put the files of {wanted} back, or"
        f" into {aside}, and resume; or make a new run, which scores with the model that is there."
    )


def _content(folder: Path) -> str | None:
    if not (folder / "config.json").is_file():
        return None
    try:
        return _remembered(folder, _look(folder))
    except (ConfigError, OSError):
        return None


@lru_cache(maxsize=16)
def _remembered(folder: Path, look: tuple) -> str:
    """look: what makes the same folder a new one."""
    return content_id(folder)


def _look(folder: Path) -> tuple:
    """Names, sizes and times of a folder's files, without reading them."""
    entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    stats = [(entry.name, entry.stat()) for entry in entries]
    return tuple((name, stat.st_size, stat.st_mtime_ns, stat.st_ino) for name, stat in stats)
