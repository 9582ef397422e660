"""A run's configuration, its pre-sampling and its pages with reward models that are not the
starter's.
"""

import pytest

from engine import store
from engine.errors import ConfigError
from engine.figures.rewards import has_bounds, scorer_reports
from engine.jobs.runner import JobRunner
from engine.store import Database
from engine.study.handle import Iteration
from engine.study.runs import create_run
from engine.study.sources import reward
from engine.types import Response
from tests.own_backends import open_with
from tests.small_runs import small

pytest.importorskip("torch")

from engine.rewards import batched
from tests.rewards import tiny_models

TEXT = "By Tuesday it is 2 + 2 = 4.\n\nThe answer is \\boxed{4}."
BUILD = {
    "qwen_prm": tiny_models.qwen_prm,
    "skywork_prm": tiny_models.skywork_prm,
    "tagged_lm": lambda folder: tiny_models.tagged_lm(folder, "rlhflow"),
    "outcome": tiny_models.sequence_classifier,
}


class FixedSampler:
    """Every response is the same text."""

    def sample(self, requests, settings):
        yield [Response(r.problem_id, r.index, r.seed, TEXT, "stop", 2) for r in requests]

    def close(self):
        pass


@pytest.mark.parametrize("family", BUILD)
def test_a_run_scores_its_presamples_with_the_family_that_it_names(family, tmp_path, monkeypatch):
    model = BUILD[family](tmp_path / family)
    asked, original = [], batched.BatchedReward.score
    open_with(monkeypatch, "hf_local", lambda path, **options: FixedSampler())
    monkeypatch.setattr(
        batched.BatchedReward,
        "score",
        lambda self, items: (asked.extend(items), original(self, items))[1],
    )
    db = Database(tmp_path / "studio.duckdb")
    template = {"prompt_template": "Instructions first.\n{question}\n"}
    run_id = create_run(
        db,
        small(
            placement="inline",
            policy=template,
            reward={"path": str(model), "family": family},
            tagged_lm={"preset": "rlhflow"},
            sampling={"sampler": "hf_local"},
        ),
    )
    runner = JobRunner(db)
    job_id = runner.submit(Iteration(runner.db, run_id, 0), "presample")
    runner.run_next()
    assert store.jobs.get(db, job_id).error is None
    questions = {p.question for p in store.problems.of_run(db, run_id, "train", 0).values()}
    assert {prompt for prompt, _ in asked} == questions
    n_scores, status = (1, "outcome") if family == "outcome" else (2, "ok")
    found = db.rows(
        "SELECT status, len(scores) AS n, count(*) AS rows FROM step_scores GROUP BY ALL"
    )
    assert found == [{"status": status, "n": n_scores, "rows": 36}]
    assert (
        (store.samples.estimates(Iteration(db, run_id, 0)).phi_r > 0)
        & (store.samples.estimates(Iteration(db, run_id, 0)).phi_r < 1)
    ).all()
    runner.close()
    db.close()


def test_one_folder_read_as_two_families_never_shares_its_scores(tmp_path):
    model = str(tiny_models.sequence_classifier(tmp_path / "model"))
    as_tokens, as_outcome = (
        reward(small(reward={"path": model, "family": f}))[1]
        for f in ("token_classification", "outcome")
    )
    assert as_tokens != as_outcome and as_tokens in as_outcome


def test_one_language_model_in_two_layouts_never_shares_its_scores(tmp_path):
    model = str(tiny_models.tagged_lm(tmp_path / "model", "rlhflow"))
    ids = {
        reward(small(reward={"path": model, "family": "tagged_lm"}, tagged_lm=layout))[1]
        for layout in (
            {"preset": "rlhflow"},
            {"preset": "rlhflow", "read_at": "tag"},
            {"turns": True, "read_at": "before"},
        )
    }
    assert len(ids) == 2, "the third is the first in other words"


