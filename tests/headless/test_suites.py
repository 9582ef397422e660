"""Evaluation suites: each set by its own rule, missing ones named, nothing drawn twice. The policy
is tiny and random.
"""

import json
from dataclasses import replace

import numpy as np
import pytest

from engine import store
from engine.config import PolicyConfig, SamplingConfig
from engine.errors import ConfigError
from engine.headless.suites import Subject, as_rows, evaluate_suite, load_suite, subject
from engine.jobs.runner import JobRunner
from engine.paths import ROOT, STARTER
from engine.store import Database
from tests.small_runs import cli, toml

SMALL = str(ROOT / "tests" / "data" / "suite.toml")
FEW_TOKENS = SamplingConfig(sampler="hf_local", max_new_tokens=6, batch_size=16)


@pytest.fixture(scope="module")
def policy(tmp_path_factory):
    """A folder with an untrained policy that speaks the starter's tokens."""
    from transformers import AutoTokenizer, Qwen2Config, Qwen2ForCausalLM, set_seed

    set_seed(0)
    folder, tokenizer = (
        tmp_path_factory.mktemp("random"),
        AutoTokenizer.from_pretrained(STARTER / "policy"),
    )
    size = {
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "intermediate_size": 16,
    }
    tokens = {"pad_token_id": tokenizer.pad_token_id, "eos_token_id": tokenizer.eos_token_id}
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        max_position_embeddings=4096,
        tie_word_embeddings=True,
        **size,
        **tokens,
    )
    Qwen2ForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def whom(policy):
    return Subject(PolicyConfig(str(policy)), FEW_TOKENS, seed=3, placement="inline")


@pytest.fixture(scope="module")
def evaluated(whom, tmp_path_factory):
    """(database path, result) of the small suite."""
    db = Database(tmp_path_factory.mktemp("suite") / "studio.duckdb")
    runner = JobRunner(db)
    result = evaluate_suite(runner, load_suite(SMALL), whom)
    runner.close()
    db.close()
    return db.path, result


@pytest.fixture
def runner(evaluated):
    db = Database(evaluated[0])
    runner = JobRunner(db)
    yield runner
    runner.close()
    db.close()


def drawn(db):
    return db.tuples(
        "SELECT s.purpose, count(*), count(DISTINCT r.problem_id) FROM responses r JOIN sample_sets"
        " s ON s.id = r.set_id GROUP BY ALL ORDER BY ALL"
    )


def test_every_set_is_sampled_by_its_own_rule_and_no_more(evaluated, runner):
    school, contest = evaluated[1].sets
    assert (school.measure, school.n, school.pass_at_n) == ("greedy", 1, None)
    assert (contest.measure, contest.n) == ("avg@4", 4)
    assert drawn(runner.db) == [
        ("evaluate", 4 * contest.n_problems, contest.n_problems),
        ("greedy", school.n_problems, school.n_problems),
    ]
    settings = {
        s.purpose: s.settings
        for s in (
            store.samples.get(runner.db, id)
            for (id,) in runner.db.tuples("SELECT DISTINCT set_id FROM responses")
        )
    }
    assert (settings["evaluate"].temperature, settings["evaluate"].top_p) == (
        0.6,
        0.95,
    ) and settings["greedy"].temperature == 0


def test_missing_sets_are_named_and_the_mean_is_over_the_others(evaluated):
    result = evaluated[1]
    assert (
        set(result.missing) == {"Nowhere", "Lost"}
        and "--data" in result.missing["Nowhere"]
        and "lost.jsonl" in result.missing["Lost"]
    )
    assert result.mean == np.mean([r.value.value for r in result.sets])
    assert "of 2 sets, 2 of 4 missing" in [row["measure"] for row in as_rows(result)]


def test_a_second_call_draws_nothing_and_says_the_same(evaluated, runner, whom):
    before = drawn(runner.db), len(store.runs.listed(runner.db))
    assert evaluate_suite(runner, load_suite(SMALL), whom) == evaluated[1]
    assert (drawn(runner.db), len(store.runs.listed(runner.db))) == before


