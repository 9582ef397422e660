"""Study, the notebook's way in: what it shows is what the exports and the pages show, and the
notebook of the documentation runs.
"""

import json
from xml.etree import ElementTree

import pytest

import engine
from engine import Choice, Study, store
from engine.errors import ConfigError, EngineError
from engine.export.run import TABLES, export_table
from engine.export.tables import read_table, types
from engine.figures.pictures import PLOTS
from engine.paths import ROOT
from engine.types import JobKind
from tests.small_runs import SMALL, judge

NOTEBOOK = ROOT / "docs" / "howto" / "study.ipynb"


def test_every_cell_of_the_documented_notebook_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert len(code) > 5
    names: dict = {}
    try:
        for number, source in enumerate(code):
            exec(compile(source, f"{NOTEBOOK.name}, cell {number}", "exec"), names)
    finally:
        names["study"].close()
    assert ElementTree.parse(tmp_path / "difficulty.svg").getroot().tag.endswith("svg")


def test_tables_are_those_of_the_exports_and_every_plot_is_a_drawing(finished, tmp_path):
    with Study(finished.copy(tmp_path)) as study:
        run = study.run()
        assert [one.id for one in study.runs] == [run.id] and study.run(run.name).id == run.id
        for what in TABLES:
            export_table(study.db, what, tmp_path / f"{what}.parquet")
            read, shown = read_table(tmp_path / f"{what}.parquet"), run.table(what)
            assert shown.column_names == read.column_names and set(read.column_names) <= set(
                types()
            )
            assert shown.to_pylist() == read.to_pylist()
        assert run.frame("responses").shape[0] == 96
        assert {"iterations": run.figures()["iterations"]} == json.loads(finished.stdout)
        for what in PLOTS:
            svg = ElementTree.fromstring(run.plot(what)._repr_svg_())
            assert svg.findall(".//{*}circle") or svg.findall(".//{*}polyline")
        with pytest.raises(ConfigError, match="no plot: it must be one of accuracy"):
            run.plot("pie")
        with pytest.raises(ConfigError, match="no table: it must be one of problems"):
            run.table("everything")


def test_another_choice_is_classified_and_planned_without_binding_anything(tmp_path):
    with Study(tmp_path / "s.duckdb", create=True) as study:
        run = study.begin(SMALL)
        judge(study.db, run.id, correct=lambda problem, _: problem < 2, reward=lambda p, _: 0.5)
        strict, loose = Choice(0.0, 1.0), Choice(0.5, 0.5, mode="accuracy")
        table = run.classify(loose)
        assert table.column("class").to_pylist().count("inlier") == 2
        assert run.classify(strict).column("class").to_pylist() != table.column("class").to_pylist()
        assert run.plan(strict).difficulty != run.plan(loose).difficulty
        assert not len(run.table("plan")) and not len(run.fork().table("plan"))
        assert len(run.commit(loose).difficulty) == len(run.table("plan")) == 12


def test_a_job_that_fails_is_told_where_it_is_waited_for(tmp_path):
    with Study(tmp_path / "s.duckdb", create=True) as study:
        run = study.begin({**SMALL, "placement": "inline"})
        job = run.start("train")
        with pytest.raises(EngineError, match="train job .* is failed: .*preference pairs"):
            job.wait()
        assert job.row.state == "failed"
        with pytest.raises(ConfigError, match="kind is 'dance'"):
            run.start("dance")


def test_a_walk_that_was_done_is_over_at_once(finished, tmp_path):
    with Study(finished.copy(tmp_path)) as study:
        study.run().walk()
        jobs = store.jobs.of_run(study.db, study.run().id)
        assert {job.attempt for job in jobs} == {1} and JobKind.EVALUATE in {j.kind for j in jobs}


def test_a_snapshot_has_the_same_runs_and_leaves_nothing_behind(finished, tmp_path):
    path = finished.copy(tmp_path)
    with Study(path) as owner, Study.snapshot(path) as copy:
        assert copy.run().id == owner.run().id and copy.db.path != owner.db.path
        there = copy.db.path
    assert not there.exists()


def test_a_database_that_is_not_there_is_not_made_by_accident(tmp_path):
    with pytest.raises(ConfigError, match="create=True"):
        Study(tmp_path / "typo.duckdb")
    with pytest.raises(AttributeError, match="no attribute 'Studio'"):
        _ = engine.Studio
