"""Configuration: what is read is what is stored, and every mistake is named before a model is
loaded.
"""

import json
import re
import tomllib

import pytest

from engine.config import load_config, parse_config, plain_config
from engine.config.training import LOSSES
from engine.config.training_checks import check_training
from engine.errors import ConfigError
from tests.small_runs import ROOT, SMALL, small, toml


def test_a_configuration_survives_the_way_through_json():
    config = small(
        training={"loss_type": ["sigmoid", "sft"], "loss_weights": [1, 0.5]},
        evaluation={"top_p": 0.9},
    )
    assert parse_config(json.loads(json.dumps(plain_config(config)))) == config
    assert config.training.loss_weights == (1.0, 0.5)


def test_what_a_file_leaves_out_is_the_papers_setting(tmp_path):
    (tmp_path / "least.toml").write_text(
        '[problems]\ntrain="t.jsonl"\nheld_out="h.jsonl"\nn_train=10\nn_held_out=5\n[policy]\npath="p"\n[reward]\npath="r"\n'
    )
    config = load_config(tmp_path / "least.toml")
    assert (config.name, config.n_iterations, config.sampling.n, config.sampling.n_presample) == (
        "least",
        3,
        8,
        3,
    )
    assert (config.training.learning_rate, config.training.batch_size, config.sampling.top_p) == (
        5e-7,
        256,
        0.95,
    )
    assert config.difficulty.tau_l is None


def test_relative_paths_are_meant_from_the_files_folder_and_names_stay_names(tmp_path, monkeypatch):
    (tmp_path / "sets").mkdir()
    (tmp_path / "sets" / "mine.jsonl").write_text("")
    (tmp_path / "my.toml").write_text(
        toml(problems={"train": "sets/mine.jsonl"}, policy={"path": "Qwen/Qwen2.5-7B"})
    )
    monkeypatch.chdir(ROOT)
    config = load_config(tmp_path / "my.toml")
    assert config.problems.train == str(tmp_path / "sets" / "mine.jsonl")
    assert (config.problems.held_out, config.policy.path) == ("starter:held_out", "Qwen/Qwen2.5-7B")


@pytest.mark.parametrize("name", ["default.toml", "quick.toml"])
def test_the_shipped_configurations_are_whole(name):
    config = load_config(ROOT / "data" / "starter" / name)
    assert None not in (config.difficulty.tau_l, config.difficulty.tau_h)


BAD = [
    ("seed", -1),
    ("seed", 2**64),
    ("n_iterations", 0),
    ("placement", "cloud"),
    ("name", 3),
    ("problems.n_train", 0),
    ("problems.n_train", "many"),
    ("problems.n_held_out", 0),
    ("problems.train", 5),
    ("policy.prompt_template", "no mark"),
    ("policy.prompt_template", "{question} {question}"),
    ("policy.chat", "maybe"),
    ("sampling.n_presample", 0),
    ("sampling.n_presample", 8),
    ("sampling.n", 3),
    ("sampling.temperature", -0.1),
    ("sampling.temperature", float("nan")),
    ("sampling.top_p", 0),
    ("sampling.top_p", 1.01),
    ("sampling.max_new_tokens", 0),
    ("sampling.batch_size", 0),
    ("sampling.sampler", "magic"),
    ("reward.family", "judge"),
    ("reward.backend", "vllm"),
    ("reward.backend", "tpu"),
    ("difficulty.tau_l", -0.01),
    ("difficulty.tau_h", 1.01),
    ("difficulty.tau_l", float("nan")),
    ("difficulty.tau_h", 0.01),
    ("difficulty.mode", "none"),
    ("difficulty.strategy", "hardest"),
    ("pairs.cap", 0),
    ("pairs.dedupe", "often"),
    ("training.learning_rate", 0),
    ("training.learning_rate", 1),
    ("training.beta", 0),
    ("training.n_epochs", 0),
    ("training.micro_batch_size", 0),
    ("training.batch_size", 0),
    ("training.warmup_share", 1),
    ("training.weight_decay", -1),
    ("training.max_length", 1),
    ("training.loss_type", []),
    ("training.loss_type", ["dpo"]),
    ("training.loss_weights", [1.0, 2.0]),
    ("training.checkpoint_every_s", -1),
    ("training.method", "ppo"),
    ("training.start", "first"),
    ("training.keep_above", float("nan")),
    ("training.keep_above", 0.5),
    ("training.lora_rank", 0),
    ("training.lora_alpha", 0),
    ("training.lora_dropout", 1),
    ("training.n_processes", 0),
    ("training.accelerate_config", "some.yaml"),
    ("training.loss_type", ["exo_pair"]),
    ("training.loss_type", ["robust"]),
    ("init.method", "dpo"),
    ("init.learning_rate", 0),
    ("init.batch_size", 3),
    ("sampling.base_urls", ["h:8000"]),
    ("sampling.n_engines", 0),
    ("sampling.tensor_parallel_size", 0),
    ("evaluation.n", 0),
    ("evaluation.temperature", -1),
    ("evaluation.top_p", 1.5),
]


