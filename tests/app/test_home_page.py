"""The Home page: a run is begun; all runs are one table, from which they are opened, compared,
named, put away and deleted.
"""

import gc
from dataclasses import replace

import pytest

from app import state
from app.board import table
from app.collection import keep_what_is_loaded
from engine import store
from engine.config import load_config
from engine.figures.board import board
from engine.figures.evaluation import evaluations, gain
from engine.paths import STARTER
from engine.store import compaction
from engine.store.labels import Labels
from engine.study.handle import Iteration
from engine.study.runs import create_run, fork
from tests.app.shown import press, read, said, show, titles
from tests.small_runs import small


def test_home_without_a_run_has_one_button_and_the_builder(database):
    at = show("home")
    assert [button.label for button in at.main.button] == ["Try it on the starter models"]
    assert titles(at) == ["HS-STaR Studio"]


def test_the_home_button_makes_a_run_and_starts_its_presampling(database, monkeypatch):
    monkeypatch.setattr("engine.jobs.runner.JobRunner.run_next", lambda self, run_id=None: False)
    at = show("home")
    at.button[0].click().run()
    assert not at.exception
    assert "Starter study" in said(at) and "Pre-sampling, iteration 0" in said(at)


def test_a_new_visitor_lands_on_the_table_of_all_runs(studio):
    studio.job("presample", "failed", error="No.")
    at = show("home")
    assert titles(at) == ["Studies"]
    (row,) = at.dataframe[0].value.to_dict("records")
    assert (row["Name"], row["State"], row["Iteration"]) == (
        "Starter study",
        "Pre-sampling failed",
        "1 of 1",
    )


def test_a_selection_among_many_runs_does_not_slip_to_another_one(studio, monkeypatch):
    (row,) = board(studio.db)
    rows = [replace(row, run_id=f"{n:08x}", name=f"Run {n}") for n in range(45)]
    monkeypatch.setattr("app.board.table.board", lambda db: rows)
    at = show("home")
    key = at.dataframe[0].proto.id.rsplit("-", 1)[-1]
    at.session_state[key] = {"selection": {"rows": [42], "columns": [], "cells": []}}
    assert "Open" in [button.label for button in at.run().button]
    del rows[41]
    assert "Select a run to open" in said(at.run())


def test_the_table_says_what_came_of_a_run(studio):
    studio.trained()
    (row,) = show("home").dataframe[0].value.to_dict("records")
    first, last = evaluations(studio.db, studio.run_id)
    made = store.pairs.find_set(studio.it)
    assert row["State"] == "done" and row["Pairs"] == made.n_pairs
    assert row["M0"] == pytest.approx(100 * first.pass_rate.mean())
    assert row["Mk"] == pytest.approx(100 * last.pass_rate.mean())
    assert row["Gain"] == pytest.approx(100 * gain(first, last).value)
    (found,) = board(studio.db)
    spent = store.samples.n_judged(studio.it, studio.row.presample_set, None)
    spent += store.samples.n_judged(studio.it, studio.row.resample_set, None)
    assert found.n_drawn == spent and found.budget == 12 * 8


def test_what_a_run_waits_for_is_what_its_own_page_says(studio):
    waits = []
    for step in (None, studio.presampled, studio.resampled):
        if step:
            step()
        waits.append(table.state_of(board(studio.db)[0]))
    assert waits == ["waits for its pre-samples", "waits for thresholds", "waits for its training"]


def test_runs_are_found_by_text_state_and_tag(studio):
    other = create_run(studio.db, small(name="Another"))
    store.labels.put(studio.db, other, Labels(tags=("keep",), note="odd one"))
    at = show("home")
    assert len(at.dataframe[0].value) == 2
    at.text_input(key="look_find").set_value("odd").run()
    assert at.dataframe[0].value["Name"].tolist() == ["Another"]
    at.text_input(key="look_find").set_value("nothing").run()
    assert "No run fits" in said(at)


