"""One entry in engine.config.backends is all that a backend of one's own needs: lists, checks,
options, memory and child processes follow from it.
"""

import os
import re
from pathlib import Path

import pytest

from engine import store
from engine.config import RunConfig
from engine.config.backends import BACKENDS, BackendEntry, Role, backend_names, opening_options
from engine.config.checks import named_backends
from engine.config.reference import page, settings
from engine.doctor.configuration import examine_config
from engine.errors import ConfigError
from engine.headless.run import run_to_end
from engine.jobs.runner import JobRunner
from engine.samplers import resolve_sampler
from engine.store import Database
from engine.study.handle import Iteration
from engine.study.runs import create_run
from engine.study.sources import reward
from engine.types import Purpose
from tests.config.three_backends import ENTRIES, SCORES
from tests.small_runs import small, toml

SETTINGS = {
    "copybook": "sampling.sampler",
    "flat": "reward.family",
    "copier": "training.method",
}
OWN = {
    "sampling": {"sampler": "copybook", "n_engines": 3},
    "reward": {"family": "flat", "backend": "vllm"},
    "training": {"method": "copier"},
}
"""A configuration that names all three, and of each what only its entry allows."""
POOL = {Purpose.PRESAMPLE, Purpose.RESAMPLE}


@pytest.fixture
def registered(monkeypatch) -> None:
    for entry in ENTRIES:
        monkeypatch.setitem(BACKENDS, entry.name, entry)


def own(**changes) -> RunConfig:
    return small(**{**OWN, **changes})


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_without_an_entry_the_name_is_refused_and_with_one_every_list_has_it(entry, monkeypatch):
    setting = SETTINGS[entry.name]
    table, _, name = setting.partition(".")
    with pytest.raises(ConfigError, match=f"{setting} is {entry.name}: it must be one of "):
        small(**{table: {name: entry.name}})
    monkeypatch.setitem(BACKENDS, entry.name, entry)
    assert getattr(getattr(small(**{table: {name: entry.name}}), table), name) == entry.name
    assert entry.name in backend_names(entry.role)
    assert entry.name in named_backends()[setting]
    (listed,) = [s for s in settings() if (s.table, s.name) == (table, name)]
    assert entry.name in listed.choices and f"`{entry.name}`" in page()
    with pytest.raises(ConfigError, match=rf"{setting} is magic: .*\b{entry.name}\b"):
        small(**{table: {name: "magic"}})


def test_a_sampler_of_ones_own_can_be_what_auto_means(registered, monkeypatch):
    monkeypatch.setenv("HS_STAR_SAMPLER", "copybook")
    assert resolve_sampler("auto") == "copybook"
    monkeypatch.setenv("HS_STAR_SAMPLER", "magic")
    with pytest.raises(ConfigError, match="HS_STAR_SAMPLER is magic: use one of .*copybook"):
        resolve_sampler("auto")


REFUSED = [
    ({"sampling": {"sampler": "copybook", "ray_address": "h:1"}}, "one of ray_pool."),
    ({"sampling": {"sampler": "hf_local", "n_engines": 3}}, "one of ray_pool, copybook."),
    ({"reward": {"family": "outcome", "backend": "vllm"}}, "one of qwen_prm, flat."),
    ({"training": {"method": "dpo", "keep_above": 0.5}}, 'left out with method = "dpo"'),
]


@pytest.mark.parametrize(("changes", "told"), REFUSED, ids=[told for _, told in REFUSED])
def test_a_setting_is_refused_where_no_entry_takes_it_with_those_that_do(changes, told, registered):
    own()
    with pytest.raises(ConfigError, match=re.escape(told)):
        small(**changes)


def test_what_trains_on_responses_takes_a_threshold_for_them(registered):
    assert own(training={"method": "copier", "keep_above": 0.5}).training.keep_above == 0.5


def test_a_backend_is_opened_with_the_settings_that_its_entry_names_and_no_others(registered):
    assert opening_options("copybook", own()) == {"n_pages": 3, "at_once": 8}
    assert opening_options("flat", own()) == {"read_by": "vllm"}


def test_doctor_estimates_the_memory_of_what_loads_a_model(registered, tmp_path):
    file = tmp_path / "own.toml"
    file.write_text(toml(**OWN))
    found = {f.about: f for f in examine_config(file)}
    assert found["sampling.sampler"].text == "copybook"
    assert found["memory, sampling with copybook"].status == "ok"


def test_a_family_that_loads_no_model_goes_by_its_name_and_path(monkeypatch):
    entry = BackendEntry("judge", Role.REWARD, "nowhere:Judge", loads_model=False)
    monkeypatch.setitem(BACKENDS, "judge", entry)
    config = small(reward={"family": "judge", "path": "https://judge.example/v1"})
    assert reward(config) == ("https://judge.example/v1", "judge-https://judge.example/v1")


@pytest.mark.parametrize("placement", ["inline", "worker"])
def test_a_whole_run_with_three_backends_that_are_registered_only_here(
    placement, registered, tmp_path
):
    db = Database(tmp_path / "studio.duckdb")
    runner = JobRunner(db)
    try:
        run_id = create_run(db, own(placement=placement))
        run_to_end(runner, run_id)
        it = Iteration(db, run_id, 0)
        made = store.runs.next_policy(it)
        assert made and made != it.row.policy_id
        rows = db.rows(
            "SELECT s.purpose, s.policy_id, r.text FROM responses r"
            " JOIN sample_sets s ON s.id = r.set_id"
        )
        scores = db.rows("SELECT DISTINCT scores FROM step_scores")
        trained = (Path(store.runs.policy_path(db, made)) / "rows.txt").read_text()
    finally:
        runner.close()
        db.close()
    assert {r["policy_id"] for r in rows} == {it.row.policy_id, made}
    assert {r["purpose"] for r in rows} == {*POOL, Purpose.GREEDY, Purpose.EVALUATE}
    assert all("3 pages, 8 at once" in r["text"] for r in rows)
    assert {f", process {os.getpid()}." in r["text"] for r in rows} == {placement == "inline"}
    assert [list(r["scores"]) for r in scores] == [[pytest.approx(SCORES["vllm"])]]
    n_right = sum(r["purpose"] in POOL and "wrong" not in r["text"] for r in rows)
    assert trained == f"{n_right} at {own().training.learning_rate}"
