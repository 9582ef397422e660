"""What must not depend on where a study was stopped: responses, verdicts, scores, plan, pairs and
weights.
"""

from pathlib import Path

from engine.paths import DAMAGED
from engine.store import Database

_SHARED = """SELECT s.purpose, s.iteration, s.policy_id, r.problem_id, r.idx, {} FROM {} r JOIN \
sample_sets s ON s.id = r.set_id
    ORDER BY s.purpose, s.iteration, s.policy_id, r.problem_id, r.idx"""
SAME = {
    "responses": _SHARED.format("r.seed, r.text, r.finish_reason, r.n_tokens", "responses"),
    "presample set": "SELECT presample_set FROM iterations",
    "verdicts": _SHARED.format("r.correct, r.predicted, r.status, r.reason", "verdicts"),
    "step scores": _SHARED.format("r.prm_id, r.scores, r.status, r.reward", "step_scores"),
    "commits": (
        "SELECT iteration, tau_l, tau_h, mode, strategy, seed, n_unspent, n_pending, made_by FROM"
        " commits"
    ),
    "allocations": "SELECT problem_id, difficulty, n_more FROM allocations ORDER BY problem_id",
    "pairs": "SELECT * EXCLUDE (run_id) FROM pairs ORDER BY position",
    "policies": "SELECT id, parent_id FROM policies ORDER BY id",
}
"""Resample sets carry the run's id in their own, so purposes are compared."""


def facts(path: Path) -> dict[str, list]:
    db = Database(path)
    found = {name: db.rows(sql) for name, sql in SAME.items()}
    db.close()
    return found


def weights(path: Path) -> dict:
    """Tensors of the one policy that was trained beside a database; none where there is not one."""
    from safetensors.torch import load_file

    files = Path(f"{path}.files", "policies").glob("*/model.safetensors")
    trained = [file for file in files if not file.parent.name.startswith(DAMAGED)]
    return load_file(trained[0]) if len(trained) == 1 else {}


def differences(broken: Path, unbroken: Path) -> list[str]:
    """One sentence per kind of row that is not the same, and one for the weights."""
    mine, theirs = facts(broken), facts(unbroken)
    lines = [f"the unbroken run has no {name}" for name, rows in theirs.items() if not rows]
    lines += [f"{name} differ" for name, rows in theirs.items() if mine[name] != rows]
    return lines if are_equal(weights(broken), weights(unbroken)) else [*lines, "weights differ"]


def are_equal(mine: dict, theirs: dict) -> bool:
    """Whether tensors are the same to the last bit."""
    import torch

    return mine.keys() == theirs.keys() and all(
        torch.equal(mine[name], theirs[name]) for name in theirs
    )