@pytest.mark.parametrize(("field", "value"), BAD, ids=[f"{field}={value}" for field, value in BAD])
def test_a_value_that_cannot_be_used_is_named(field, value):
    table, _, name = field.rpartition(".")
    changes = {table: {name: value}} if table else {name: value}
    with pytest.raises(ConfigError) as raised:
        small(**changes)
    told = str(raised.value)
    at_hand = (
        "sampling.n_presample" if field == "sampling.n" else "tau_" if "tau_" in field else field
    )
    assert at_hand in told and told.endswith("."), told
    assert "\n" not in told


@pytest.mark.parametrize(
    ("sampling", "told"),
    [
        ({"sampler": "openai_api"}, "sampling.base_urls is []: it must be at least one address"),
        ({"sampler": "openai_api", "base_urls": ["h:8000"]}, "sampling.base_urls holds 'h:8000'"),
        (
            {"sampler": "openai_api", "base_urls": ["http://h"], "n_engines": 2},
            "sampling.n_engines is 2",
        ),
        ({"sampler": "hf_local", "tensor_parallel_size": 2}, "sampling.tensor_parallel_size is 2"),
        (
            {"sampler": "hf_local", "base_urls": ["http://h"]},
            "left out, or sampling.sampler one of openai_api",
        ),
    ],
)
def test_what_a_sampler_needs_or_does_not_take_is_said(sampling, told):
    with pytest.raises(ConfigError) as raised:
        small(sampling=sampling)
    assert told in str(raised.value)


def test_servers_and_engines_are_kept_as_given():
    urls = ["http://a:8000/v1", "http://b:8000/v1"]
    assert small(sampling={"sampler": "openai_api", "base_urls": urls}).sampling.base_urls == tuple(
        urls
    )
    several = {
        "sampler": "ray_pool",
        "n_engines": 8,
        "tensor_parallel_size": 2,
        "ray_address": "h:6379",
    }
    assert small(sampling=several).sampling.n_engines == 8


@pytest.mark.parametrize(
    ("changes", "named"),
    [({"sampling": {"n_presamples": 3}}, "sampling.n_presamples"), ({"sedd": 1}, "sedd")],
)
def test_a_setting_that_does_not_exist_is_named_with_those_that_do(changes, named):
    with pytest.raises(ConfigError, match=f"{named} is not a setting: use ") as raised:
        small(**changes)
    assert ("n_presample," if "." in named else "seed,") in str(raised.value)


@pytest.mark.parametrize("missing", ["problems", "policy"])
def test_a_table_that_has_to_be_there_is_asked_for(missing):
    with pytest.raises(ConfigError, match=f"{missing} is missing"):
        parse_config({name: value for name, value in SMALL.items() if name != missing})


def test_a_table_that_is_a_value_is_named():
    with pytest.raises(ConfigError, match="problems is 3"):
        parse_config({**SMALL, "problems": 3})


