"""The recordings that ship for the arena are read as anybody's, and hold what their docs say."""

import gzip
import json

from engine.paths import ROOT
from engine.recorded import import_responses

SMALL_LM = ROOT / "data" / "recordings" / "small-lm.jsonl.gz"


def test_the_small_language_models_recording_holds_32_graded_responses_to_each_of_320_problems(
    tmp_path,
):
    about = import_responses(SMALL_LM, tmp_path)
    assert (about.n_problems, about.n_responses, about.max_responses) == (320, 10_240, 32)
    assert (about.n_flagged, about.n_rejected, about.scores) == (10_240, 0, "none")


def test_a_recordings_verdicts_leave_problems_of_every_kind():
    rows = [json.loads(line) for line in gzip.decompress(SMALL_LM.read_bytes()).splitlines()]
    n_right = [sum(row["correct"]) for row in rows]
    assert 0 < sum(0 < n < 32 for n in n_right) < len(rows) and 0 in n_right
