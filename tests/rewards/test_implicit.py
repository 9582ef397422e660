"""Process rewards out of two policies, against a plain unbatched computation of the same sums; and
runs that score M_t against M_0.
"""

import json

import pytest

from engine import store
from engine.config import parse_config, plain_config
from engine.errors import ConfigError, RewardModelError
from engine.jobs.runner import JobRunner
from engine.method.steps import step_spans
from engine.store import Database
from engine.study.handle import Iteration
from engine.study.runs import create_run
from engine.study.sources import reward
from engine.types import Response
from tests.own_backends import open_with
from tests.small_runs import small

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from engine.rewards import batched
from engine.rewards.implicit import ImplicitReward
from tests.rewards import tiny_models
from tests.rewards.plain_scores import ITEMS, LONG, QUESTION


def policy(folder, seed: int, **tokenizer):
    torch.manual_seed(seed)
    made = tiny_models.tokenizer(**tokenizer)
    model = transformers.Qwen2ForCausalLM(tiny_models.qwen_config(made, tie_word_embeddings=False))
    model.save_pretrained(folder)
    made.save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def pair(tmp_path_factory) -> tuple[str, str]:
    """A policy and its reference."""
    root = tmp_path_factory.mktemp("pair")
    return policy(root / "policy", 1), policy(root / "reference", 2)


