"""What a policy is asked while it is trained: some of the run's held-out problems, the same ones
every time, greedily.
"""

import math

from engine import store
from engine.config import TrainingConfig
from engine.errors import ConfigError
from engine.method.prompts import fill
from engine.method.seeds import stable_hash
from engine.study.handle import Iteration
from engine.training import Interim
from engine.types import Request


def interim(it: Iteration, training: TrainingConfig) -> Interim | None:
    """The evaluations of one training; None where there are none.

    Raises: ConfigError where there is no held-out problem, or thinking would have to be closed,
    which transformers cannot.
    """
    if not training.evaluate_every_steps:
        return None
    config = it.config
    if config.sampling.thinking_tokens:
        raise ConfigError(
            f"training.evaluate_every_steps is {training.evaluate_every_steps}, and"
            f" sampling.thinking_tokens is {config.sampling.thinking_tokens}: a policy in training"
            " answers without closing its thinking. Set training.evaluate_every_steps to 0."
        )
    problems = store.problems.of_run(it.db, it.run_id, "held_out")
    if not problems:
        raise ConfigError(
            f"training.evaluate_every_steps is {training.evaluate_every_steps}, and this run has no"
            " held-out problems. Set it to 0."
        )
    drawn = sorted(problems, key=lambda id: stable_hash(config.seed, "interim", id))
    ids, template = drawn[: training.evaluate_problems], config.policy.prompt_template
    return Interim(
        every=training.evaluate_every_steps,
        requests=[Request(id, 0, 0, fill(template, problems[id].question)) for id in ids],
        references={id: problems[id].reference for id in ids},
        settings=config.greedy_settings(),
        batch_size=config.sampling.batch_size,
        rules=config.extraction(),
    )


def n_evaluations(training: TrainingConfig, n_rows: int) -> int:
    """How often a training on so many rows is evaluated on the way.

    >>> n_evaluations(TrainingConfig(batch_size=4, n_epochs=2, evaluate_every_steps=3), 10)
    2
    """
    if not training.evaluate_every_steps:
        return 0
    n_steps = math.ceil(n_rows / training.batch_size) * training.n_epochs
    return n_steps // training.evaluate_every_steps
