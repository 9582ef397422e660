"""The configuration of a run: its tables, how they are read, what they mean together, and the
methods as templates.
"""

from engine.config.checks import check_config, check_servers, require_thresholds
from engine.config.reading import (
    load_config,
    named_paths,
    parse_config,
    plain_config,
    training_config,
)
from engine.config.reward_checks import require_in_range
from engine.config.run import RunConfig
from engine.config.tables import (
    DifficultyConfig,
    EvaluationConfig,
    GradingConfig,
    JudgeConfig,
    PairsConfig,
    PolicyConfig,
    ProblemsConfig,
    RewardConfig,
    SamplingConfig,
    TuningConfig,
)
from engine.config.tracking import TrackingConfig
from engine.config.training import InitConfig, TrainingConfig
from engine.config.training_checks import check_training

__all__ = [
    "DifficultyConfig",
    "EvaluationConfig",
    "GradingConfig",
    "InitConfig",
    "JudgeConfig",
    "PairsConfig",
    "PolicyConfig",
    "ProblemsConfig",
    "RewardConfig",
    "RunConfig",
    "SamplingConfig",
    "TrackingConfig",
    "TrainingConfig",
    "TuningConfig",
    "check_config",
    "check_servers",
    "check_training",
    "load_config",
    "named_paths",
    "parse_config",
    "plain_config",
    "require_in_range",
    "require_thresholds",
    "training_config",
]
