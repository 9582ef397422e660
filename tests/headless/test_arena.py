"""The arena over files: what is read, left out, graded, compared and printed."""

import json

import pytest

from engine.cli.main import main
from engine.errors import ConfigError
from engine.headless.arena import contenders, load, opened, play_all
from engine.method.arena import Rules
from engine.paths import RECORDINGS, ROOT

RULES = Rules(n_presample=2, tau_l=0.25, tau_h=0.65, n_plays=3)
ROWS = [
    {"question": "What is 1 + 1?", "answer": "2", "response": f"{text} \\boxed{{{said}}}"}
    for text, said in zip("abcabc", (2, 2, 3, 2, 5, 3))
] + [
    {"question": "What is 3?", "answer": "3", "response": "\\boxed{3}", "correct": False},
    {"question": "What is 4?", "answer": "4", "response": "\\boxed{4}", "step_scores": [0.25]},
    {"question": "What is 4?", "answer": "4", "response": "a\n\n\\boxed{4}", "correct": False,
     "step_scores": [0.75, 0.5]},
]  # fmt: skip


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "r.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return path


def test_flags_count_the_rest_is_graded_and_equal_texts_are_equal(file):
    with opened(file, "probability") as recorded:
        recording, n_left_out = load(recorded, 2)
    assert n_left_out == 1 and recording.n.tolist() == [6, 2]
    assert recording.correct[0].tolist() == [True, True, False, True, False, False]
    assert recording.correct[1, :2].tolist() == [True, False]
    assert recording.reward[1, :2].tolist() == [0.25, 0.5]
    text = recording.text[0].tolist()
    assert text[0] == text[3] and len({text[0], text[1], text[2], text[4]}) == 4


def test_the_first_rule_is_the_baseline_and_each_is_compared_with_it(file):
    said = []
    rows = play_all(
        [file],
        lambda recording: contenders(["uniform", "speed"], "accuracy", recording),
        [3.0, 9.0],
        RULES,
        scale="probability",
        say=said.append,
    )
    assert [row.ahead is None for row in rows] == [True, False, True, False]
    assert all(row.is_marked for row in rows if row.per_problem == 9.0)
    assert any("1 problems have too few responses" in words for words in said)


def test_recordings_of_one_name_stay_apart_and_one_that_is_named_twice_is_played_once(
    file, tmp_path
):
    other = tmp_path / "beside" / file.name
    other.parent.mkdir()
    other.write_text(file.read_text())
    chosen = lambda recording: contenders(["uniform"] * 2, "accuracy", recording)
    rows = play_all([file, file, other], chosen, [3.0, 3.0], RULES, scale="probability")
    assert len(rows) == 2 and len({row.recording for row in rows}) == 2


def test_rows_that_cannot_be_used_are_counted_aloud(file):
    said = []
    broken = file.read_text() + json.dumps({"question": "What is 5?", "response": "no answer"})
    file.write_text(broken + "\n")
    choose = lambda recording: contenders(["uniform"], "accuracy", recording)
    play_all([file], choose, [3.0], RULES, scale="probability", say=said.append)
    assert any("1 rows cannot be used and are left out" in words for words in said)


def test_rules_that_read_rewards_are_refused_where_there_are_none(tmp_path):
    path = tmp_path / "r.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS[:6]))
    with opened(path) as recorded:
        recording, _ = load(recorded, 2)
    with pytest.raises(ConfigError, match="use accuracy"):
        contenders([], "both", recording)
    assert {rule.mode for rule in contenders([], None, recording)} == {"accuracy"}


def test_the_command_plays_the_shipped_recording(capsys):
    small_lm = ROOT / "data" / "recordings" / "small-lm.jsonl.gz"
    asked = ["--rule", "boundary", "--rule", "vigor", "--budget", "8", "--plays", "2"]
    assert main(["arena", str(small_lm), *asked, "--json"]) == 0
    first, second = json.loads(capsys.readouterr().out)
    assert (first["rule"], second["rule"]) == ("boundary, accuracy", "vigor, accuracy")
    assert first["n_problems"] == 320 and first["responses"] <= 2560
    assert main(["arena", str(small_lm), *asked]) == 0
    assert "against the first" in capsys.readouterr().out


def test_every_recording_that_ships_is_played_without_further_ado():
    shipped = sorted(RECORDINGS.glob("*.jsonl.gz"))
    rows = play_all(shipped, lambda r: contenders(["boundary"], None, r), [8.0], RULES)
    assert [row.rule for row in rows] == ["boundary, accuracy", "boundary"]
    assert all(row.n_problems == 320 for row in rows)


def test_the_same_seed_gives_the_same_table(file):
    again = [
        play_all(
            [file],
            lambda recording: contenders([], "accuracy", recording),
            [4.0],
            RULES,
            scale="probability",
        )
        for _ in range(2)
    ]
    assert again[0] == again[1]
