"""Backends of ten lines that wait at a gate, so that a test meets a job in the middle of its
work.
"""

import threading

from engine.events import CheckpointSaved, OptimiserStep, PolicySaved
from engine.types import Response, StepScores


class FakeSampler:
    """Right answers at even indices. Before each batch but the first it waits at the gate."""

    def __init__(self, world):
        self.world = world

    def sample(self, requests, settings):
        for start in range(0, len(requests), 6):
            if start:
                assert self.world.gate.wait(timeout=30)
            if self.world.fault:
                raise self.world.fault
            yield [self._response(r) for r in requests[start : start + 6]]

    def _response(self, request):
        if request.problem_id in self.world.refused:
            return Response(request.problem_id, request.index, request.seed, "", "refused", 0)
        return Response(
            request.problem_id, request.index, request.seed, self._text(request), "stop", 2
        )

    def _text(self, request):
        return "\\boxed{%s}" % (
            self.world.answers[request.problem_id] if request.index % 2 == 0 else "none"
        )

    def close(self):
        self.world.n_closed += 1


class FakeReward:
    def score(self, items):
        assert all(text for _, text in items), "a refused response was given to the reward model"
        return [StepScores((0.5,)) for _ in items]

    def close(self):
        pass


class FakeTrainer:
    """Four steps, each behind the gate; stops when it is told to."""

    def __init__(self, world):
        self.world = world

    def train(self, task, should_stop):
        for step in range(1, 5):
            yield OptimiserStep(step, 4, {"loss": 0.7, "rewards/margins": 0.0})
            assert self.world.gate.wait(timeout=30)
            if should_stop():
                yield CheckpointSaved(step, task.work_dir)
                return
        yield PolicySaved("m1", "/nowhere")

    def close(self):
        pass


class World:
    def __init__(self):
        self.gate, self.fault, self.answers, self.n_closed = threading.Event(), None, {}, 0
        self.refused: set[str] = set()
