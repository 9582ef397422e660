"""Responses that were sampled elsewhere: imported once, content-named and checked, then replayed as
if they were sampled.

    file ── shapes ──► problems and responses ── importing ──► a folder beside the database ──
    replay ──► sampler, scores

An imported set is a folder with responses.parquet, problems.jsonl, about.json and study.toml, a
configuration that runs on it. It knows nothing of runs and jobs; the backends that replay it are
engine.recorded.sampler and engine.recorded.scores.
"""

from engine.recorded.about import Imported, imported_sets
from engine.recorded.importing import SHIPPED, import_responses
from engine.recorded.replay import RecordedSet, open_set

__all__ = ["SHIPPED", "Imported", "RecordedSet", "import_responses", "imported_sets", "open_set"]
