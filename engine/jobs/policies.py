"""Policies that were trained here, trusted by their content: a folder that is there need not be
what was saved in it.
"""

from pathlib import Path

from engine import store
from engine.errors import PolicyDamaged
from engine.models.weights import content_id
from engine.store import Database
from engine.types import JobKind

REPAIRED = {
    JobKind.TRAIN: "It is being trained again; resume this job when that is done.",
    JobKind.PICK: "It is being made again of the weights that its training kept; resume this job"
    " when that is done.",
    None: "No job of this database made it: bring its folder back.",
}
"""What is said of a damaged policy, by the kind of job that makes it again."""


def sound_path(db: Database, policy_id: str) -> str:
    """The folder of a stored policy. One that was trained here is read whole, and must be what was
    saved.

    Raises: PolicyDamaged.
    """
    folder = Path(store.runs.policy_path(db, policy_id))
    if folder.parent != db.artifacts / "policies":
        return str(folder)
    if not folder.is_dir():
        raise PolicyDamaged(policy_id, f"The policy {policy_id} is missing: {folder} is no folder.")
    if content_id(folder) != policy_id:
        raise PolicyDamaged(
            policy_id,
            f"The policy {policy_id} is damaged: the files in {folder} are not those that were"
            " saved.",
        )
    return str(folder)


def make_again(db: Database, policy_id: str) -> JobKind | None:
    """Queue the training that made a policy, or else the job that made it of weights which a
    training kept, before everything else; one that is queued or runs already goes on.

    Returns: the job's kind; None where no job here made it.
    """
    for kind in (JobKind.TRAIN, JobKind.PICK):
        if makers := store.jobs.that_made(db, policy_id, kind):
            if not store.jobs.get(db, makers[-1]).is_unfinished:
                store.jobs.set_state(db, makers[-1], "queued")
            store.jobs.to_front(db, makers[-1])
            return kind
    return None
