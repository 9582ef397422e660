"""The configuration that repeats a run: what it was created with, and what was decided on the way.

A run stores its settings as they were resolved. Thresholds may have been committed by a person,
training settings changed in the form, a hub id downloaded at a commit: what was done counts. Where
iterations differ, one configuration cannot say it all; then the stored settings stay and a sentence
tells what is missing.
"""

from dataclasses import asdict, replace
from pathlib import Path

from engine import store
from engine.config import RunConfig, training_config
from engine.config.implicit import OWN
from engine.paths import expanded
from engine.problems import STARTER_SETS
from engine.store import Database
from engine.store.commits import Commit
from engine.store.jobs import Job
from engine.study.checkpoints import picked
from engine.study.handle import Iteration
from engine.types import JobKind, JobState

UNATTENDED = ", unattended"
"""What the name of whoever let a run go by itself ends with in the commits it makes."""


def resolved_config(db: Database, run_id: str) -> tuple[RunConfig, list[str]]:
    """The configuration with which `engine run` samples, commits and trains as the run did.

    Returns: it, and a sentence for everything it cannot say. Raises: ConfigError for an unknown
    run.
    """
    first, notes = Iteration(db, run_id, 0), []
    run, config = first.run, first.config
    places = [first.at(row.number) for row in store.runs.iterations(db, run_id)]
    commits = [commit for it in places if (commit := store.commits.find(it))]
    choices = [asdict(commit.choice) for commit in commits]
    if commits and all(is_by_rule(config, commit) for commit in commits):
        pass  # the data say the same again
    elif choices and all(choice == choices[0] for choice in choices):
        difficulty = replace(config.difficulty, **choices[0], thresholds="given")
        config = replace(config, difficulty=difficulty)
    else:
        notes += [
            f"Iteration {commit.number} was committed with {choice}."
            for commit, choice in zip(commits, choices)
        ]
    trained = _trained(db, run_id)
    if trained and all(job.params == trained[0].params for job in trained):
        config = replace(config, training=training_config(config.training, trained[0].params))
    else:
        notes += [
            f"Iteration {job.iteration} was trained with {job.params}."
            for job in trained
            if job.params
        ]
    notes += _picked(db, run_id)
    if run.parent_id:
        notes.append(
            f"The run is a fork of {run.parent_id} at iteration {run.forked_at}; this starts"
            " at iteration 0."
        )
    if any(batch.num_rows for batch in store.exports.batches(db, "overrides", run_id)):
        notes.append(
            "Verdicts that a person overrode are not a setting: they are in the table overrides."
        )
    return _located(config, store.runs.policy_path(db, first.row.policy_id), run.prm_path), notes


def is_by_rule(config: RunConfig, commit: Commit) -> bool:
    """Whether a commit's thresholds came out of the data by the configuration's own rule, with no
    person between.
    """
    without_person = commit.made_by == "cli" or commit.made_by.endswith(UNATTENDED)
    return without_person and config.difficulty.thresholds != "given"


def _trained(db: Database, run_id: str) -> list[Job]:
    """The last training of every iteration that ended well."""
    jobs = store.jobs.of_run(db, run_id)
    done = [j for j in jobs if j.kind is JobKind.TRAIN and j.state is JobState.DONE]
    return list({job.iteration: job for job in done}.values())


def _picked(db: Database, run_id: str) -> list[str]:
    """Which weights somebody picked by hand."""
    jobs = [job for job in store.jobs.of_run(db, run_id) if job.state is JobState.DONE]
    picks = [(job.iteration, pick) for job in jobs if (pick := picked(db, job))]
    return [
        f"In iteration {number} the weights of step {pick.step} of training {pick.job_id} were"
        f" picked, by {pick.made_by}."
        for number, pick in picks
    ]


def _located(config: RunConfig, policy_folder: str, prm_folder: str) -> RunConfig:
    """Local paths made absolute, and hub ids pinned to the commit that was downloaded, so that it
    works from any folder.
    """
    p = config.problems
    return replace(
        config,
        problems=replace(p, train=_absolute(p.train), held_out=_absolute(p.held_out)),
        policy=replace(
            config.policy,
            path=_absolute(config.policy.path),
            revision=config.policy.revision or _commit(policy_folder),
        ),
        reward=replace(
            config.reward,
            path=_absolute(config.reward.path),
            revision=config.reward.revision or _commit(prm_folder),
        ),
        implicit=replace(config.implicit, reference=_absolute(config.implicit.reference)),
    )


def _absolute(source: str) -> str:
    path = expanded(source)
    return (
        str(path.resolve())
        if source not in ("", "starter", OWN, *STARTER_SETS) and path.exists()
        else source
    )


def _commit(folder: str) -> str | None:
    """The commit of a folder in the hub's cache, which keeps every download under
    snapshots/COMMIT.
    """
    path = Path(folder)
    return path.name if path.parent.name == "snapshots" else None
