"""The report for papers: Markdown with tables and figures, in which nobody's text is markup."""

import io
import zipfile
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from engine.cli.main import main
from engine.export.report import NAME, as_table, escaped, fenced, report_files, zipped
from engine.figures.comparison import compare
from engine.figures.measure import measure
from engine.figures.text import tables
from engine.study.runs import latest
from tests.stored_studies import study

HOSTILE = "<b>a|b</b> ![x](http://x) `c` \n# head"


def test_a_comparison_has_every_table_every_figure_and_every_configuration(db):
    ids = [
        study(db, name=name, strategy=s) for name, s in ((HOSTILE, "boundary"), ("b", "uniform"))
    ]
    measured = [measure(db, run_id, label=name) for run_id, name in zip(ids, (HOSTILE, "b"))]
    comparison = compare(measured)
    files = report_files(comparison, measured)
    text = files[NAME]
    assert text.startswith("# 2 runs compared\n") and text.count("```toml") == 2
    for title, rows in tables(comparison).items():
        assert (f"## {title}\n" in text) == bool(rows), title
    intervals = [row for row in text.splitlines() if "[" in row and row.startswith("|")]
    assert intervals and "All intervals are 95 %" in text and "## Versions" in text
    assert "<b>" not in text.replace("```toml", "").split("## Configuration")[0]
    assert set(files) == {NAME, "accuracy_mean.svg", "accuracy_greedy.svg"}
    for name in set(files) - {NAME}:
        assert f"({name})" in text
        assert "a|b" in "".join(ElementTree.fromstring(files[name]).itertext())
    with zipfile.ZipFile(io.BytesIO(zipped(files))) as archive:
        assert archive.read(NAME).decode() == text


def test_a_report_of_one_run_draws_its_classes_and_difficulty(db, tmp_path, capsys):
    run_id = study(db, name="alone")
    measured = [measure(db, run_id)]
    files = report_files(compare(measured), measured, of=latest(db, run_id))
    assert files[NAME].startswith("# alone\n")
    assert {"classes.svg", "difficulty.svg"} <= set(files)
    db.close()
    assert main(["report", str(db.path), "--out", str(tmp_path / "paper"), "--json"]) == 0
    assert {path.name for path in (tmp_path / "paper").iterdir()} == set(files)
    assert '"report.md"' in capsys.readouterr().out
    (tmp_path / "taken").write_text("")
    assert main(["report", str(db.path), "--out", str(tmp_path / "taken")]) == 1
    assert "Choose another folder" in capsys.readouterr().err


@given(st.text())
def test_a_cell_stays_in_its_row_and_column_and_code_in_its_block(text):
    lines = as_table([{"a": text, "b": "x"}]).split("\n")
    assert len(lines) == 3
    bars = lines[2].replace("\\\\", "").replace("\\|", "").count("|")
    assert bars == 3 and "\n" not in escaped(text)
    block = fenced(text).split("\n")
    assert block[0] == block[-1] and block[0] not in text
