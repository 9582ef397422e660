"""What can be done with the runs that are selected on the board."""

import shutil

import pytest
from streamlit.testing.v1 import AppTest

from engine import store
from engine.errors import ConfigError
from engine.paths import STARTER
from engine.store import compaction
from engine.store.labels import Labels
from engine.study import deletion
from engine.study.runs import create_run
from tests.app.shown import press, read
from tests.small_runs import small


def board_of(names):
    """The actions for runs with these names, as the page draws them for a selection."""

    def page(names):
        from app import state
        from app.board.actions import actions
        from engine.figures.board import board

        actions([row for row in board(state.database()) if row.name in names])

    at = AppTest.from_function(page, args=(names,), default_timeout=60).run()
    assert not at.exception, at.exception[0].value
    return at


def confirmed(run_ids):
    """The question before a deletion, open for as long as there is a run to delete."""
    from app import state
    from app.board.actions import confirm
    from engine import store

    if store.runs.listed(state.database()):
        confirm(run_ids)


@pytest.fixture
def other(studio):
    return create_run(studio.db, small(name="Another"))


def field(at, name):
    """A field of the form with a run's name, tags and note."""
    return next(box for box in (*at.text_input, *at.text_area) if box.label == name)


def test_a_run_gets_another_name_tags_and_a_note_but_no_name_that_is_taken(studio, other):
    at = board_of(["Another"])
    field(at, "Name").set_value("Starter study")
    press(at, "Save")
    assert "a name that no other run has" in read(at)
    field(at, "Name").set_value("Mine")
    field(at, "Tags").set_value("a, b, a,")
    field(at, "Note").set_value(" odd ")
    press(at, "Save")
    assert store.runs.get(studio.db, other).name == "Mine"
    assert store.labels.find(studio.db, other) == Labels(("a", "b"), "odd")


def test_a_form_that_is_open_takes_back_nothing_of_what_another_tab_saved(studio, other):
    first, second = board_of(["Another"]), board_of(["Another"])
    field(first, "Name").set_value("Mine")
    field(first, "Note").set_value("odd")
    press(first, "Save")
    field(second, "Tags").set_value("a")
    press(second, "Save")
    assert store.runs.get(studio.db, other).name == "Mine"
    assert store.labels.find(studio.db, other) == Labels(("a",), "odd")
    after = board_of(["Mine"])
    assert [field(after, name).value for name in ("Name", "Tags", "Note")] == ["Mine", "a", "odd"]


def test_several_runs_are_put_away_and_taken_back(studio, other):
    press(board_of(["Another", "Starter study"]), "Archive")
    labels = store.labels.all_of(studio.db)
    assert len(labels) == 2 and all(label.archived_at for label in labels.values())
    press(board_of(["Another"]), "Take out of the archive")
    assert store.labels.find(studio.db, other).archived_at is None


def test_a_deletion_says_what_goes_and_is_asked_twice(studio, other):
    studio.resampled()
    at = board_of(["Starter study"])
    press(at, "Delete …")
    n = studio.db.value("SELECT count(*) FROM responses")
    assert f"Starter study: {n:,} responses" in read(at).replace("**", "")
    assert at.button(key="delete_now").disabled
    assert len(store.runs.listed(studio.db)) == 2


def test_a_deletion_says_which_models_stay_and_for_whom(studio):
    studio.trained()
    folder = studio.db.artifacts / "policies" / "mine"
    shutil.copytree(STARTER / "policy", folder)
    store.runs.add_policy(studio.db, "f" * 16, str(folder), None)
    create_run(
        studio.db,
        small(
            name="Another",
            reward={"family": "implicit", "path": str(folder)},
            implicit={"reference": str(STARTER / "policy")},
        ),
    )
    at = board_of(["Starter study"])
    press(at, "Delete …")
    assert f"{folder} stays, because other runs name it or use its policy: Another." in read(at)
    both = [row.id for row in reversed(store.runs.listed(studio.db))]
    at = AppTest.from_function(confirmed, args=(both,), default_timeout=60).run()
    assert str(folder) not in read(at)
    at.checkbox(key="delete_sure").check().run()
    at.button(key="delete_now").click().run()
    assert not folder.exists() and not store.runs.listed(studio.db)


def test_a_deletion_that_stops_half_way_says_so_and_forgets_what_is_gone(
    studio, other, monkeypatch
):
    delete = deletion.delete

    def deleted(db, run_id):
        if run_id == studio.run_id:
            raise ConfigError("It has a job that runs.")
        return delete(db, run_id)

    monkeypatch.setattr(deletion, "delete", deleted)
    at = AppTest.from_function(confirmed, args=([studio.run_id, other],), default_timeout=60).run()
    at.checkbox(key="delete_sure").check().run()
    at.button(key="delete_now").click().run()
    assert not at.exception
    assert "It has a job that runs. Nothing more was deleted" in read(at)
    assert "Deleted before that: Another." in read(at)
    assert [run.id for run in store.runs.listed(studio.db)] == [studio.run_id]
    assert studio.db.path.with_name(studio.db.path.name + compaction.MARK).exists()


def test_a_run_with_an_unfinished_job_is_not_offered_for_deletion(studio):
    studio.job("presample", "running")
    at = board_of(["Starter study"])
    press(at, "Delete …")
    assert "Cancel it first" in read(at)
    assert [run.name for run in store.runs.listed(studio.db)] == ["Starter study"]
