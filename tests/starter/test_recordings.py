"""The starter's recorded choices and programs: what the generator makes, with the labels that
grading gives.
"""

from collections import Counter
from pathlib import Path

import pytest

from engine.grading import Grader, sandbox
from engine.grading.again import regrade
from engine.recorded import SHIPPED, import_responses
from engine.recorded.flags import flagged
from engine.starter.build import recorded_lines
from engine.starter.choices import choice_rows
from engine.starter.programs import code_rows

ROWS = {"starter:choice": choice_rows, "starter:code": code_rows}


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_recordings_are_what_the_generator_makes(name):
    assert SHIPPED[name].read_text(encoding="utf-8") == recorded_lines(ROWS[name]())


@pytest.mark.parametrize("name", SHIPPED)
def test_every_kind_of_pass_rate_is_there(name):
    n_right = Counter(sum(row["correct"]) for row in ROWS[name]())
    assert sum(n for right, n in n_right.items() if 0 < right < 8) >= 8
    assert n_right[0] and n_right[8]


@pytest.mark.parametrize("name", SHIPPED)
def test_grading_gives_every_label_that_came_along(name, tmp_path):
    if name == "starter:code" and (lacking := sandbox.unavailable()):
        pytest.skip(lacking)
    imported = import_responses(SHIPPED[name], tmp_path)
    assert (imported.n_problems, imported.n_responses, imported.n_rejected) == (24, 192, 0)
    with Grader() as grader:
        again = regrade(flagged(Path(imported.folder)), grader)
    assert again.n_graded == 192 and again.disagreements == []
