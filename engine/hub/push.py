"""A trained policy pushed to the hub with its card."""

from dataclasses import dataclass
from pathlib import Path

from engine.errors import ConfigError
from engine.export.run import BESIDE_WEIGHTS, trained_policy
from engine.hub import HubError, said
from engine.hub.card import card_files
from engine.jobs.policies import sound_path
from engine.models.weights import adapter_folder
from engine.store import Database
from engine.study.runs import pick_run


@dataclass(frozen=True, slots=True)
class Pushed:
    """A policy on the hub."""

    policy_id: str
    url: str
    commit: str


def push(
    db: Database,
    repo_id: str,
    *,
    run_id: str | None = None,
    adapter: bool = False,
    private: bool = True,
    endpoint: str | None = None,
) -> Pushed:
    """Push a run's newest trained policy, whose files must be what was saved, with a card. Blocks.

    Args:
        repo_id: OWNER/NAME; made if missing, and only then private or public.
        adapter: only its LoRA adapter, with what it is read with.

    Raises: ConfigError without a trained policy or adapter; PolicyDamaged; HubError.
    """
    import httpx
    from huggingface_hub import CommitOperationAdd, HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalTokenNotFoundError

    run = pick_run(db, run_id)
    policy_id = trained_policy(db, run)
    if policy_id is None:
        raise ConfigError(f"Run {run} has no trained policy yet. Train it first.")
    files = _files(Path(sound_path(db, policy_id)), adapter)
    card = {name: text.encode() for name, text in card_files(db, run).items()}
    added = [CommitOperationAdd(name, content) for name, content in [*files.items(), *card.items()]]
    api = HfApi(endpoint=endpoint)
    try:
        api.create_repo(repo_id, private=private, exist_ok=True)
        done = api.create_commit(repo_id, added, commit_message=f"Policy {policy_id} of run {run}")
    except HFValidationError as error:
        raise HubError(f"{repo_id} is no id of a hub: give OWNER/NAME.") from error
    except LocalTokenNotFoundError as error:
        raise HubError("Nobody is logged in: `hf auth login`, or set HF_TOKEN.") from error
    except (HfHubHTTPError, httpx.HTTPError, OSError) as error:
        raise HubError(said(f"The repository {repo_id}", error)) from error
    return Pushed(policy_id, str(done.commit_url), done.oid)


def _files(policy: Path, adapter: bool) -> dict[str, Path]:
    """What is pushed, by its name there."""
    if not adapter:
        return {file.name: file for file in sorted(policy.iterdir()) if file.is_file()}
    folder = adapter_folder(policy)
    if not folder.is_dir():
        raise ConfigError("The policy has no adapter: it was trained without training.lora_rank.")
    beside = {file.name: file for pattern in BESIDE_WEIGHTS for file in policy.glob(pattern)}
    return beside | {file.name: file for file in sorted(folder.iterdir()) if file.is_file()}