def test_broken_toml_a_missing_file_and_a_folder_are_sentences(tmp_path):
    broken = tmp_path / "broken.toml"
    broken.write_text("name = \n")
    with pytest.raises(ConfigError, match="not valid TOML") as raised:
        load_config(broken)
    assert "line 1" in str(raised.value)
    broken.write_bytes(b"name = '\xff'")
    with pytest.raises(ConfigError, match="not valid TOML"):
        load_config(broken)
    with pytest.raises(ConfigError, match="no configuration file at"):
        load_config(tmp_path / "nowhere.toml")
    with pytest.raises(ConfigError, match="could not be read"):
        load_config(tmp_path)


def test_training_settings_changed_for_one_training_are_checked_alike():
    with pytest.raises(ConfigError, match=r"training\.beta is -1"):
        check_training(small().training.__class__(beta=-1))


SFT = {"method": "sft"}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"training": {"inherit_optimizer": True, "start": "base"}},
            r"training.inherit_optimizer is True: .* start = \"base\"",
        ),
        (
            {"training": {"inherit_optimizer": True, "lora_rank": 4}},
            "training.inherit_optimizer is True: .* lora_rank",
        ),
        (
            {"training": {"n_processes": 2, "batch_size": 3}},
            r"micro_batch_size \(1\) times training.n_processes \(2\)",
        ),
        (
            {"training": {"n_processes": 2}, "placement": "inline"},
            "placement is inline: it must be worker",
        ),
        ({"training": {"stop_on": "loss"}}, "none, or stop_above or stop_below says where"),
        ({"training": {"stop_above": 0.9}}, "stop_above is 0.9: it must be left out without"),
        (
            {"training": {**SFT, "stop_on": "rewards/margins", "stop_above": 1}},
            "stop_on is rewards/margins: it must be a metric that method",
        ),
        (
            {
                "training": {**SFT, "keep_above": 0.5},
                "reward": {"family": "none"},
                "difficulty": {"mode": "accuracy"},
            },
            'reward.family is "none"',
        ),
    ],
)
def test_training_settings_that_exclude_each_other_are_a_sentence(changes, sentence):
    with pytest.raises(ConfigError, match=sentence):
        small(**changes)


def test_initialisation_has_the_papers_defaults_of_its_own():
    init = small(init={"n_epochs": 3}).init
    assert (init.method, init.learning_rate, init.max_length, init.n_epochs) == (
        "sft",
        1e-6,
        4096,
        3,
    )


def test_the_losses_are_those_that_the_trainer_knows_without_label_smoothing():
    from trl import DPOConfig

    told = DPOConfig.__dataclass_fields__["loss_type"].metadata["help"]
    assert set(re.findall(r"`'(\w+)'`", told)) == {*LOSSES, "exo_pair", "robust"}


def test_the_tests_own_file_says_what_the_tests_own_table_says():
    assert parse_config(tomllib.loads(toml())) == small()


def test_the_word_starter_means_the_shipped_models_even_beside_a_folder_of_that_name(tmp_path):
    from engine.paths import ROOT

    (tmp_path / "starter").mkdir()
    copied = tmp_path / "my.toml"
    copied.write_text((ROOT / "data" / "starter" / "default.toml").read_text())
    assert load_config(copied).policy.path == "starter"


def test_a_reward_model_is_asked_for_only_where_there_are_rewards():
    without = {"mode": "accuracy", "strategy": "boundary"}
    assert small(reward={"family": "none", "path": ""}, difficulty=without).reward.path == ""
    with pytest.raises(ConfigError, match=r"reward\.path is left out: it must be a model folder"):
        small(reward={"path": ""})
    left_out = {name: table for name, table in SMALL.items() if name != "reward"}
    with pytest.raises(ConfigError, match='hub id, or starter; reward.family = "none" needs none'):
        parse_config(left_out)


def test_a_pattern_of_grading_needs_a_group_named_answer():
    assert small(grading={"pattern": "x=(?P<answer>.*)"}).extraction().pattern
    with pytest.raises(ConfigError, match="grading.pattern is .*group named answer"):
        small(grading={"pattern": "x=(.*)"})
    with pytest.raises(ConfigError, match="grading.pattern is .*no regular expression"):
        small(grading={"pattern": "("})
    with pytest.raises(ConfigError, match="grading.extraction is 'any'"):
        small(grading={"extraction": "any"})
