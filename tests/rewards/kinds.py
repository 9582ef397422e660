"""Small studies on each kind of process reward that is not a classifier's: tiny models, and a
scripted server for the one that writes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine import store
from engine.store import Database
from engine.study.handle import Iteration
from tests.rewards.judges import MODEL, all_right, judge
from tests.samplers.scripted_servers import scripted
from tests.small_samples import perturbed

KINDS = ("tagged_lm", "implicit", "generative")
LITTLE = {
    "problems": {"n_train": 8, "n_held_out": 2},
    "sampling": {"sampler": "hf_local", "n": 6, "batch_size": 32},
    "difficulty": {"strategy": "uniform", "tau_l": 0.3, "tau_h": 0.7},
    "training": {"n_epochs": 1, "batch_size": 4, "micro_batch_size": 2},
    "evaluation": {"n": 1},
}


@contextmanager
def study_of(kind: str, folder: Path) -> Iterator[dict]:
    """Changes to the small configuration whose process rewards are of a kind."""
    if kind == "tagged_lm":
        yield LITTLE | {
            "reward": {"path": _tagged(folder / "model"), "family": kind},
            "tagged_lm": {"preset": "rlhflow"},
        }
    elif kind == "implicit":
        yield LITTLE | {
            "reward": {"path": "starter", "family": kind},
            "implicit": {"reference": perturbed(folder / "reference")},
            "difficulty": {
                "strategy": "uniform",
                "thresholds": "quantile",
                "tau_l": None,
                "tau_h": None,
            },
        }
    else:
        with scripted(judge(all_right)) as url:
            yield LITTLE | {
                "reward": {"path": MODEL, "family": kind},
                "generative": {"base_urls": [url]},
            }


def _tagged(folder: Path) -> str:
    """With positions for a question of the starter and its response."""
    from tests.rewards import tiny_models

    positions, tiny_models.POSITIONS = tiny_models.POSITIONS, 1024
    try:
        return str(tiny_models.tagged_lm(folder, "rlhflow"))
    finally:
        tiny_models.POSITIONS = positions


def assert_whole(db: Database, run_id: str, kind: str) -> None:
    """Scored by the family, paired, trained, and evaluated before and after."""
    it = Iteration(db, run_id, 0)
    assert kind in it.run.prm_id and store.runs.next_policy(it)
    jobs = store.jobs.of_run(db, run_id)
    assert {job.state for job in jobs} == {"done"}, [(job.kind, job.error) for job in jobs]
    kinds = sorted(str(job.kind) for job in jobs)
    assert kinds == ["evaluate", "evaluate", "presample", "resample", "train"]
    e = store.samples.estimates(it)
    assert e.n_pending == 0 and len(e.n) == 8 and store.pairs.find_set(it).n_pairs > 0
    assert db.value("SELECT count(*) FROM step_scores WHERE reward IS NULL") == 0
