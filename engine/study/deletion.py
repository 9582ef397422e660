"""What goes when a run is deleted and what stays because others use it; and the deletion itself."""

import json
import shutil
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine import store
from engine.config import named_paths, parse_config
from engine.errors import ConfigError
from engine.models.weights import adapter_folder
from engine.paths import expanded
from engine.store import Database
from engine.study.sample_sets import evaluation_sets


@dataclass(frozen=True, slots=True)
class Deletion:
    """A deletion as it would be now."""

    run_id: str
    name: str
    set_ids: tuple[str, ...]
    """Sample sets that only this run uses: they go."""
    shared: dict[str, tuple[str, ...]]
    """Names of the other runs by sample set that stays."""
    n_responses: int
    """That go."""
    policies: dict[str, str]
    """Folders by id of the policies that go."""
    staying: dict[Path, tuple[str, ...]]
    """Names of the other runs that need it, by folder of a policy or a training that stays."""
    folders: tuple[Path, ...]
    """Everything on the disk that goes: policies, adapters, checkpoints of trainings."""
    n_bytes: int
    """In those folders."""


def planned(db: Database, run_id: str, *, going: Collection[str] = ()) -> Deletion:
    """What deleting a run would remove. Reads sizes of files.

    Args:
        going: runs that are deleted before it; nothing is kept for them.

    Raises: ConfigError for an unknown run, or one with a job that is not finished.
    """
    run = store.runs.get(db, run_id)
    if any(job.is_unfinished for job in store.jobs.of_run(db, run_id)):
        raise ConfigError(
            f"{run.name} has a job that runs or is queued. Cancel it first, then delete the run."
        )
    uses = {set_id: runs - {*going} for set_id, runs in _uses(db).items()}
    own = {set_id for set_id, runs in uses.items() if run_id in runs}
    shared = {set_id: uses[set_id] - {run_id} for set_id in own if uses[set_id] - {run_id}}
    names = {row.id: row.name for row in store.runs.listed(db)}
    gone = tuple(sorted(own - shared.keys()))
    named = _named(db, leaving={run_id, *going})
    policies, staying = _policies(db, run_id, named, leaving={run_id, *going})
    needed = {folder: _within(folder, named) for folder in _folders(db, run_id, policies)}
    folders = tuple(folder for folder, ids in needed.items() if not ids)
    staying |= {folder: ids for folder, ids in needed.items() if ids}
    return Deletion(
        run_id,
        run.name,
        gone,
        {set_id: tuple(sorted(names[id] for id in ids)) for set_id, ids in shared.items()},
        store.deletion.n_responses(db, gone),
        policies,
        {path: tuple(sorted(names[id] for id in ids)) for path, ids in staying.items()},
        folders,
        sum(file.stat().st_size for f in folders for file in f.rglob("*") if file.is_file()),
    )


def delete(db: Database, run_id: str) -> Deletion:
    """Delete a run: its rows, the sample sets and policies that nobody else uses or names, their
    folders. Rows first, so that nothing stored names a folder that is gone.

    Returns: what went. Raises: ConfigError as planned() does.
    """
    done = planned(db, run_id)
    store.deletion.remove(db, run_id, set_ids=done.set_ids, policy_ids=list(done.policies))
    for folder in done.folders:
        shutil.rmtree(folder, ignore_errors=True)
    return done


def _uses(db: Database) -> dict[str, set[str]]:
    """Runs by sample set, of training and of held-out problems."""
    uses: dict[str, set[str]] = {}
    for use in store.deletion.set_uses(db):
        uses.setdefault(use.set_id, set()).add(use.run_id)
    configs = {run.id: parse_config(json.loads(run.config)) for run in store.runs.listed(db)}
    for row in store.board.every_policy(db):
        for samples in evaluation_sets(configs[row.run_id], row.policy_id, row.number):
            uses.setdefault(samples.id, set()).add(row.run_id)
    return uses


def _named(db: Database, *, leaving: Collection[str]) -> dict[Path, set[str]]:
    """Other runs by the places on the disk that they name or whose policy they sample or made,
    links followed.
    """
    places = [
        (path, run.id)
        for run in store.runs.listed(db)
        for path in (*named_paths(parse_config(json.loads(run.config))).values(), run.prm_path)
    ]
    places += [(use.path, use.run_id) for use in store.runs.policies(db)]
    named: dict[Path, set[str]] = {}
    for path, run_id in places:
        if path and run_id not in leaving:
            named.setdefault(expanded(path).resolve(), set()).add(run_id)
    return named


def _within(folder: Path, named: Mapping[Path, set[str]]) -> set[str]:
    """Runs that name a folder or something in it."""
    home = folder.resolve()
    return {id for path, ids in named.items() if path.is_relative_to(home) for id in ids}


def _policies(
    db: Database, run_id: str, named: Mapping[Path, set[str]], *, leaving: Collection[str]
) -> tuple[dict[str, str], dict[Path, set[str]]]:
    """(Folders by id of the policies that go, runs by folder of those that stay), of what a run's
    trainings made in the database's own folder.
    """
    goes: dict[str, str] = {}
    stays: dict[Path, set[str]] = {}
    uses = store.runs.policies(db)
    for id, path in store.deletion.policies_made(db, run_id).items():
        folder = Path(path)
        users = {use.run_id for use in uses if use.policy_id == id} - {*leaving}
        users |= _within(folder, named) | _within(adapter_folder(folder), named)
        if users:
            stays[folder] = users
        elif folder.resolve().is_relative_to(db.artifacts.resolve()):
            goes[id] = path
    return goes, stays


def _folders(db: Database, run_id: str, policies: dict[str, str]) -> Iterable[Path]:
    """Those that are there."""
    for path in policies.values():
        for folder in (Path(path), adapter_folder(Path(path))):
            if folder.is_dir():
                yield folder
    for job in store.jobs.of_run(db, run_id):
        folder = db.artifacts / "training" / job.id
        is_free = job.policy_id is None or job.policy_id in policies
        if folder.is_dir() and is_free:  # the optimiser's state stays with a policy that is used
            yield folder
