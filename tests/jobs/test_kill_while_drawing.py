"""A training that draws its own responses, killed in the middle through the command line: what it
drew, and the policy, are those of a training that nobody killed.
"""

import signal

from tests.jobs.drawing_jobs import ended, unbroken, waiting
from tests.jobs.test_kill_and_resume import Broken, run_until
from tests.small_runs import cli


def test_a_killed_training_draws_and_learns_what_an_unbroken_one_does(tmp_path):
    wanted = unbroken(tmp_path / "unbroken")
    broken = Broken(waiting(tmp_path / "own"))
    run_until(["resume"], broken, "train", 3, signal.SIGKILL)
    assert 3 <= broken.jobs["train"].n_done < broken.jobs["train"].n_total
    assert cli("resume", "--db", broken.db).returncode == 0
    drawn, policy_id, attempt = ended(broken.db)
    assert attempt > wanted[2]
    assert drawn == wanted[0], "the same keys, rewards, discards and texts, each once"
    assert policy_id == wanted[1]
