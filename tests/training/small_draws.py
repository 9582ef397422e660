"""Small trainings that draw their own responses, on the starter policy and its reward model."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from engine.events import Draw, Drawn, Event
from engine.method.seeds import stable_hash
from engine.paths import STARTER
from engine.training import Draws, Group, RewardModelTold, TrainingTask
from engine.training.grpo import GrpoTrainer
from engine.training.plan_trainer import PlanTrainer
from engine.training.rloo import RlooTrainer
from engine.types import Reference, SamplingSettings
from tests.training.small_trainings import SMALL, question

TRAINERS: dict[str, type[PlanTrainer]] = {"grpo": GrpoTrainer, "rloo": RlooTrainer}
SIZE = 4
QUESTIONS = {f"p{i}": question(i + 1) for i in range(4)}
SETTINGS = SamplingSettings(temperature=1.0, top_p=1.0, max_new_tokens=80)
PRM = RewardModelTold(
    "engine.rewards.token_classification:TokenClassificationReward",
    str(STARTER / "prm"),
    {"trust_remote_code": False},
    "prm",
    QUESTIONS,
    "response",
    "min",
)


def groups(n: int) -> list[Group]:
    """Round and round over four problems."""
    before: Counter[str] = Counter()
    made = []
    for id in (f"p{i % 4}" for i in range(n)):
        first = before[id]
        before[id] += SIZE
        made.append(Group(id, first, [stable_hash(id, first + i) for i in range(SIZE)]))
    return made


def task(folder: Path, method: str = "grpo", n: int = 6, **changed) -> TrainingTask:
    """Three steps of two groups."""
    reward_model = changed.pop("reward_model", PRM)
    own = {"group_size": SIZE, "batch_size": 8, "micro_batch_size": 4}
    return TrainingTask(
        str(STARTER / "policy"),
        [],
        replace(SMALL, method=method, **(own | changed)),
        seed=0,
        work_dir=str(folder / "work"),
        policies_dir=str(folder / "policies"),
        settings=SETTINGS,
        draws=Draws(
            "a set",
            groups(n),
            QUESTIONS,
            {id: Reference("30") for id in QUESTIONS},
            batch_size=16,
            reward_model=reward_model,
        ),
    )


def trained(told: TrainingTask, should_stop: Callable[[], bool] = lambda: False) -> list[Event]:
    return list(TRAINERS[told.config.method]().train(told, should_stop))


def drawn(events: list[Event]) -> list[Drawn]:
    return [event for event in events if isinstance(event, Drawn)]


def keys(draws: list[Draw]) -> list[tuple[str, int]]:
    return [(d.response.problem_id, d.response.index) for d in draws]


def said(events: list[Event]) -> dict[tuple[str, int], tuple]:
    """Everything about every draw, by its key; of one drawn again the later."""
    return {
        (d.response.problem_id, d.response.index): (e.step, d.response, d.reward, d.is_discarded)
        for e in drawn(events)
        for d in e.draws
    }
