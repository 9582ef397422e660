"""A sampler, a reward family and a trainer as somebody would write them, and one entry for each. A
child process imports this module as well.
"""

import json
import os
import shutil
from pathlib import Path

from engine.config.backends import BackendEntry, Role
from engine.events import OptimiserStep, Planned, PolicySaved
from engine.models.weights import content_id
from engine.paths import STARTER
from engine.types import Response, StepScores, Worked

_HERE = "tests.config.three_backends:"
ENTRIES = (
    BackendEntry(
        "copybook",
        Role.SAMPLER,
        _HERE + "Copybook",
        {"n_pages": "sampling.n_engines", "at_once": "sampling.batch_size"},
    ),
    BackendEntry("flat", Role.REWARD, _HERE + "Flat", {"read_by": "reward.backend"}),
    BackendEntry("copier", Role.TRAINER, _HERE + "Copier", trains_on="responses"),
)
SCORES = {"auto": 0.25, "vllm": 0.75}
"""What a Flat gives every step, by what it was told to be read by."""


class Copybook:
    """Knows the starter's answers, and gives a wrong one at odd indices. Every text says who wrote
    it, with which options and in which process.
    """

    def __init__(self, path: str, n_pages: int, at_once: int):
        self._by = f"{Path(path).name}, {n_pages} pages, {at_once} at once, process {os.getpid()}"
        self._answers = {
            row["question"]: row["answer"]
            for file in ("train.jsonl", "held_out.jsonl")
            for row in map(json.loads, (STARTER / file).read_text().splitlines())
        }

    def sample(self, requests, settings):
        for r in requests:
            answer = "wrong" if r.index % 2 else self._answers[r.prompt.strip()]
            text = f"By {self._by}.\n\n\\boxed{{{answer}}}"
            yield [Response(r.problem_id, r.index, r.seed, text, "stop", 9)]

    def close(self):
        pass


class Flat:
    def __init__(self, path: str, read_by: str):
        self._score = SCORES[read_by]

    def score(self, items):
        return [StepScores((self._score,)) for _ in items]

    def close(self):
        pass


class Copier:
    """Its policy is the old one, with a file that counts what it was trained on."""

    def train(self, task, should_stop):
        assert all(isinstance(row, Worked) for row in task.rows)
        yield Planned(1, 0, "steps")
        yield OptimiserStep(1, 1, {"loss": 0.5})
        draft = Path(task.work_dir) / "policy"
        shutil.copytree(task.policy_path, draft)
        (draft / "rows.txt").write_text(f"{len(task.rows)} at {task.config.learning_rate}")
        made = Path(task.policies_dir) / content_id(draft)
        made.parent.mkdir(exist_ok=True)
        draft.rename(made)
        yield PolicySaved(made.name, str(made))

    def close(self):
        pass
