"""A finished study goes out and comes back: every table in every format, the whole study in one
file, and what is compared is the same there as here.
"""

from engine import store
from engine.export.run import TABLES, export_all, table_batches
from engine.export.study import pack, unpack
from engine.export.tables import SUFFIXES, read_table
from engine.figures.comparison import compare, plain
from engine.figures.measure import measure
from engine.store import Database
from engine.store.backup import rows_read
from engine.study.handle import Iteration
from engine.study.overrides import override
from tests.small_runs import Finished


def annotated(finished: Finished, folder) -> Database:
    """A finished study in which a person has tagged, overridden, chosen and asked, so that no table
    is empty that need not be.
    """
    db = Database(finished.copy(folder))
    run_id = store.runs.listed(db)[0].id
    it = Iteration(db, run_id, 0)
    problem_id = next(iter(store.problems.of_run(db, run_id, "train", 0)))
    store.tags.add(db, run_id, [problem_id], "odd", wanted=True, made_by="tab 1")
    shared = it.row.presample_set
    override(db, shared, problem_id, 0, correct=True, note="by eye", made_by="tab 1")
    store.tracking.choose(db, run_id, ("trackio",), made_by="tab 1")
    store.questions.save(db, "mine", "SELECT 1", made_by="tab 1")
    store.saved_conditions.save(db, "mine", "correct", made_by="tab 1")
    return db


def tables_of(db: Database, run_id: str) -> dict[str, list[dict]]:
    return {
        what: [row for batch in table_batches(db, what, run_id) for row in batch.to_pylist()]
        for what in TABLES
    }


def test_every_table_reads_back_in_every_format_and_every_study_compares_the_same(
    finished, tmp_path
):
    db = annotated(finished, tmp_path)
    run_id = store.runs.listed(db)[0].id
    here, compared = tables_of(db, run_id), plain(compare([measure(db, run_id, label="it")]))
    filled = {what for what, rows in here.items() if rows}
    assert filled == TABLES.keys() - {"side_responses", "drawn_responses"}, "none were drawn in it"
    for suffix in SUFFIXES:
        export_all(db, tmp_path / suffix, suffix=suffix)
        for what in filled:
            assert read_table(tmp_path / suffix / f"{what}{suffix}").to_pylist() == here[what], what
    rows = rows_read(db)
    db.close()
    pack(db.path, tmp_path / "study.tar")
    unpack(tmp_path / "study.tar", tmp_path / "there" / "studio.duckdb")
    there = Database(tmp_path / "there" / "studio.duckdb")
    assert tables_of(there, run_id) == here and rows_read(there) == rows
    assert rows["trackings"] == rows["questions"] == rows["saved_conditions"] == 1
    assert plain(compare([measure(there, run_id, label="it")])) == compared
    there.close()
