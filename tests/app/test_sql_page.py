"""The SQL page: ready questions, one's own, saved ones; off for readers unless allowed."""

from app import visitor
from app.sql.permission import FOR_READERS, may_run_sql
from engine import store
from engine.login import Role
from tests.app.shown import press, read, show


def test_a_ready_question_is_asked_shown_drawn_and_saved(studio):
    studio.presampled()
    at = show("sql")
    at.selectbox(key="sql_ready").set_value(3).run()
    assert "v.status" in at.text_area(key="sql_text").value
    press(at, "Ask")
    assert "rows in" in read(at) and "Asked of the database as it was at" in read(at)
    frame = at.dataframe[0].value
    assert list(frame.columns) == ["status", "responses"] and frame["responses"].sum() == 36
    assert at.get("plotly_chart")
    at.text_input[0].set_value("why")
    press(at, "Save")
    (saved,) = store.questions.listed(studio.db)
    assert saved.name == "why" and "v.status" in saved.sql
    at.text_area(key="sql_text").set_value("SELECT * FROM read_text('/etc/passwd')")
    press(at, "Ask")
    assert "file system operations are disabled" in read(at) and not at.dataframe


def test_readers_do_not_ask_unless_they_are_allowed_to(monkeypatch):
    assert may_run_sql() and not may_run_sql(is_read_only=True)
    monkeypatch.setenv(FOR_READERS, "1")
    assert may_run_sql(is_read_only=True)


def test_a_reader_who_is_allowed_to_asks_and_saves_nothing(studio, monkeypatch):
    studio.presampled()
    monkeypatch.setattr(visitor, "role", lambda: Role.READ_ONLY)
    assert "do not ask in SQL here" in read(show("sql"))
    monkeypatch.setenv(FOR_READERS, "1")
    at = show("sql")
    at.text_area(key="sql_text").set_value("SELECT count(*) AS n FROM responses")
    press(at, "Ask")
    assert at.dataframe[0].value["n"].tolist() == [36]
    assert [b.label for b in at.button if b.label == "Save" and not b.disabled] == []