@torch.inference_mode()
def plain(paths, prompt: str, response: str, coefficient: float = 1.0) -> list[float]:
    """One text at a time: log-ratios of the response's tokens, summed to the end of each step."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(paths[0])
    read = tokenizer(prompt + response, return_offsets_mapping=True, add_special_tokens=False)
    ids, logs = torch.tensor([read.input_ids]), []
    for path in paths:
        model = transformers.AutoModelForCausalLM.from_pretrained(path).eval()
        logs.append(model(ids).logits[0].log_softmax(-1))
    found = []
    for _, end in step_spans(response):
        total = 0.0
        for at, (start, _) in enumerate(read.offset_mapping):
            if start >= len(prompt) and start < len(prompt) + end:
                total += (logs[0] - logs[1])[at - 1, ids[0, at]].item()
        found.append(coefficient * total)
    return found


def test_scores_are_the_summed_log_ratios_to_the_end_of_each_step(pair):
    items = [(f"{question}\n", response) for question, response in ITEMS]
    scorer = ImplicitReward(*pair, device="cpu", coefficient=0.5)
    together = scorer.score(items)
    for (prompt, response), scores in zip(items, together, strict=True):
        assert scores.scores == pytest.approx(plain(pair, prompt, response, 0.5), abs=1e-4)
    assert any(score < 0 for scores in together for score in scores.scores)
    assert [scorer.score([item])[0] for item in items] == together, "its company changes no score"
    scorer.close()


def test_single_scores_are_the_differences_of_the_accumulated_ones(pair):
    item = (f"{QUESTION}\n", "One step.\n\nAnother step.\n\nThe end.")
    sums = ImplicitReward(*pair, device="cpu").score([item])[0].scores
    single = ImplicitReward(*pair, device="cpu", form="single").score([item])[0].scores
    assert single == pytest.approx(
        [now - before for before, now in zip([0, *sums], sums)], abs=2e-5
    )


def test_a_prompt_is_read_in_the_chat_template_that_was_sampled_from(pair):
    tokenizer = transformers.AutoTokenizer.from_pretrained(pair[0])
    chat = [{"role": "user", "content": QUESTION}]
    prompt = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
    found = ImplicitReward(*pair, device="cpu", chat=True).score([(QUESTION, "One.\n\nTwo.")])[0]
    assert found.scores == pytest.approx(plain(pair, prompt, "One.\n\nTwo."), abs=1e-4)


def test_names_of_special_tokens_in_a_response_stay_letters(pair):
    scorer = ImplicitReward(*pair, device="cpu")
    special = scorer._tokenizer.convert_tokens_to_ids("<|im_end|>")
    row = scorer._read((QUESTION, "So <|im_end|> it is.\n\nThe end."))
    assert special not in row.ids and len(row.ends) == 2


def test_a_policy_against_itself_scores_zero_and_loads_nothing(pair, monkeypatch):
    monkeypatch.setattr("engine.rewards.implicit.load_causal", lambda *_, **__: pytest.fail())
    scorer = ImplicitReward(pair[0], pair[0], device="cpu")
    assert scorer.score([(QUESTION, "One.\n\nTwo.")])[0].scores == (0.0, 0.0)


def test_a_text_over_the_positions_is_refused_and_one_without_steps_has_none(pair):
    long, none = ImplicitReward(*pair, device="cpu").score([(QUESTION, LONG), (QUESTION, " \n\n")])
    assert (long.status, long.reward, none.scores) == ("too_long", None, ())


def test_policies_of_two_vocabularies_are_refused_with_the_first_token_that_differs(pair, tmp_path):
    other = transformers.AutoTokenizer.from_pretrained(pair[1])
    other.add_tokens(["<odd>"])
    model = transformers.AutoModelForCausalLM.from_pretrained(pair[1])
    model.save_pretrained(tmp_path), other.save_pretrained(tmp_path)
    with pytest.raises(RewardModelError, match="1 tokens differ .* '<odd>' is number .* and none"):
        ImplicitReward(pair[0], str(tmp_path), device="cpu")


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"implicit": {"reference": "starter"}}, r"implicit\.reference is starter: .*M_0"),
        ({"reward": {"path": "starter", "family": "implicit"}}, r"implicit\.reference is left out"),
        ({"reward": {"aggregation": "product"}}, r"reward\.aggregation is product"),
        ({"reward": {"scored": "answer"}}, r"reward\.scored is answer"),
        ({"tuning": {"n_problems": 2}}, r"tuning\.n_problems is 2"),
        ({"training": {"keep_above": 0.5}}, r"training\.keep_above is 0.5"),
    ],
)
def test_what_cannot_be_is_a_sentence(changes, what):
    raw = plain_config(own())
    for table, values in changes.items():
        raw[table] |= values
    with pytest.raises(ConfigError, match=what):
        parse_config(raw)


def test_thresholds_outside_the_unit_are_for_rewards_without_bounds_only():
    raw = plain_config(own())
    raw["difficulty"] |= {"tau_l": -3.5, "tau_h": 12.0}
    assert parse_config(raw).difficulty.tau_l == -3.5
    raw["reward"] |= {"path": "starter", "family": "token_classification"}
    with pytest.raises(ConfigError, match=r"difficulty\.tau_l is -3.5: it must be from 0 to 1"):
        parse_config(raw)


def test_the_id_of_given_policies_names_the_content_of_both_and_how_they_are_read(pair):
    def id(policy, reference, **implicit):
        return reward(
            small(
                reward={"path": policy, "family": "implicit"},
                implicit={"reference": reference, **implicit},
            )
        )[1]

    ours = id(*pair)
    assert len({ours, id(*pair[::-1]), id(*pair, coefficient=0.5), id(*pair, form="single")}) == 4


class FixedSampler:
    """Every response is the same text."""

    def sample(self, requests, settings):
        text = "By Tuesday it is 2 + 2 = 4.\n\nThe answer is \\boxed{4}."
        yield [Response(r.problem_id, r.index, r.seed, text, "stop", 2) for r in requests]

    def close(self):
        pass


def own(**changes):
    tables = {"placement": "inline", "sampling": {"sampler": "hf_local"}, **changes}
    return small(reward={"path": "own", "family": "implicit"}, **tables)


def test_iteration_0_of_m_t_against_m_0_scores_zero_and_goes_by_accuracy(tmp_path, monkeypatch):
    from engine.jobs.unattended import next_order

    open_with(monkeypatch, "hf_local", lambda path, **options: FixedSampler())
    db = Database(tmp_path / "studio.duckdb")
    run_id = create_run(db, own(difficulty={"thresholds": "quantile"}))
    runner = JobRunner(db)
    job = runner.submit(Iteration(db, run_id, 0), "presample")
    runner.run_next()
    assert store.jobs.get(db, job).error is None
    assert db.tuples("SELECT DISTINCT scores FROM step_scores") == [([0.0, 0.0],)]
    next_order(db, run_id, 1, made_by="cli")
    assert store.commits.get(Iteration(db, run_id, 0)).mode == "accuracy"
    runner.close()


def test_a_run_with_two_given_policies_stores_scores_of_any_size(pair, tmp_path, monkeypatch):
    open_with(monkeypatch, "hf_local", lambda path, **options: FixedSampler())
    db = Database(tmp_path / "studio.duckdb")
    run_id = create_run(
        db,
        small(
            placement="inline",
            reward={"path": pair[0], "family": "implicit"},
            implicit={"reference": pair[1], "coefficient": 10.0},
            sampling={"sampler": "hf_local"},
        ),
    )
    runner = JobRunner(db)
    job = runner.submit(Iteration(db, run_id, 0), "presample")
    runner.run_next()
    assert store.jobs.get(db, job).error is None
    phi_r = store.samples.estimates(Iteration(db, run_id, 0)).phi_r
    assert len(phi_r) and ((phi_r < 0) | (phi_r > 1)).any()
    runner.close()


def test_another_model_in_the_place_of_a_runs_own_is_never_asked(tmp_path, monkeypatch):
    open_with(monkeypatch, "hf_local", lambda path, **options: FixedSampler())
    model = tmp_path / "prm"
    tiny_models.tagged_lm(model, "rlhflow")
    kept = {file.name: file.read_bytes() for file in model.iterdir()}
    db = Database(tmp_path / "studio.duckdb")
    config = small(
        placement="inline",
        reward={"path": str(model), "family": "tagged_lm"},
        tagged_lm={"preset": "rlhflow"},
        sampling={"sampler": "hf_local"},
    )
    run_id = create_run(db, config)
    found = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps(found | {"note": "another one"}))
    runner = JobRunner(db)
    job = runner.submit(Iteration(db, run_id, 0), "presample")
    runner.run_next()
    said = store.jobs.get(db, job).error
    wanted = store.runs.get(db, run_id).prm_id.split("-")[-1]
    assert "its files are those of another model" in said and wanted in said
    assert not db.tuples("SELECT * FROM step_scores")
    aside = db.artifacts / "reward_models" / wanted
    aside.mkdir(parents=True)
    for name, content in kept.items():
        (aside / name).write_bytes(content)
    asked, original = [], batched.BatchedReward.score
    monkeypatch.setattr(
        batched.BatchedReward,
        "score",
        lambda s, items: (asked.append(s.path), original(s, items))[1],
    )
    runner.resume(job)
    runner.run_next()
    assert store.jobs.get(db, job).error is None and set(asked) == {str(aside)}
    runner.close()


def test_no_coefficient_changes_the_order_of_scores(pair):
    item = (f"{QUESTION}\n", "One step.\n\nAnother step.\n\nThe end.")
    by = {
        c: ImplicitReward(*pair, device="cpu", coefficient=c).score([item])[0].scores
        for c in (1.0, 1e-7)
    }
    assert len(set(by[1.0])) == 3
    assert by[1e-7] == pytest.approx([score * 1e-7 for score in by[1.0]], rel=1e-9)
