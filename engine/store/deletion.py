"""What belongs to a run, and its removal: the one place where rows go. Only a person asks for
it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.store import beside
from engine.store.connection import Database

OF_A_RUN = (
    "allocations",
    "commits",
    "decisions",
    "hand_pairs",
    "iterations",
    "labels",
    "left_out_pairs",
    "pair_sets",
    "pairs",
    "rounds",
    "run_problems",
    "side_samples",
    "tags",
    "train_draws",
    "trackings",
    "tunings",
    "unattended",
)
"""Tables with a run_id, jobs left out."""
OF_A_JOB = (
    "checkpoints",
    "interim_answers",
    "kept_checkpoints",
    "loads",
    "metrics",
    "notes",
    "picks",
    "sent_figures",
)
OF_A_SET = ("opinions", "overrides", "score_costs", "step_scores", "verdicts", "responses")


@dataclass(frozen=True, slots=True)
class SetUse:
    """A sample set that a run's iterations or side samples refer to."""

    run_id: str
    set_id: str


def set_uses(db: Database) -> list[SetUse]:
    """Which run refers to which training set; held-out sets follow from configurations."""
    return db.records(
        SetUse,
        """SELECT run_id, unnest([presample_set, resample_set]) AS set_id FROM iterations
        UNION SELECT run_id, set_id FROM side_samples
        UNION SELECT run_id, set_id FROM train_draws
        UNION SELECT j.run_id, s.id FROM sample_sets s JOIN jobs j ON j.id = s.owner""",
    )


def n_responses(db: Database, set_ids: Sequence[str]) -> int:
    """Responses in some sets together."""
    count = "SELECT count(*) FROM responses WHERE list_contains(?, set_id)"
    return db.value(count, [list(set_ids)])


def policies_made(db: Database, run_id: str) -> dict[str, str]:
    """Folders by id of the policies that a run's trainings made."""
    policies = db.tuples(
        """SELECT DISTINCT p.id, p.path FROM jobs j JOIN policies p ON p.id = j.policy_id
        WHERE j.run_id = ?""",
        [run_id],
    )
    return {id: beside.located(db, path) for id, path in policies}


def remove(db: Database, run_id: str, *, set_ids: Sequence[str], policy_ids: Sequence[str]) -> None:
    """Remove a run with these sample sets and policies, in one transaction. Problems stay: other
    runs know them by their question.
    """
    with db.transaction() as cursor:
        for table in OF_A_JOB:
            cursor.execute(
                f"DELETE FROM {table} WHERE job_id IN (SELECT id FROM jobs WHERE run_id = ?)",
                [run_id],
            )
        for table in ("jobs", *OF_A_RUN):
            cursor.execute(f"DELETE FROM {table} WHERE run_id = ?", [run_id])
        for table in OF_A_SET:
            wanted = f"DELETE FROM {table} WHERE list_contains(?, set_id)"
            cursor.execute(wanted, [list(set_ids)])
        cursor.execute("DELETE FROM sample_sets WHERE list_contains(?, id)", [list(set_ids)])
        cursor.execute("DELETE FROM policies WHERE list_contains(?, id)", [list(policy_ids)])
        cursor.execute("DELETE FROM runs WHERE id = ?", [run_id])
    db.forget()
