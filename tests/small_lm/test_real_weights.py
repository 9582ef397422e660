"""The real weights, converted: the tokenizer, greedy texts beside plain transformers, and one whole
iteration on 12 problems.
"""

import json
import re
from importlib.util import find_spec
from pathlib import Path

import duckdb
import pytest

from engine.samplers.hf_local import HfSampler
from engine.small_lm import build, require_package
from engine.small_lm.problems import make_problems
from engine.types import Request, SamplingSettings
from tests.small_runs import cli

pytestmark = pytest.mark.small_lm

SETTINGS = SamplingSettings(temperature=0, max_new_tokens=24, chat=True)
QUESTIONS = [problem.question for problem in make_problems(8, seed=11)]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    require_package()
    return build(tmp_path_factory.mktemp("small_lm") / "lm", n_train=12, n_held_out=4, seed=2)


@pytest.fixture(scope="module")
def sampler(made):
    sampler = HfSampler(str(made.folder / "policy"), device="cpu")
    yield sampler
    sampler.close()


def test_the_folder_says_where_a_response_ends_and_is_not_called_quantised(made):
    policy = made.folder / "policy"
    config = json.loads((policy / "config.json").read_text())
    assert "quantization_config" not in config
    tokens = json.loads((policy / "tokenizer_config.json").read_text())
    assert tokens["eos_token"] == tokens["pad_token"] == "<|im_end|>"
    assert tokens["clean_up_tokenization_spaces"] is False


def test_the_chat_template_is_that_of_the_file(sampler):
    text = sampler.tokenizer.apply_chat_template(
        [{"role": "user", "content": "Hi"}], tokenize=False, add_generation_prompt=True
    )
    assert text.endswith("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n")
    ids = sampler.tokenizer(text, add_special_tokens=False).input_ids
    assert ids[0] == 1 and ids.count(2) == 2, "<|im_start|> and <|im_end|> are one token each"


@pytest.mark.parametrize(
    "text",
    ["1,234.50 dollars", "a\n\n1. Two  22\n\n2. Drei ½", "  7 + 5 = 12 .", "Ünder 中文 's\t9 \n"],
)
def test_texts_come_back_and_every_digit_is_a_token(sampler, text):
    ids = sampler.tokenizer(text).input_ids
    assert sampler.tokenizer.decode(ids) == text
    tokens = sampler.tokenizer.convert_ids_to_tokens(ids)
    assert sampler.tokenizer.tokenize("\n\n1") == ["ĊĊ", "1"]
    assert all(len(token) == 1 for token in tokens if any(c.isdecimal() for c in token))


def test_greedy_texts_are_those_of_plain_transformers(sampler):
    import torch

    requests = [Request(str(i), 0, i, question) for i, question in enumerate(QUESTIONS)]
    ours = {r.problem_id: r.text for part in sampler.sample(requests, SETTINGS) for r in part}
    for request in requests:
        prompt = sampler.tokenizer.apply_chat_template(
            [{"role": "user", "content": request.prompt}],
            add_generation_prompt=True,
            return_tensors="pt",
            return_dict=True,
        )
        with torch.inference_mode():
            (ids,) = sampler.model.generate(**prompt, do_sample=False, max_new_tokens=24)
        written = ids[prompt["input_ids"].shape[1] :]
        plain = sampler.tokenizer.decode(written, skip_special_tokens=True)
        assert ours[request.problem_id] == plain
        assert plain.isascii() and len(plain.split()) > 2


@pytest.mark.skipif(find_spec("vllm") is None, reason="vLLM is not installed: make test-vllm")
def test_greedy_tokens_are_those_of_vllm(sampler, made):
    from engine.samplers.vllm_local import VllmSampler

    questions = [problem.question for problem in make_problems(32, seed=12)]
    requests = [Request(str(i), 0, i, question) for i, question in enumerate(questions)]
    other = VllmSampler(str(made.folder / "policy"))
    try:
        ours, theirs = (
            {r.problem_id: r.tokens for part in one.sample(requests, SETTINGS) for r in part}
            for one in (sampler, other)
        )
    finally:
        other.close()
    assert ours == theirs


def test_a_whole_iteration_runs_through_the_engine(made, tmp_path):
    text = made.configuration.read_text()
    long, short = "\nn = 4\n", "\nn = 1\n"
    assert long in text
    text = text.replace(long, short)
    config = made.folder / "short.toml"
    config.write_text(text)
    done = cli("run", config, "--db", tmp_path / "lm.duckdb", "--json", timeout=600)
    assert done.returncode == 0, done.stderr
    (iteration,) = json.loads(done.stdout)["iterations"]
    assert iteration["budget"]["presampled"] == 36 and iteration["budget"]["total"] == 72
    assert iteration["classes"]["boundary"] > 0 and iteration["n_pairs"] > 0
    assert iteration["dpo"]["n_steps"] > 0
    # One model, read twice in bfloat16 in batches of other shapes: logits round by up to .06.
    assert iteration["dpo"]["first_margin"] == pytest.approx(0, abs=2e-2)
    assert iteration["policy"]["after"] != iteration["policy"]["before"]
    assert iteration["eval"]["after"] is not None
    verdicts_are_those_of_a_plain_reading(tmp_path / "lm.duckdb")


def verdicts_are_those_of_a_plain_reading(database: Path) -> None:
    """Where a response says once, and at the end of a line, what the answer is: that number."""
    with duckdb.connect(str(database), read_only=True) as db:
        rows = db.sql(
            """SELECT r.text, p.answer, v.correct FROM responses r JOIN verdicts v
            USING (set_id, problem_id, idx) JOIN problems p ON p.id = r.problem_id"""
        ).fetchall()
    plain = re.compile(r"answer is (\d+)\.?$", re.MULTILINE)
    once = [row for row in rows if row[0].lower().count("answer") == 1 and "boxed" not in row[0]]
    read = [(said[1], *row) for row in once if (said := plain.search(row[0]))]
    assert len(read) > len(rows) / 8
    assert [row for row in read if (row[0] == row[2]) != row[3]] == []
