"""The reference code's *_reward_dict files: step scores in a file of their own, matched to
responses by their texts.

Departure from the reference code, which keeps one score per text: the k-th time a text occurs it
gets the k-th reward of that text, and the last one again where there are fewer. The file's scores
are held in memory; its texts are not.
Source: AMAP-ML/HS-STaR @ 59009cc, skywork/eva_reward_sky_ddp.py; read in code, no such file was
seen.
"""

import hashlib
from array import array
from pathlib import Path

from engine.grading.extraction import without_surrogates
from engine.problems import problem_id
from engine.problems.rows import Broken, rows_of_file
from engine.problems.shapes import RowError
from engine.recorded.shapes import Kind, scores_of


class RewardFile:
    """Rows {query, resp, reward}. A broken row costs that row: its response then has no score.

    Raises: ProblemSetError if the file cannot be read as a whole.
    """

    def __init__(self, path: Path):
        self._scores: dict[bytes, list[array]] = {}
        for _, row in rows_of_file(path):
            if isinstance(row, Broken) or not isinstance(row, dict):
                continue
            query, text = row.get("query"), row.get("resp")
            if not isinstance(query, str) or not isinstance(text, str):
                continue
            try:
                scores, _ = scores_of(row.get("reward"), "reward", "")
            except RowError:
                continue
            if scores is not None:
                self._scores.setdefault(
                    _key(problem_id(query), without_surrogates(text)), []
                ).append(array("d", scores))

    def scores(self, id: str, text: str) -> tuple[tuple[float, ...] | None, Kind | None]:
        """The step scores of the next response with this text; (None, None) where the file has
        none.
        """
        waiting = self._scores.get(_key(id, text))
        if not waiting:
            return None, None
        return tuple(waiting.pop(0) if len(waiting) > 1 else waiting[0]), "steps"


def _key(id: str, text: str) -> bytes:
    return hashlib.blake2b(f"{id}\x1f{text}".encode(), digest_size=16).digest()
