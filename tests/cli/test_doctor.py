"""doctor without a configuration."""

import json

import duckdb

from tests.small_runs import cli


def test_doctor_says_what_is_here(tmp_path):
    done = cli("doctor", "--json", "--db", tmp_path / "none.duckdb")
    found = json.loads(done.stdout)
    assert {
        "torch",
        "transformers",
        "trl",
        "vllm",
        "duckdb",
        "device",
        "sampler",
        "starter",
        "database",
        "disk",
    } <= found.keys()
    assert (
        found["duckdb"] == duckdb.__version__
        and found["starter"] == "there"
        and "will be created" in found["database"]
    )
    assert not (tmp_path / "none.duckdb").exists()
    plain = cli("doctor", "--db", tmp_path / "none.duckdb")
    assert plain.returncode == 0 and "GB free" in plain.stdout


def test_doctor_reports_on_a_file_of_problems_and_what_it_shares_with_a_folder(tmp_path):
    question = "How many plums are there in the two bowls on the table in the kitchen?"
    rows = [
        {"question": question, "answer": "7"},
        {"question": "Prove that it holds.", "answer": "proof"},
        {"question": "", "answer": "1"},
    ]
    path, suites = tmp_path / "mine.jsonl", tmp_path / "suites"
    suites.mkdir()
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    (suites / "aime24_test.jsonl").write_text(json.dumps(rows[0]) + "\n")
    done = cli("doctor", path, "--against", suites, "--json")
    report = json.loads(done.stdout)
    said = {}
    for finding in report["findings"]:
        said.setdefault(finding["about"], []).append(finding["text"])
    assert (done.returncode, report["n_problems"]) == (0, 2)
    assert said["read"] == ["3 rows: 2 problems, 0 duplicates, 1 rejected"]
    assert said["rejected"] == ["1 rows, the first is line 3: question is empty."]
    assert said["golds"][0] == "integer 1, sentinel 1" and "'proof'" in said["golds"][1]
    assert "tokens of starter, 2 problems" in said["question length"][0]
    assert "AIME24: 1 problems are near-duplicates of 1 of its 1." in said["overlap"]
    assert any(
        text.startswith("GSM8K: not checked. No gsm8k_test.jsonl") for text in said["overlap"]
    )


def test_doctor_of_a_file_without_a_usable_problem_ends_with_one(tmp_path):
    (tmp_path / "mine.csv").write_text("task;result\nWhat is 1 + 1?;2\n")
    done = cli("doctor", tmp_path / "mine.csv")
    assert done.returncode == 1
    assert "mine.csv: cells separated by a semicolon." in done.stdout
    assert "No question: none of the fields question, problem" in done.stdout
    assert cli("doctor", tmp_path / "none.csv").returncode == 1


def test_doctor_reads_through_a_mapping_and_refuses_one_that_is_none(tmp_path):
    row = {"prompt": [{"say": "What is 1 + 1?"}], "check": {"gold": [2]}}
    (tmp_path / "mine.jsonl").write_text(json.dumps(row) + "\n")
    paths = ("--map", "question=prompt[-1].say", "--map", "answer=check.gold[0]")
    done = cli("doctor", tmp_path / "mine.jsonl", *paths, "--json")
    assert json.loads(done.stdout)["n_problems"] == 1
    wrong = cli("doctor", tmp_path / "mine.jsonl", "--map", "question")
    assert wrong.returncode == 2 and "is no ROLE=PATH" in wrong.stderr
