"""Ranges stand beside the fields: reading and checking refuse the same values with one sentence."""

import math
from dataclasses import fields, is_dataclass, replace
from typing import Annotated, Any, get_args, get_origin

import pytest

from engine.config import (
    InitConfig,
    RunConfig,
    TrainingConfig,
    check_config,
    check_servers,
    check_training,
    parse_config,
    plain_config,
)
from engine.config.ranges import allowed
from engine.errors import ConfigError
from tests.small_runs import small

OUTSIDE = [
    ("seed", -1, "seed is -1: it must be at least 0 and below 2**63."),
    ("sampling.temperature", -1, "sampling.temperature is -1: it must be 0 or more."),
    ("sampling.temperature", math.nan, "sampling.temperature is nan: it must be 0 or more."),
    ("sampling.top_p", 1.5, "sampling.top_p is 1.5: it must be above 0 and at most 1."),
    ("sampling.n_engines", 0, "sampling.n_engines is 0: it must be 1 or more, or left out."),
    (
        "difficulty.tau_h",
        2,
        "difficulty.tau_h is 2: it must be from 0 to 1: rewards of this reward.family are"
        " probabilities.",
    ),
    ("pairs.total", (), "pairs.total is (): it must be one or more, each 0 or more, or left out."),
    ("pairs.total", (3, -1), "pairs.total holds -1: each must be 0 or more."),
    ("tuning.temperatures", (1.0, 0), "tuning.temperatures holds 0: each must be above 0."),
    ("training.warmup_share", 1, "training.warmup_share is 1: it must be at least 0 and below 1."),
    ("init.learning_rate", 2, "init.learning_rate is 2: it must be above 0 and below 1."),
    ("placement", "cloud", "placement is 'cloud': it must be one of worker, inline."),
    ("n_iterations", "three", "n_iterations is 'three': input should be a valid integer"),
    ("training.loss_weights", (math.inf,), "training.loss_weights holds inf: input should be"),
]
IDS = [f"{field}={value}" for field, value, _ in OUTSIDE]


def with_value(config: RunConfig, field: str, value: Any) -> RunConfig:
    """A configuration that was put together without reading it, as pages do."""
    table, _, name = field.rpartition(".")
    changed = replace(getattr(config, table), **{name: value}) if table else value
    return replace(config, **{table or name: changed})


@pytest.mark.parametrize(("field", "value", "told"), OUTSIDE, ids=IDS)
def test_a_value_outside_its_range_is_refused_when_read_and_when_put_together(field, value, told):
    config = with_value(small(), field, value)
    with pytest.raises(ConfigError) as put_together:
        check_config(config)
    with pytest.raises(ConfigError) as read:
        parse_config(plain_config(config))
    assert str(put_together.value) == str(read.value)
    assert str(read.value).startswith(told) and str(read.value).endswith(".")


def test_one_table_alone_is_checked_under_its_own_name():
    with pytest.raises(ConfigError, match=r"^init\.n_epochs is 0: it must be 1 or more\.$"):
        check_training(replace(InitConfig(), n_epochs=0), "init")
    with pytest.raises(ConfigError, match=r"^training\.beta is nan: it must be above 0\.$"):
        check_training(TrainingConfig(beta=math.nan))
    with pytest.raises(ConfigError, match=r"^sampling\.tensor_parallel_size is 0: "):
        check_servers(replace(small().sampling, tensor_parallel_size=0))


def test_no_table_of_its_own_loosens_a_range_that_it_inherits():
    inherited = {f.name: allowed(f.type) for f in fields(TrainingConfig) if f.name != "method"}
    own = {f.name: allowed(f.type) for f in fields(InitConfig) if f.name != "method"}
    assert own == inherited


def numbers(table: type) -> list[tuple[str, Any]]:
    """Numeric fields of a table, also those of the tables in it."""
    found = []
    for f in fields(table):
        if is_dataclass(f.type):
            found += [(f"{f.name}.{name}", hint) for name, hint in numbers(f.type)]
        elif allowed(f.type).type in ("number", "whole number"):
            found.append((f.name, f.type))
    return found


OF_ANY_SIZE = ("difficulty.tau_l", "difficulty.tau_h")
"""Rewards without bounds have thresholds without bounds."""


@pytest.mark.parametrize(
    ("name", "hint"), [one for one in numbers(RunConfig) if one[0] not in OF_ANY_SIZE]
)
def test_every_number_has_a_range_that_begins_somewhere(name, hint):
    arms = (hint, *get_args(hint))
    assert any(get_origin(arm) is Annotated for arm in arms) and allowed(hint).range, name
