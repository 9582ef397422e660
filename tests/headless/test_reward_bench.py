"""How well a reward model finds the first wrong step: files are read, the starter's reward model is
opened for real, and what is left out is counted.
"""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cli.main import main
from engine.config import load_config
from engine.config.splitter import Splitter
from engine.errors import ConfigError, ProblemSetError
from engine.headless.reward_bench import as_response, reward_bench
from engine.method.first_errors import best_threshold, first_below, first_errors
from engine.paths import STARTER
from tests.rewards.judges import MODEL, all_right, judge, replied
from tests.samplers.scripted_servers import scripted
from tests.small_runs import small

QUESTION = "Noah has 3 apples and buys 4 more. How many apples does Noah have?"
RIGHT = {"problem": QUESTION, "steps": ["3 + 4 = 7.", "\\boxed{7}"], "label": -1}
WRONG = {"problem": QUESTION, "steps": ["3 + 4 = 12.\n\nSo 12.", "\\boxed{12}"], "label": 0}
SOLUTIONS = st.lists(
    st.tuples(
        st.lists(st.floats(0, 1), min_size=1, max_size=6), st.integers(-1, 5)
    ).filter(lambda s: s[1] < len(s[0])),
    min_size=1,
    max_size=12,
)  # fmt: skip


def written(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def config(tmp_path):
    text = (STARTER / "quick.toml").read_text()
    path = tmp_path / "quick.toml"
    path.write_text(f'placement = "inline"\n{text}')
    return path


@given(SOLUTIONS, st.floats(0, 1))
def test_figures_are_those_of_a_plain_loop(solutions, threshold):
    scores, labels = zip(*solutions)
    hits = {True: [], False: []}
    for own, label in solutions:
        first = next((at for at, score in enumerate(own) if score < threshold), -1)
        hits[label != -1].append(first == label)
    figures = first_errors(scores, labels, threshold)
    for kind, share in ((True, figures.on_wrong), (False, figures.on_right)):
        assert (share.value if share else None) == (
            pytest.approx(sum(hits[kind]) / len(hits[kind])) if hits[kind] else None
        )


@given(SOLUTIONS)
def test_no_threshold_does_better_than_the_best_one(solutions):
    scores, labels = zip(*solutions)
    if all(label == -1 for label in labels) or all(label != -1 for label in labels):
        with pytest.raises(ValueError):
            best_threshold(scores, labels)
        return
    best = first_errors(scores, labels, best_threshold(scores, labels)).f1
    others = [score for own in scores for score in own] + [2.0]
    assert all(first_errors(scores, labels, t).f1 <= best + 1e-12 for t in others)


def test_nothing_is_below_where_there_is_nothing():
    assert first_below([], 0.5).tolist() == []


@pytest.mark.parametrize("rule", ["blank_line", "line", "marker"])
def test_steps_are_the_reward_models_own_or_the_solution_is_left_out(rule):
    steps = ["Step 1: add\n\n2 + 2", "Step 2: done"]
    text = as_response(steps, Splitter(rule))
    assert (len(Splitter(rule).split(text)) == 2) if text else rule == "line"


def test_as_many_other_steps_are_other_steps():
    assert as_response(["A.", "B.\nC."], Splitter("pattern", r"\n(?=C)")) is None


JUDGED = {"problem": QUESTION, "steps": ["3 + 4 = 7.", "wrong", "\\boxed{7}"], "label": 1}


def judged_by(reply, file, tmp_path, **how):
    with scripted(judge(reply)) as url:
        config = small(
            placement="inline",
            reward={"family": "generative", "path": MODEL},
            generative={"base_urls": [url]},
        )
        (row,) = reward_bench(config, [file], logs=tmp_path, **how).rows
    return row


def test_a_judge_that_stops_at_the_first_wrong_step_has_said_where_it_is(tmp_path):
    file = written(tmp_path / "judged.jsonl", [JUDGED, {**RIGHT, "problem": "4?"}])
    chain = r"Step 1: \boxed{correct} Step 2: \boxed{incorrect}"
    row = judged_by(
        lambda body: replied(chain) if "wrong" in str(body) else all_right(body), file, tmp_path
    )
    assert (len(row.scored.labels), row.scored.n_unscored) == (2, 0)
    assert row.figures.on_wrong.value == 1.0 and row.figures.on_right.value == 1.0


def test_a_judgement_that_is_missing_ahead_of_a_wrong_step_is_no_answer(tmp_path):
    file = written(tmp_path / "judged.jsonl", [JUDGED])
    row = judged_by(lambda body: replied(r"Step 1: \boxed{correct} Step"), file, tmp_path)
    assert (len(row.scored.labels), row.scored.n_unscored) == (0, 1)


def test_a_reward_model_is_opened_and_every_row_is_accounted_for(config, tmp_path):
    rows = [RIGHT, WRONG, {**RIGHT, "label": 2}, {**RIGHT, "steps": []}]
    file = written(tmp_path / "gsm8k.jsonl", rows)
    bench = reward_bench(load_config(config), [file], tune=file, logs=tmp_path)
    (row,) = bench.rows
    assert (len(row.scored.labels), row.scored.n_rejected, row.scored.n_unscored) == (2, 2, 0)
    assert bench.mean_f1 == row.figures.f1 and bench.tuned_on == str(file)
    assert "label is 2" in row.scored.rejected[0]


def test_the_command_prints_a_table_and_json(config, tmp_path, capsys):
    file = written(tmp_path / "math.jsonl", [RIGHT, WRONG])
    assert main(["reward-bench", str(config), str(file)]) == 0
    assert "math.jsonl" in capsys.readouterr().out
    assert main(["reward-bench", str(config), str(file), "--threshold", "0.3", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["files"]
    assert (row["solutions"], row["threshold"]) == (2, 0.3)


def test_what_cannot_be_measured_is_a_sentence(config, tmp_path):
    file = written(tmp_path / "right.jsonl", [RIGHT])
    with pytest.raises(ConfigError, match="one kind only"):
        reward_bench(load_config(config), [file], tune=file, logs=tmp_path)
    with pytest.raises(ProblemSetError, match="no solution with marked steps"):
        reward_bench(
            load_config(config), [written(tmp_path / "other.jsonl", [{"a": 1}])], logs=tmp_path
        )
    text = config.read_text().replace('"token_classification"', '"outcome"')
    config.write_text(text)
    with pytest.raises(ConfigError, match="no step of them"):
        reward_bench(load_config(config), [file], logs=tmp_path)
