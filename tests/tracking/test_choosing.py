"""Trackers are chosen on the page and on the command line, for runs that are there already."""

import pytest

from engine.cli.main import main
from engine.store import Database
from engine.store.schema import MIGRATIONS
from engine.study.handle import Iteration
from engine.tracking.following import trackers_of
from tests.small_runs import small
from tests.stored_studies import study


def test_the_command_sends_what_is_stored_and_watches_the_run_from_now_on(db, capsys):
    pytest.importorskip("tensorboard", reason="tensorboard is not installed")
    run_id = study(db)
    db.close()
    assert main(["track", "tensorboard", "--db", str(db.path), "--json"]) == 0
    said = capsys.readouterr().out
    assert said == f'{{"run": "{run_id}", "trackers": ["tensorboard"]}}\n'
    assert list((db.artifacts / "tracking").rglob("events.out.tfevents.*"))
    again = Database(db.path)
    assert trackers_of(Iteration(again, run_id, 0)) == ("tensorboard",)
    again.close()
    assert main(["track", "none", "--db", str(db.path)]) == 0
    again = Database(db.path)
    assert trackers_of(Iteration(again, run_id, 0)) == ()
    again.close()


def test_a_tracker_that_is_not_configured_is_an_error_of_the_command(db, capsys, monkeypatch):
    monkeypatch.setattr("engine.tracking.find_spec", lambda name: None)
    study(db)
    db.close()
    assert main(["track", "wandb", "--db", str(db.path)]) == 1
    assert "The library wandb is not installed" in capsys.readouterr().err


def test_a_run_of_before_is_watched_nowhere_and_where_it_is_watched_makes_no_other_group():
    from engine.config import parse_config, plain_config
    from engine.figures.measure import _kind

    plain = plain_config(small())
    del plain["tracking"]
    assert parse_config(plain).tracking.trackers == ()
    elsewhere = small(tracking={"trackers": ["trackio"], "project": "other"})
    assert _kind(elsewhere) == _kind(small())
    assert any("watched in other tools" in why for why, _ in MIGRATIONS)
