"""The training child under accelerate's launcher: two ranks on the CPU (DDP, gloo) train as one
process does.
"""

import psutil
import pytest

from engine.errors import TrainingError
from engine.events import CheckpointSaved, Event, Planned
from engine.placement import Backend, Remote
from tests.small_runs import until
from tests.training.small_trainings import largest_difference, saved, steps, task, trained, weights

SETTINGS = {"n": 16, "learning_rate": 1e-3, "n_processes": 2}


def ranks_of(remote: Remote) -> list[psutil.Process]:
    return [
        child
        for child in psutil.Process(remote.pid).children()
        if "engine.placement.worker" in child.cmdline()
    ]


def gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def launched(told, folder, *, stop_at: int | None = None, lost_parent: bool = False) -> list[Event]:
    """The events of one training in two ranks, none of which is left afterwards."""
    remote = Remote(
        Backend(told.config.method, options={"n_processes": 2, "accelerate_config": None}),
        folder / "logs",
    )
    events: list[Event] = []
    try:
        for event in remote.train(
            told, lambda: stop_at is not None and len(steps(events)) >= stop_at
        ):
            events.append(event)
        ranks = ranks_of(remote)
        if lost_parent:
            remote._stdin.close()  # all that a child sees of its parent's death
            until(
                lambda: all(map(gone, ranks)), "the ranks to end with their parent", deadline_s=30
            )
    finally:
        remote.close()
    assert len(ranks) == 2
    until(lambda: all(map(gone, ranks)), "the killed ranks to end", deadline_s=30)
    return events


def assert_same_curve(events: list[Event], expected: list[Event], name: str) -> None:
    mine, theirs = ([(e.step, e.values[name]) for e in steps(run)] for run in (events, expected))
    assert [step for step, _ in mine] == [step for step, _ in theirs]
    assert [value for _, value in mine] == pytest.approx([value for _, value in theirs], abs=1e-4)


def test_two_ranks_that_are_stopped_and_resumed_give_the_result_of_one_unbroken_process(tmp_path):
    whole = trained(task(tmp_path / "one", **{**SETTINGS, "n_processes": 1}))
    told = task(tmp_path / "two", **SETTINGS)
    first = launched(told, tmp_path, stop_at=1)
    stopped_at = [event.step for event in first if isinstance(event, CheckpointSaved)]
    assert len(stopped_at) == 1 and stopped_at[0] < 4, (
        "a training that is not stopped shows nothing"
    )
    second = launched(told, tmp_path, lost_parent=True)
    assert [(event.n_total, event.n_done) for event in second if isinstance(event, Planned)] == [
        (4, stopped_at[0])
    ]
    for name in ("loss", "rewards/margins"):
        assert_same_curve(first + second, whole, name)
    assert largest_difference(weights(saved(second).path), weights(saved(whole).path)) < 1e-5


def test_sft_counts_the_tokens_of_both_ranks(tmp_path):
    whole = trained(task(tmp_path / "one", "sft", **{**SETTINGS, "n_processes": 1}))
    events = launched(task(tmp_path / "two", "sft", **SETTINGS), tmp_path)
    assert_same_curve(events, whole, "loss")
    assert largest_difference(weights(saved(events).path), weights(saved(whole).path)) < 1e-5


def test_a_refusal_in_both_ranks_is_the_first_ones_sentence(tmp_path):
    remote = Remote(
        Backend("sft", options={"n_processes": 2, "accelerate_config": None}), tmp_path / "logs"
    )
    with pytest.raises(TrainingError, match="None of the 16 worked solutions"):
        list(remote.train(task(tmp_path, "sft", **SETTINGS, max_length=5), lambda: False))
    remote.close()


def test_a_missing_accelerate_file_is_a_sentence_before_anything_starts(tmp_path):
    with pytest.raises(TrainingError, match="no such file"):
        Remote(
            Backend("dpo", options={"n_processes": 2, "accelerate_config": "nowhere.yaml"}),
            tmp_path / "logs",
        )