def test_figures_are_those_of_the_stored_verdicts(evaluated, runner, whom):
    """A random policy is never right: a person says that some responses are."""
    from engine.study.overrides import override

    contest = evaluated[1].sets[1]
    set_id, problem_id = runner.db.tuples(
        "SELECT set_id, problem_id FROM responses JOIN sample_sets s ON s.id = set_id WHERE"
        " s.purpose = 'evaluate' ORDER BY ALL"
    )[0]
    override(runner.db, set_id, problem_id, 1, correct=True, note="", made_by="test")
    again = evaluate_suite(runner, load_suite(SMALL), whom).sets[1]
    override(runner.db, set_id, problem_id, 1, correct=None, made_by="test")
    assert again.value.value == pytest.approx(contest.value.value + 1 / 4 / contest.n_problems)
    assert again.pass_at_n.value == pytest.approx(contest.pass_at_n.value + 1 / contest.n_problems)


def test_the_first_problems_alone_are_another_evaluation(runner, whom):
    result = evaluate_suite(runner, load_suite(SMALL), whom, data=ROOT / "tests" / "data", n_max=1)
    assert [r.n_problems for r in result.sets] == [
        1,
        1,
    ] and "There is no lost.jsonl" in result.missing["Lost"]
    with pytest.raises(ConfigError, match="n_max is 0"):
        evaluate_suite(runner, load_suite(SMALL), whom, n_max=0)


def test_the_papers_suite_has_seven_sets_with_their_rules():
    suite = load_suite("paper")
    assert {s.name: s.n_problems for s in suite.sets} == {
        "GSM8K": 1319,
        "MATH500": 500,
        "Minerva": 272,
        "OlympiadBench": 675,
        "College Math": 2818,
        "AIME24": 30,
        "AMC23": 40,
    }
    assert {s.name: (s.n, s.temperature, s.top_p) for s in suite.sets if s.n} == {
        "AIME24": (32, 0.6, 0.95),
        "AMC23": (32, 0.6, 0.95),
    }


def test_the_papers_sets_are_evaluated_from_their_files(datasets, runner, whom):
    suite = load_suite("paper")
    result = evaluate_suite(runner, replace(suite, name="paper, few"), whom, data=datasets, n_max=1)
    assert [r.name for r in result.sets] == [s.name for s in suite.sets] and result.missing == {}
    assert [r.measure for r in result.sets] == ["greedy"] * 5 + ["avg@32"] * 2 and result.sets[
        -1
    ].pass_at_n is not None
    assert result.mean == np.mean([r.value.value for r in result.sets])


def test_a_configuration_lends_its_policy_and_how_it_is_sampled(tmp_path):
    (tmp_path / "small.toml").write_text(toml(sampling={"max_new_tokens": 5}))
    found = subject(str(tmp_path / "small.toml"))
    assert (found.policy.prompt_template, found.sampling.max_new_tokens, found.seed) == (
        "{question}\n",
        5,
        7,
    )
    assert subject("starter").policy == PolicyConfig("starter")


def test_the_command_needs_a_suite_for_a_policy_and_names_one_that_is_not_there(tmp_path):
    refused = cli("evaluate", "starter", "--db", tmp_path / "studio.duckdb")
    assert refused.returncode == 1 and "--suite" in refused.stderr
    refused = cli("evaluate", "starter", "--suite", "other", "--db", tmp_path / "studio.duckdb")
    assert refused.returncode == 1 and "There is no suite other: use paper" in refused.stderr
    assert not (tmp_path / "studio.duckdb").exists()


def test_the_command_prints_one_json_object(policy, tmp_path):
    file = tmp_path / "few.toml"
    file.write_text(
        toml(
            policy={"path": str(policy)},
            sampling={"sampler": "hf_local", "max_new_tokens": 4},
            placement="inline",
        )
    )
    done = cli(
        "evaluate",
        file,
        "--suite",
        SMALL,
        "--n-max",
        "1",
        "--db",
        tmp_path / "studio.duckdb",
        "--json",
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert [r["n_problems"] for r in told["sets"]] == [1, 1] and set(told["missing"]) == {
        "Nowhere",
        "Lost",
    }


def test_a_suite_goes_on_in_a_database_whose_trainings_had_other_defaults(evaluated, runner, whom):
    with runner.db.transaction() as cursor:
        older = '{"training": {"dtype": "by_device", "warmup_from_zero": true}}'
        cursor.execute("UPDATE runs SET config = json_merge_patch(config, ?)", [older])
    before = drawn(runner.db), len(store.runs.listed(runner.db))
    assert evaluate_suite(runner, load_suite(SMALL), whom) == evaluated[1]
    assert (drawn(runner.db), len(store.runs.listed(runner.db))) == before
