"""Weights that are kept along the way, so that another step than the last one can become the
policy: which steps, where they lie, and which of them is best. Trusted only where every file is as
it was written.
"""

import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.config.training import LOWEST_IS_BEST
from engine.errors import TrainingError
from engine.events import Event, Note
from engine.paths import flush_to_disk, set_aside
from engine.training.manifest import damage_of, seal

_FOLDER = "kept"
"""Inside a training's work folder; it stays when the training is over."""


def kept_steps(n_steps: int, n: int, every: int) -> frozenset[int]:
    """Steps after which weights are kept: at most n, spread evenly, the last step left out.

    Args:
        n_steps: of the whole training.
        every: only its multiples; 0 for any step.

    >>> sorted(kept_steps(12, 3, 0)), sorted(kept_steps(12, 3, 5))
    ([2, 6, 10], [5, 10])
    """
    stride = every or 1
    allowed = range(stride, n_steps, stride)
    n = min(n, len(allowed))
    return frozenset(allowed[(2 * i + 1) * len(allowed) // (2 * n)] for i in range(n))


def folder_of(work: Path, step: int) -> Path:
    """Where a training keeps the weights of a step."""
    return work / _FOLDER / f"step-{step}"


def keep(model: Any, folder: Path) -> int:
    """Write a model in training, or its adapter alone where it has one; whole or not at all, with
    a manifest.

    Returns: bytes on the disk.
    """
    draft = folder.with_name(f"{folder.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    is_adapter = hasattr(model, "peft_config")
    model.save_pretrained(draft, **({"save_embedding_layers": False} if is_adapter else {}))
    model.generation_config.save_pretrained(draft)  # an adapter comes without
    seal(draft)
    shutil.rmtree(folder, ignore_errors=True)
    draft.replace(folder)
    flush_to_disk(folder.parent, deep=False)
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def require_undamaged(weights: Path) -> None:
    """Raises: TrainingError where kept weights are not, or not any more, what was written."""
    if damage := damage_of(weights):
        raise TrainingError(
            f"The weights kept at {weights} cannot be read: {damage}. Pick another step, or train"
            " again."
        )


def best_whole(
    work: Path,
    metric: str,
    logged: Sequence[Mapping[str, Any]],
    steps: Collection[int],
    emit: Callable[[Event], None],
) -> int | None:
    """As best_step, of the steps whose weights are as they were written. A better one that is
    damaged is set aside, and a note names it. Blocks while it reads them.

    Args:
        work: the training's work folder.
    """
    left = set(steps)
    while (best := best_step(metric, logged, left)) is not None:
        damage = damage_of(folder_of(work, best))
        if damage is None:
            return best
        emit(Note(f"The weights kept of step {best} {_aside(folder_of(work, best), damage)}."))
        left.discard(best)
    return None


def _aside(folder: Path, damage: str) -> str:
    if not folder.exists():
        return "are missing"
    return f"are damaged ({damage}) and were set aside as {set_aside(folder).name}"


def best_step(
    metric: str, logged: Sequence[Mapping[str, Any]], steps: Collection[int]
) -> int | None:
    """The step with the best value of a metric, of equals the earliest; None where none of the
    steps has one.

    Args:
        logged: rows of all steps, each with its step.

    >>> rows = [{"step": 1, "loss": 0.5}, {"step": 2, "loss": 0.4}, {"step": 3, "loss": 0.4}]
    >>> best_step("loss", rows, [1, 2, 3])
    2
    """
    values = {row["step"]: row[metric] for row in logged if metric in row and row["step"] in steps}
    sign = 1 if metric in LOWEST_IS_BEST else -1
    return min(sorted(values), key=lambda step: sign * values[step], default=None)
