"""A reward model of any family in several engines of a Ray cluster, one per GPU where there are
some.

Every engine is a Ray actor that opens the family's own class, so what is read and what scores mean
is the family's. How texts are handed out, and what becomes of an engine that is lost, is
engine.servers.ray_engines'.
"""

from collections.abc import Iterator, Sequence
from importlib import import_module
from operator import itemgetter
from typing import Any

from engine.errors import RewardModelError
from engine.method.steps import normalise_newlines
from engine.rewards import RewardModel
from engine.servers.ray_engines import Cluster, Engines, Pooling, Work
from engine.types import ScoreStatus, StepScores

POOLING = Pooling(
    'reward.backend is "ray"',
    "reward.ray_address",
    "reward.n_engines",
    "the length of responses",
    RewardModelError,
    "score",
)
LEAST = 8
"""Texts that an engine is given at once, while there are so many."""
BATCH = 32
"""Texts after which an engine says what it has."""

Item = tuple[str, str]
Asked = tuple[int, str, str]
"""An item and its number."""
Row = tuple[int, tuple[float | None, ...], ScoreStatus]
"""Number, scores and status of an item, as they travel."""


class RewardEngines:
    """A reward model in several engines. Implements engine.rewards.RewardModel.

    Args:
        path: of the reward model, where every node of the cluster finds it.
        opens: the family's class, as BackendEntry.opens has it.
        options: what the class is opened with.
        n_engines: at least 1.
        address: a Ray cluster's; None starts one here.

    Blocks until every engine has loaded the model. Raises: RewardModelError if one cannot, or the
    cluster cannot be reached or is too small; ConfigError if Ray is not installed.
    """

    def __init__(
        self,
        path: str,
        *,
        opens: str,
        options: dict[str, Any],
        n_engines: int = 1,
        address: str | None = None,
    ):
        self._engines: Engines | None = None
        self._cluster = Cluster(address, n_engines, POOLING)
        each = 1 if self._cluster.n_gpus else 0
        try:
            self._cluster.require_room(n_engines, 1)
            spec = (path, opens, options)
            self._engines = Engines(self._cluster, RewardEngine, spec, n_engines, each)
        except BaseException:
            self.close()
            raise

    def score(self, items: Sequence[Item]) -> list[StepScores]:
        """Score (prompt, response) pairs, in their order; equal items are scored once. Blocks.

        Raises: WorkerDied if engines keep dying; RewardModelError from an engine.
        """
        assert self._engines is not None, "it is open"
        clean = [(normalise_newlines(prompt), normalise_newlines(text)) for prompt, text in items]
        once = list(dict.fromkeys(clean))
        work: Work[Asked, Row] = Work(
            tasks=[(number, *item) for number, item in enumerate(once)],
            least=LEAST,
            send=lambda engine, mine: engine.score.options(num_returns="streaming").remote(mine),
            arrived=list,
            key=itemgetter(0),
            key_of_answer=itemgetter(0),
        )
        known = {
            once[number]: StepScores(tuple(scores), status)
            for batch in self._engines.answers(work)
            for number, scores, status in batch
        }
        return [known[item] for item in clean]

    def close(self) -> None:
        """End every engine; the last of all that use Ray here ends the cluster that was started
        here. Safe to call twice.
        """
        if self._engines is not None:
            self._engines.close()
        self._cluster.close()


class RewardEngine:
    """What runs in a Ray actor: one reward model, opened by its first call."""

    def __init__(self, path: str, opens: str, options: dict[str, Any]):
        self._spec = (path, opens, options)
        self._model: RewardModel | None = None

    def open(self) -> None:
        if self._model is None:
            path, opens, options = self._spec
            module, _, name = opens.partition(":")
            self._model = getattr(import_module(module), name)(path, **options)

    def score(self, asked: list[Asked]) -> Iterator[list[Row]]:
        """Scores of items, in parts."""
        self.open()
        assert self._model is not None, "open() has opened it"
        for start in range(0, len(asked), BATCH):
            part = asked[start : start + BATCH]
            scores = self._model.score([(prompt, text) for _, prompt, text in part])
            yield [(number, s.scores, s.status) for (number, *_), s in zip(part, scores)]
