"""doctor CONFIG: what each shipped configuration lacks, told without a network; and a command line
that says nothing else.
"""

import json
import os
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import huggingface_hub
import pytest

from engine.__main__ import main
from engine.config import load_config
from engine.config.backends import Role, backend_names
from engine.doctor import configuration
from engine.doctor.configuration import examine_config, is_runnable
from engine.method.difficulty import PRESETS
from engine.models import devices
from engine.models.devices import Device
from tests.models.tiny_policies import FAMILIES, WITHOUT_END, make
from tests.small_runs import ROOT, cli, toml

CONFIGS = sorted((ROOT / "data" / "configs").glob("*.toml"))
LARGE = [Device("GPU 0 (large)", 150 * 10**9, 150 * 10**9, 0, kind="gpu")]


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    """No network and no hub: whoever tries is found out."""

    def refuse(*arguments, **named):
        raise AssertionError("doctor went to the network")

    for name in ("snapshot_download", "hf_hub_download"):
        monkeypatch.setattr(huggingface_hub, name, refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(
        configuration,
        "resolve_sampler",
        lambda name: backend_names(Role.SAMPLER)[1] if name == "auto" else name,
    )


@pytest.fixture
def here(monkeypatch):
    return lambda found: monkeypatch.setattr(devices, "here", lambda: found)


def by_about(findings) -> dict:
    return {finding.about: finding for finding in findings}


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_a_shipped_configuration_asks_for_what_is_unknown_and_names_what_would_be_downloaded(
    path, here
):
    here(LARGE)
    found, config = by_about(examine_config(path)), load_config(path)
    preset = next((p for p in PRESETS if config.reward.path.endswith(p.prm)), None)
    if "Qwen2.5-7B" in config.policy.path:
        assert (config.difficulty.tau_l, config.difficulty.tau_h) == (preset.tau_l, preset.tau_h)
        assert found["difficulty"].status == "ok"
    else:
        assert config.difficulty.tau_l is None and found["difficulty"].status == "ask"
        assert (
            "difficulty.tau_l" in found["difficulty"].text
            and "suggests" in found["difficulty"].text
        )
    assert (
        found["problems.train"].status == "change"
        and "problems/train.jsonl" in found["problems.train"].text
    )
    for about in ("policy.path", "reward.path", "problems.held_out"):
        assert found[about].status == "note" and "would be downloaded" in found[about].text
    assert found["sampling.sampler"].text == "vllm_local" and found["packages"].status == "ok"
    assert (
        found["memory, sampling with vllm_local"].status == found["memory, scoring"].status == "ok"
    )
    assert (
        found["memory, training"].text.count("GB") >= 2
        and "side by side" in found["placement"].text
    )


def test_there_are_four_of_them_at_the_papers_settings():
    assert len(CONFIGS) == 4
    for config in map(load_config, CONFIGS):
        s, t = config.sampling, config.training
        assert (s.n, s.n_presample, s.temperature, s.top_p, s.max_new_tokens) == (
            8,
            3,
            0.7,
            0.95,
            2048,
        )
        assert (t.learning_rate, t.batch_size, t.n_epochs, t.max_length, t.warmup_share) == (
            5e-7,
            256,
            1,
            2048,
            0.03,
        )
        assert (
            (config.problems.n_train, config.n_iterations) == (7500, 3)
            and config.policy.n_parameters
            and config.reward.n_parameters
        )


def test_a_small_machine_is_told_which_model_is_too_large(here):
    here([Device("CPU", 16 * 10**9, 12 * 10**9, kind="cpu")])
    found = by_about(examine_config(CONFIGS[-1]))
    assert (
        found["memory, scoring"].status == "change"
        and "reward.path" in found["memory, scoring"].text
    )
    assert "in turn" in found["placement"].text


def test_two_gpus_hold_one_model_each(here):
    here([*LARGE, Device("GPU 1 (large)", 150 * 10**9, 150 * 10**9, 1, kind="gpu")])
    found = by_about(examine_config(CONFIGS[-1]))
    assert (
        "GPU 0" in found["memory, sampling with vllm_local"].text
        and "GPU 1" in found["memory, scoring"].text
    )


def test_the_starter_configuration_runs_and_the_exit_status_says_so(here, capsys):
    here(LARGE)
    assert main(["doctor", str(ROOT / "data" / "starter" / "default.toml"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["runnable"] and {f["status"] for f in said["findings"]} <= {"ok", "note"}
    assert main(["doctor", str(CONFIGS[0])]) == 1
    assert "It would not run yet" in capsys.readouterr().out


def test_no_reward_model_is_asked_for_where_there_are_no_rewards(tmp_path, here):
    here(LARGE)
    without = {"family": "none", "path": "nowhere"}
    (tmp_path / "run.toml").write_text(toml(reward=without, difficulty={"mode": "accuracy"}))
    found = examine_config(tmp_path / "run.toml")
    assert is_runnable(found) and "nowhere" not in str(found)
    assert not any(f.about.startswith(("reward", "memory, scoring")) for f in found)


def test_a_fixed_problem_set_is_wanted_once_however_many_iterations_there_are(tmp_path):
    (tmp_path / "run.toml").write_text(
        toml(n_iterations=3, problems={"n_train": 2400, "per_iteration": "fixed"})
    )
    assert [
        f.status for f in examine_config(tmp_path / "run.toml") if f.about == "problems.train"
    ] == ["ok"]


@pytest.mark.parametrize(
    ("changes", "about", "said"),
    [
        (
            {"training": {"learning_rat": 1}},
            "configuration",
            "training.learning_rat is not a setting",
        ),
        ({"policy": {"path": "/no/such"}}, "policy.path", "policy.path is /no/such"),
        (
            {"problems": {"n_train": 2401}},
            "problems.train",
            "holds 2,400 problems, and 2,401 are wanted",
        ),
    ],
)
def test_a_mistake_is_a_finding_that_must_be_changed(tmp_path, changes, about, said):
    (tmp_path / "run.toml").write_text(toml(**changes))
    findings = examine_config(tmp_path / "run.toml")
    assert not is_runnable(findings)
    assert by_about(findings)[about].status == "change" and said in by_about(findings)[about].text


def test_commands_say_nothing_on_standard_error_that_is_not_ours(finished, tmp_path):
    db = finished.copy(tmp_path)
    assert "leaked" not in finished.stderr
    for arguments in (
        ["status"],
        ["export", "pairs", tmp_path / "pairs.csv"],
        ["resume", "--run", "none"],
        ["export", "pairs", "pairs.odd"],
    ):
        done = cli(*arguments, "--db", db)
        assert "leaked" not in done.stderr and len(done.stderr.splitlines()) <= 1, done.stderr


def test_an_interrupted_run_ends_with_its_sentence(tmp_path):
    (tmp_path / "small.toml").write_text(toml())
    command = [
        sys.executable,
        "-m",
        "engine",
        "run",
        str(tmp_path / "small.toml"),
        "--db",
        str(tmp_path / "studio.duckdb"),
    ]
    hears = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.default_int_handler)}
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
        **hears,
    ) as process:
        for line in process.stderr:
            if "presample  running" in line:
                process.send_signal(signal.SIGINT)
                break
        rest = process.stderr.read()
        assert process.wait(timeout=60) == 130
    assert (
        rest.strip().endswith("Stopped. What was finished is stored; `resume` goes on.")
        and "leaked" not in rest
    )


def test_a_tokenizer_with_a_chat_template_is_named_where_chat_is_off(tmp_path):
    family = next(family for family in FAMILIES if family.name == "smollm2")
    path = tmp_path / "run.toml"
    path.write_text(toml(policy={"path": make(family, tmp_path / "policy")}))
    said = {f.about: f for f in configuration.examine_config(path)}
    assert said["policy.chat"].status == "note" and "policy.chat = true" in said["policy.chat"].text
    assert said["end of a response"].text == "<|im_end|>"


def test_tokens_that_look_like_marks_of_thinking_and_are_not_read_are_named(tmp_path):
    base, path = next(family for family in FAMILIES if family.name == "base"), tmp_path / "run.toml"
    for name, special in (("new", ("<|channel>", "<reasons|>")), ("known", ("[THINK]", "<think>"))):
        family = replace(base, special=(*base.special, *special))
        path.write_text(toml(policy={"path": make(family, tmp_path / name)}))
        said = [f for f in configuration.examine_config(path) if f.about == "thinking"]
        assert [f.status for f in said] == ["note"] * (name == "new")
        assert all("'<|channel>', '<reasons|>'" in f.text for f in said)


def test_a_policy_without_an_end_token_must_be_changed_before_it_samples(tmp_path):
    path = tmp_path / "run.toml"
    made = make(WITHOUT_END, tmp_path / "policy")
    path.write_text(toml(policy={"path": made}))
    said = [f for f in configuration.examine_config(path) if f.about == "policy"]
    assert [f.status for f in said] == ["change"] and "eos_token_id" in said[0].text
    path.write_text(toml(policy={"path": made}, sampling={"stop": ["\n\n"]}))
    said = {f.about: f for f in configuration.examine_config(path)}
    assert "'\\n\\n'" in said["end of a response"].text


def test_what_a_policys_authors_suggest_is_offered_and_not_taken(tmp_path):
    policy, path = Path(make(FAMILIES[1], tmp_path / "policy")), tmp_path / "run.toml"
    suggested = json.loads((policy / "generation_config.json").read_text())
    suggested |= {"do_sample": True, "temperature": 0.6, "top_k": 20, "top_p": 0.95}
    (policy / "generation_config.json").write_text(json.dumps(suggested))
    path.write_text(
        toml(
            policy={"path": str(policy), "chat": True}, sampling={"temperature": 0.7, "top_p": 0.95}
        )
    )
    (said,) = (f for f in configuration.examine_config(path) if f.about == "sampling")
    assert said.status == "note"
    assert "sampling.temperature = 0.6 (now 0.7), sampling.top_k = 20 (now 0)." in said.text


def test_a_reward_model_on_servers_is_told_with_the_command_that_serves_it(tmp_path):
    path = tmp_path / "served.toml"
    served = {"path": "starter", "backend": "servers", "base_urls": ["http://h:8000"]}
    path.write_text(toml(reward=served))
    findings = by_about(examine_config(path))
    assert findings["reward.backend"].status == "note"
    assert "asked at http://h:8000, which was not tried" in findings["reward.backend"].text
    assert "prm --runner pooling" in findings["reward.backend"].text
    assert "memory, scoring" not in findings and findings["waiting"].status == "note"


def test_engines_on_ray_are_told_or_asked_for(tmp_path, monkeypatch):
    path = tmp_path / "engines.toml"
    path.write_text(toml(reward={"path": "starter", "backend": "ray", "n_engines": 2}))
    monkeypatch.setattr("engine.doctor.elsewhere.find_spec", lambda name: None)
    assert by_about(examine_config(path))["reward.backend"].status == "change"
    monkeypatch.setattr("engine.doctor.elsewhere.find_spec", lambda name: object())
    assert (
        by_about(examine_config(path))["reward.backend"].text == "2 engines on Ray on this machine"
    )