def test_a_run_that_is_put_away_is_in_the_archive_only(studio):
    other = create_run(studio.db, small(name="Another"))
    store.labels.archive(studio.db, other)
    at = show("home")
    assert at.dataframe[0].value["Name"].tolist() == ["Starter study"]
    at.toggle(key="look_archive").set_value(True).run()
    assert at.dataframe[0].value["Name"].tolist() == ["Another"]


def test_a_renamed_run_has_its_name_everywhere_and_a_fork_one_of_its_own(studio):
    studio.presampled()
    store.runs.rename(studio.db, studio.run_id, "Mine")
    assert Iteration(studio.db, studio.run_id, 0).config.name == "Mine"
    names = [fork(studio.it.again()).config.name for _ in range(2)]
    assert names == ["Mine (fork)", "Mine (fork) 2"]
    assert titles(show("run", run=studio.run_id)) == ["Mine"]


def test_two_runs_of_one_file_have_two_names(database):
    db, runner = state._open(database)
    runner.paused = True
    config = load_config(STARTER / "quick.toml")
    for _ in range(2):
        create_run(db, config)
    assert sorted(run.name for run in store.runs.listed(db)) == [
        "Quick starter run",
        "Quick starter run 2",
    ]


def test_a_stopped_job_can_be_resumed_from_its_run_after_another_run_was_started(studio):
    studio.job("presample", "cancelled")
    other = create_run(studio.db, Iteration(studio.db, studio.run_id, 0).config)
    store.jobs.add(Iteration(studio.db, other, 0), "presample", {})
    at = show("run", run=studio.run_id, iteration="0")
    assert "Resume: Pre-sampling, iteration 0" in [button.label for button in at.button]


def test_a_run_that_goes_by_itself_says_so_and_can_be_told_to_wait(studio):
    store.unattended.put(studio.db, studio.run_id, 1, ordered_by="tab 1")
    store.unattended.note_trouble(studio.db, studio.run_id, "The budget is used up.")
    at = show("run")
    assert "Goes on by itself" in said(at) and "The budget is used up." in read(at)
    press(at, "Wait for me instead")
    assert store.unattended.find(studio.db, studio.run_id) is None


def test_a_file_is_compacted_at_the_next_start_and_holds_the_same(tmp_path):
    path = tmp_path / "studio.duckdb"
    db = store.Database(path)
    create_run(db, small())
    before = db.tuples("SELECT id, name FROM runs"), db.value("SELECT count(*) FROM problems")
    db.close()
    assert not compaction.compact_if_asked(path)
    compaction.ask(path)
    assert compaction.compact_if_asked(path)
    assert [file.name for file in tmp_path.iterdir()] == ["studio.duckdb"]
    db = store.Database(path)
    after = db.tuples("SELECT id, name FROM runs"), db.value("SELECT count(*) FROM problems")
    assert after == before
    create_run(db, small())
    db.close()


def test_a_copy_that_differs_never_takes_the_place_of_a_file(tmp_path, monkeypatch):
    path = tmp_path / "studio.duckdb"
    store.Database(path).close()
    was = path.read_bytes()
    compaction.ask(path)
    monkeypatch.setattr(compaction, "_contents", lambda connection, name: {name: (0,)})
    assert not compaction.compact_if_asked(path)
    assert path.read_bytes() == was and not list(tmp_path.glob("*.compacted"))


def test_what_is_looked_for_among_the_runs_is_in_the_address_and_comes_back(studio):
    studio.presampled()
    at = show("home")
    at.text_input(key="look_find").set_value("starter").run()
    at.get("button_group")[0].set_value(["Waits for you"]).run()
    assert at.query_params["find"] == "starter"
    assert at.query_params["states"] == "Waits for you"
    at.switch_page("../pages/glossary.py").run()
    link = next(x.proto for x in at.get("page_link") if x.label == "Home")
    assert "find=starter" in link.query_string and "states=Waits" in link.query_string
    at = show("home", find="nothing of this kind")
    assert at.text_input(key="look_find").value == "nothing of this kind"
    assert "No run fits" in said(at)


def test_what_the_first_page_loads_is_not_walked_over_by_later_collections(studio):
    keep_what_is_loaded.cache_clear()  # as in a process of its own
    show("home")
    assert gc.get_freeze_count() > len(gc.get_objects())
