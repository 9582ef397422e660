"""Step scores that came with recorded responses, looked up instead of computed.

Its items are (problem id, index as text), not texts: two equal texts may have different scores, and
merging them is what the reference code gets wrong (docs/method.md, section 1.8). Scores are
probabilities; the raw ones stay in the imported set.
"""

from collections.abc import Sequence

from engine.errors import RecordedSetError, RewardModelError
from engine.recorded.replay import RecordedSet
from engine.rewards import SCORE_DECIMALS
from engine.types import StepScores

COLUMNS = ("scores", "kind")


class RecordedScores:
    """Answers with the scores of an imported set. Implements engine.rewards.RewardModel over keys.

    A response without a score of the set's kind has the status "missing" and no process reward: its
    problem stays pending.

    Raises: RewardModelError if the folder is not an imported set.
    """

    def __init__(self, path: str):
        try:
            self._set = RecordedSet(path)
        except RecordedSetError as error:
            raise RewardModelError(str(error)) from error
        self._kind = self._set.about["scores"]

    def score(self, items: Sequence[tuple[str, str]]) -> list[StepScores]:
        """Scores of (problem id, index) pairs, in their order. Raises: RewardModelError for one
        that is not recorded.
        """
        keys = [(problem_id, int(index)) for problem_id, index in items]
        try:
            scores = {
                key: self._scores(row)
                for rows in self._set.rows(keys, COLUMNS)
                for key, row in rows
            }
        except RecordedSetError as error:
            raise RewardModelError(str(error)) from error
        return [scores[key] for key in keys]

    def close(self) -> None:
        """Nothing is held that needs giving back."""

    def _scores(self, row: dict) -> StepScores:
        if row["kind"] != self._kind or row["scores"] is None:
            return StepScores((), "missing")
        scores = tuple(round(score, SCORE_DECIMALS) for score in row["scores"])
        return StepScores(scores, "outcome" if self._kind == "outcome" else "ok")
