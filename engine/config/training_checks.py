"""What the settings of a training mean together; see engine.config.checks."""

from collections.abc import Callable
from dataclasses import asdict

from engine.config.backends import Role, backend_names, draws_itself, keeps_responses
from engine.config.ranges import read
from engine.config.ranges import require as require_value
from engine.config.training import HELD_OUT_ACCURACY, TrainingConfig


def check_training(t: TrainingConfig, table: str = "training") -> None:
    """Types and ranges of a training's settings, and what they mean together; table names it in the
    sentence.

    Raises: ConfigError for the first value that cannot be used.
    """
    read(type(t), asdict(t), table)
    check_training_together(t, table)


def check_training_together(t: TrainingConfig, table: str) -> None:
    """What the settings of a training mean together. Raises: ConfigError, which names the table."""

    def require(name: str, holds: bool, allowed: str) -> None:
        require_value(f"{table}.{name}", getattr(t, name), holds, allowed)

    trainers = backend_names(Role.TRAINER)
    require("method", t.method in trainers, f"one of {', '.join(trainers)}")
    times = f" times {table}.n_processes ({t.n_processes})" if t.n_processes > 1 else ""
    require(
        "batch_size",
        t.batch_size % (t.micro_batch_size * t.n_processes) == 0,
        f"a multiple of {table}.micro_batch_size ({t.micro_batch_size}){times}",
    )
    weights_fit = t.loss_weights is None or len(t.loss_weights) == len(t.loss_type)
    require("loss_weights", weights_fit, f"one weight per loss in {table}.loss_type")
    fits = t.accelerate_config is None or t.n_processes > 1
    require("accelerate_config", fits, f"left out with {table}.n_processes = 1")
    _check_method(t, require)
    _check_groups(t, table, require)
    _check_stop(t, require)
    _check_interim(t, table, require)
    _check_kept(t, table, require)


def _check_method(t: TrainingConfig, require: Callable[[str, bool, str], None]) -> None:
    fits = t.keep_above is None or keeps_responses(t.method)
    why = "it draws its own" if draws_itself(t.method) else "pairs need both sides"
    require("keep_above", fits, f'left out with method = "{t.method}": {why}')
    fits = not t.inherit_optimizer or t.start == "latest"
    require("inherit_optimizer", fits, 'false with start = "base": the weights begin anew')
    fits = not t.inherit_optimizer or t.lora_rank is None
    require("inherit_optimizer", fits, "false with lora_rank: every training has a new adapter")


def _check_groups(t: TrainingConfig, table: str, require: Callable[[str, bool, str], None]) -> None:
    """What a training that draws its own responses needs."""
    if not draws_itself(t.method):
        return
    require("method", table == "training", "dpo or sft: only a run has a plan to draw from")
    fits = t.batch_size % t.group_size == 0
    require("batch_size", fits, f"a multiple of {table}.group_size ({t.group_size})")
    require("n_epochs", t.n_epochs == 1, f'1 with method = "{t.method}": a plan is drawn once')
    one = f'1 with method = "{t.method}": one process draws for all'
    require("n_processes", t.n_processes == 1, one)
    given, wanted = bool(t.vllm_url), t.generation == "vllm_server"
    require("vllm_url", given == wanted, 'given with generation = "vllm_server", and with it only')


def _has_metric(t: TrainingConfig, name: str) -> bool:
    """Whether a method logs a metric."""
    draws = draws_itself(t.method)
    if name in ("reward", "kl"):
        return draws and (name == "reward" or t.kl_weight > 0)
    if name.startswith("rewards/"):
        return not draws and not keeps_responses(t.method)
    return name != "mean_token_accuracy" or not draws


def _check_stop(t: TrainingConfig, require: Callable[[str, bool, str], None]) -> None:
    limits = [t.stop_above, t.stop_below]
    require("stop_on", _has_metric(t, t.stop_on), f'a metric that method = "{t.method}" has')
    has_limit = t.stop_on == "none" or limits != [None, None]
    require("stop_on", has_limit, "none, or stop_above or stop_below says where to stop")
    if t.stop_on == "none":
        require("stop_above", t.stop_above is None, "left out without stop_on")
        require("stop_below", t.stop_below is None, "left out without stop_on")


def _check_interim(
    t: TrainingConfig, table: str, require: Callable[[str, bool, str], None]
) -> None:
    is_off = t.evaluate_every_steps == 0
    in_a_run = is_off or table == "training"
    require("evaluate_every_steps", in_a_run, "0: only the training of a run has held-out problems")
    why = "one process holds all weights and answers with them"
    require("evaluate_every_steps", is_off or t.n_processes == 1, f"0 with n_processes > 1: {why}")
    measured = t.stop_on != HELD_OUT_ACCURACY or not is_off
    require("stop_on", measured, "another metric while evaluate_every_steps is 0")


def _check_kept(t: TrainingConfig, table: str, require: Callable[[str, bool, str], None]) -> None:
    is_off = t.keep_checkpoints == 0
    require("keep_checkpoints", is_off or table == "training", "0: only a run can pick one of them")
    require("keep_checkpoints", is_off or t.n_processes == 1, "0 with n_processes > 1")
    if t.policy_by == "last":
        return
    require("policy_by", not is_off, "last while keep_checkpoints is 0")
    require("policy_by", _has_metric(t, t.policy_by), f'a metric that method = "{t.method}" has')
    measured = t.policy_by != HELD_OUT_ACCURACY or t.evaluate_every_steps > 0
    require("policy_by", measured, "another metric while evaluate_every_steps is 0")
    allowed = "last with inherit_optimizer: the optimiser's state is that of the last step"
    require("policy_by", not t.inherit_optimizer, allowed)
