"""What a configuration would take, before it runs: responses, tokens, time and disk, where this
database has measured them.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine import store
from engine.config import RunConfig, TrainingConfig
from engine.errors import ConfigError
from engine.models.memory import FULL
from engine.models.weights import folder_here, size_of
from engine.store import Database
from engine.store.runs import ListedRun
from engine.study.handle import Iteration

CHECKPOINT_NUMBERS = 3
"""float32 numbers per parameter in a checkpoint: the weights and AdamW's two moments."""
SAME = ("policy", "reward")
"""Tables that two runs share where one's rate says something of the other's."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What an earlier run took for its pre-samples, grading and scoring included."""

    run_name: str
    mean_tokens: float
    """Of a response."""
    tokens_per_s: float


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a whole run would take."""

    n_responses: int
    """To training problems, over all iterations: N n each."""
    n_evaluated: int
    """Held-out responses over all policies, greedy ones too."""
    most_tokens: int
    """With every response at its limit."""
    measured: Measured | None
    """None where no run of this policy, reward model, sampler and limit was timed here."""
    n_policies: int
    policy_bytes: int | None
    """Of each trained policy; None where the size of the policy is unknown."""
    checkpoint_bytes: int | None
    """While a training runs; None as policy_bytes."""
    kept_bytes: int = 0
    """Of all weights that trainings keep along the way; adapters are counted as nothing."""

    @property
    def n_tokens(self) -> float | None:
        """Expected, training and held-out responses together."""
        n = self.n_responses + self.n_evaluated
        return n * self.measured.mean_tokens if self.measured else None

    @property
    def seconds(self) -> float | None:
        """Of sampling, grading and scoring at the measured rate; trainings are not counted."""
        n = self.n_tokens
        return n / self.measured.tokens_per_s if self.measured and n is not None else None

    @property
    def disk_bytes(self) -> int | None:
        """Policies, weights kept along the way, and one checkpoint beside the last of them."""
        if self.policy_bytes is None or self.checkpoint_bytes is None:
            return None
        return self.n_policies * self.policy_bytes + self.kept_bytes + self.checkpoint_bytes


@dataclass(frozen=True, slots=True)
class Total:
    """What several runs would take together, one after the other, if each drew everything itself:
    runs that sample alike share what is drawn once.
    """

    runs: tuple[Outlook, ...]
    """At least one."""

    @property
    def n_responses(self) -> int:
        return sum(run.n_responses for run in self.runs)

    @property
    def n_evaluated(self) -> int:
        return sum(run.n_evaluated for run in self.runs)

    @property
    def most_tokens(self) -> int:
        return sum(run.most_tokens for run in self.runs)

    @property
    def n_policies(self) -> int:
        return sum(run.n_policies for run in self.runs)

    @property
    def n_tokens(self) -> float | None:
        """None where those of one run are unknown."""
        return _sum([run.n_tokens for run in self.runs])

    @property
    def seconds(self) -> float | None:
        """As n_tokens."""
        return _sum([run.seconds for run in self.runs])

    @property
    def disk_bytes(self) -> int | None:
        """What stays of each, and the largest checkpoint; None where a size is unknown."""
        needs = [run.disk_bytes for run in self.runs]
        checkpoints = [run.checkpoint_bytes or 0 for run in self.runs]
        total = _sum(needs)
        return None if total is None else int(total) - sum(checkpoints) + max(checkpoints)


def _sum(numbers: Sequence[float | None]) -> float | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(numbers) else None


def outlook(db: Database, config: RunConfig) -> Outlook:
    """What a configuration would take. Reads sizes of files, no weights."""
    p, s, e = config.problems, config.sampling, config.evaluation
    n_policies = 0 if config.is_recorded else config.n_iterations
    n_responses = p.n_train * s.n * config.n_iterations
    n_evaluated = 0 if config.is_recorded else p.n_held_out * (1 + e.n) * (n_policies + 1)
    weights, checkpoint = _bytes(config) if n_policies else (0, 0)
    return Outlook(
        n_responses=n_responses,
        n_evaluated=n_evaluated,
        most_tokens=(n_responses + n_evaluated) * s.max_new_tokens,
        measured=None if config.is_recorded else _measured(db, config),
        n_policies=n_policies,
        policy_bytes=weights,
        checkpoint_bytes=checkpoint,
        kept_bytes=_n_kept(config.training) * n_policies * (checkpoint or 0) // CHECKPOINT_NUMBERS,
    )


def _n_kept(t: TrainingConfig) -> int:
    """Sets of all weights that a training keeps beside its policy, the last ones among them where
    the best become the policy.
    """
    if t.lora_rank is not None or not t.keep_checkpoints:
        return 0
    return t.keep_checkpoints + (t.policy_by != "last")


def _measured(db: Database, config: RunConfig) -> Measured | None:
    """Of the newest run that was sampled alike."""
    for run in store.runs.listed(db):
        if not _is_alike(run, config):
            continue
        first = Iteration(db, run.id, 0)
        rate, lengths = store.presamples.rate(first), store.presamples.token_rates(first)
        if rate and len(lengths["mean_tokens"]):
            return Measured(run.name, float(np.mean(lengths["mean_tokens"])), rate)
    return None


def _is_alike(run: ListedRun, config: RunConfig) -> bool:
    stored, s = json.loads(run.config), config.sampling
    same_models = all(stored[t].get("path") == getattr(config, t).path for t in SAME)
    same_sampler = s.sampler in ("auto", stored["sampling"]["sampler"])
    same_limit = stored["sampling"]["max_new_tokens"] == s.max_new_tokens
    return same_models and same_sampler and same_limit


def _bytes(config: RunConfig) -> tuple[int | None, int | None]:
    """Of a trained policy, which keeps its own type of numbers, and of a checkpoint."""
    try:
        folder = folder_here(config.policy.path, role="policy", revision=config.policy.revision)
    except ConfigError:
        return None, None
    size = size_of(folder, config.policy.n_parameters)
    weights = sum(f.stat().st_size for f in folder.glob("*.safetensors")) if folder else None
    return weights or None, CHECKPOINT_NUMBERS * FULL * size.n_parameters if size else None