def test_other_steps_are_other_scores(tmp_path):
    model = str(tiny_models.qwen_prm(tmp_path / "model"))
    ids = [
        reward(small(reward={"path": model, "family": "qwen_prm", **steps}))[1]
        for steps in (
            {},
            {"steps": "line"},
            {"steps": "pattern", "step_pattern": "a"},
            {"steps": "pattern", "step_pattern": "b"},
        )
    ]
    assert len(set(ids)) == 4 and all(id.endswith(ids[0]) for id in ids)


@pytest.mark.parametrize(
    ("table", "what"),
    [
        ({"steps": "pattern"}, r"reward\.step_pattern is left out: it must be given with"),
        ({"step_pattern": "x"}, r"reward\.step_pattern is x: it must be given with"),
        ({"steps": "pattern", "step_pattern": "("}, r"reward\.step_pattern is '\(': it is no reg"),
        ({"family": "outcome", "steps": "line"}, r"reward\.steps is line: it must be blank_line"),
    ],
)
def test_a_rule_of_steps_that_cannot_be_followed_is_refused(table, what):
    with pytest.raises(ConfigError, match=what):
        small(reward=table)


def test_another_aggregation_takes_the_scores_that_are_stored(tmp_path, monkeypatch):
    model = str(tiny_models.qwen_prm(tmp_path / "model"))
    n_scored, original = [0], batched.BatchedReward.score
    open_with(monkeypatch, "hf_local", lambda path, **options: FixedSampler())

    def score(self, items):
        n_scored[0] += len(items)
        return original(self, items)

    monkeypatch.setattr(batched.BatchedReward, "score", score)
    db = Database(tmp_path / "studio.duckdb")
    runner, phi_r = JobRunner(db), {}
    for aggregation in ("mean", "min", "product", "last", "min"):
        run_id = create_run(
            db,
            small(
                placement="inline",
                reward={"path": model, "family": "qwen_prm", "aggregation": aggregation},
                sampling={"sampler": "hf_local"},
            ),
        )
        job_id = runner.submit(Iteration(db, run_id, 0), "presample")
        runner.run_next()
        assert store.jobs.get(db, job_id).state == "done"
        e = store.samples.estimates(Iteration(db, run_id, 0))
        phi_r[aggregation] = dict(zip(e.problem_ids.tolist(), e.phi_r.tolist()))
    assert n_scored == [36], "the first run alone scores"
    steps = {row["problem_id"]: row["scores"] for row in db.rows("FROM step_scores WHERE idx = 0")}
    by_hand = {
        "min": min,
        "mean": lambda scores: sum(scores) / 2,
        "product": lambda scores: scores[0] * scores[1],
        "last": lambda scores: scores[1],
    }
    for aggregation, value in by_hand.items():
        expected = {id: value(scores) for id, scores in steps.items()}
        assert phi_r[aggregation] == pytest.approx(expected), aggregation
    report = scorer_reports(Iteration(db, run_id, 0))
    assert {r.scorer.prm_id.split("-")[0] for r in report} >= {"qwen_prm", "mean", "product"}
    assert len({(r.quality.doubted, r.quality.trusted) for r in report}) == 1, "of the same steps"
    runner.close()
    db.close()


@pytest.mark.parametrize("before", ["", "mean-", "mean-line-0123456789abcdef-", "answer-"])
def test_a_model_that_is_called_implicit_is_not_of_the_family(before):
    assert has_bounds(f"{before}generative-0123456789abcdef-me/implicit-judge")
    assert has_bounds(f"{before}qwen_prm-0123456789abcdef")
    assert not has_bounds(f"{before}implicit-0123456789abcdef-own-0123456789abcdef")


def test_a_reward_without_steps_has_nothing_to_aggregate():
    with pytest.raises(ConfigError, match="reward.aggregation is mean: it must be min"):
        small(reward={"family": "outcome", "aggregation": "mean"})
