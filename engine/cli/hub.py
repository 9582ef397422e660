"""hs-star hub: push a policy with its card, pull a model or a data set."""

import json
import sys
from pathlib import Path

import click

from engine.cli.options import as_json, database, one_run, require_database


@click.group()
def hub() -> None:
    """Push a trained policy to the model hub, or pull a model or data set from it.

    The hub's own library is used, with its login (`hf auth login`, HF_TOKEN) and address
    (HF_ENDPOINT); no key is stored here.
    """


@hub.command("push")
@click.argument("repo", metavar="OWNER/NAME")
@one_run
@database
@click.option("--adapter", is_flag=True, help="Only its LoRA adapter, with what it is read with.")
@click.option("--public", is_flag=True, help="A repository that is made now is seen by everybody.")
@as_json
def push_policy(
    repo: str, run_id: str | None, db: Path, adapter: bool, public: bool, as_json: bool
) -> None:
    """Push a run's newest trained policy, with a model card written from the study."""
    from dataclasses import asdict

    from engine.hub.push import push
    from engine.store import Database

    require_database(db)
    opened = Database(db)
    try:
        pushed = push(opened, repo, run_id=run_id, adapter=adapter, private=not public)
    finally:
        opened.close()
    if as_json:
        print(json.dumps(asdict(pushed)))
    else:
        print(f"Policy {pushed.policy_id} at {pushed.url}", file=sys.stderr)


@hub.command("pull")
@click.argument("id", metavar="OWNER/NAME")
@click.option("--dataset", is_flag=True, help="A data set instead of a model.")
@click.option("--revision", metavar="NAME", help="A branch, tag or commit.")
@as_json
def pull_by_id(id: str, dataset: bool, revision: str | None, as_json: bool) -> None:
    """Bring a model or a data set into the hub library's cache, where a configuration finds it."""
    from engine.hub.pull import Wanted, outlook, pull

    wanted = Wanted(id, "dataset" if dataset else "model", revision)
    ahead = outlook(wanted)
    print(
        f"{ahead.n_files:,} files, {ahead.n_missing:,} of {ahead.n_bytes:,} bytes to bring;"
        f" {ahead.n_free:,} bytes are free",
        file=sys.stderr,
    )
    path = pull(wanted, _report)
    if as_json:
        print(json.dumps({"path": str(path), "n_bytes": ahead.n_bytes}))
    else:
        print(f"\n{path}", file=sys.stderr)


def _report(done: int, total: int) -> None:
    print(f"\r{done:,} of {total:,} bytes", end="", file=sys.stderr)
