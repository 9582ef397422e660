"""Step-wise initialisation: one SFT of a policy on worked solutions, before any run begins.

Follows HS-STaR's warm start, docs/method.md, section 1.6: solutions whose steps are separated by
blank lines. Rewriting solutions into steps is left to whoever makes the file.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from engine.config import InitConfig, RunConfig
from engine.errors import ProblemSetError, TrainingError
from engine.events import Event, Note, PolicySaved
from engine.method.prompts import fill
from engine.method.steps import split_steps
from engine.models.precision import resolve_dtype
from engine.placement import open_placement, trainer_backend
from engine.problems import read_problems
from engine.study import sources
from engine.training import TrainingTask
from engine.types import Worked

_BEFORE = {
    "warmup_from_zero": True,
    "dtype": "by_device",
    "stop_on": "none",
    "stop_above": None,
    "stop_below": None,
    "stop_window": 5,
    "evaluate_every_steps": 0,
    "evaluate_problems": 64,
    "keep_checkpoints": 0,
    "policy_by": "last",
    "group_size": 8,
    "process_weight": 0.0,
    "max_redraws": 0,
    "policy_loss": "dapo",
    "scale_rewards": "group",
    "importance": "token",
    "clip_low": 0.2,
    "clip_high": None,
    "n_updates": 1,
    "kl_weight": 0.0,
    "mask_truncated": False,
    "generation": "transformers",
    "vllm_url": None,
}
"""What a training begun before a setting was there did, by setting."""


def initialise(
    config: RunConfig,
    solutions: Path,
    artifacts: Path,
    *,
    on_event: Callable[[Event], None] = lambda event: None,
) -> Path:
    """Train the configuration's policy on worked solutions by its [init] table. Blocks; after a
    kill it goes on where it was.

    Args:
        solutions: a problem file; rows without a solution are left out.
        artifacts: the folder beside the database: the new policy goes to policies/ID in it.
        on_event: told every event of the training, in this thread.

    Returns: the new policy's folder, usable as policy.path. Raises: ProblemSetError without a
    solution, ConfigError, TrainingError.
    """
    rows = [
        Worked(p.id, fill(config.policy.prompt_template, p.question), p.solution)
        for p in read_problems(solutions).problems
        if p.solution
    ]
    if not rows:
        raise ProblemSetError(
            f"{solutions} holds no problem with a solution. Give every row one under the name"
            " solution."
        )
    on_event(_said(rows))
    task = training_of(config, rows, artifacts)
    placement = open_placement(config.placement, artifacts / "logs")
    try:
        for event in placement.get(trainer_backend(config.init)).train(task, lambda: False):
            on_event(event)
            if isinstance(event, PolicySaved):
                return Path(event.path)
    finally:
        placement.release()
    raise TrainingError(
        "The training ended without a policy. Run the command again: it goes on from its last"
        " checkpoint."
    )


def _said(rows: list[Worked]) -> Note:
    n_single = sum(len(split_steps(row.response)) < 2 for row in rows)
    return Note(
        f"{len(rows)} worked solutions; {n_single} of them are one step, without a blank line."
    )


def _identity(init: InitConfig) -> dict[str, Any]:
    """The settings as they name a training's folder. One that came later is left out at the value
    that means what was done before it, so that a training begun then is found again.
    """
    said = asdict(init)
    return {name: v for name, v in said.items() if (name, v) not in _BEFORE.items()}


def training_of(config: RunConfig, rows: list[Worked], artifacts: Path) -> TrainingTask:
    """Training on the solutions. Its folder is named after all that decides the outcome, so that
    the same call finds its checkpoints again.
    """
    path, policy_id = sources.policy(config)
    solutions = [
        {"problem_id": r.problem_id, "prompt": r.prompt, "response": r.response} for r in rows
    ]
    init = replace(config.init, dtype=resolve_dtype(config.init.dtype))
    identity = [policy_id, config.seed, config.policy.chat, _identity(init), solutions]
    if config.policy.system or config.policy.thinking != "auto":
        identity += [config.policy.system, config.policy.thinking]
    name = sha256(json.dumps(identity).encode()).hexdigest()[:16]
    return TrainingTask(
        policy_path=path,
        rows=rows,
        config=init,
        seed=config.seed,
        settings=config.train_settings(),
        work_dir=str(artifacts / "training" / f"init-{name}"),
        policies_dir=str(artifacts / "policies"),
        trust_remote_code=config.policy.trust_remote_code,
    )
