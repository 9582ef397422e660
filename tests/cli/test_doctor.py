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
