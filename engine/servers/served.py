"""What a server says it serves, and whether that is the model a run is about to ask.

Pure: no network. A remote server holds one set of weights, and only its list of models
(`/v1/models`) tells which, so that list is compared with the model's identity before anything is
asked. vLLM gives each model a name (`id`) and the folder or hub id that it was loaded from
(`root`); other servers give a name alone.
"""

import os
from dataclasses import dataclass
from typing import Any

from engine.servers.connection import Asking
from engine.servers.words import inert


@dataclass(frozen=True, slots=True)
class Wanted:
    """The model that must answer."""

    folder: str
    """Where its files are on this machine."""
    content_id: str
    """Of its files; our trained policies' folders are named so."""
    known_as: str = ""
    """How the configuration names it, such as a hub id; empty for a policy that was trained
    here.
    """
    model: str | None = None
    """sampling.model: the name that stands for known_as on a server which does not say what it
    loaded.
    """
    options: str = ""
    """What `vllm serve FOLDER` takes beside the folder."""


@dataclass(frozen=True, slots=True)
class Served:
    """A model on a server that is the wanted one."""

    name: str
    n_positions: int | None = None
    """Tokens of prompt and response together, of a vLLM server; None for any other. vLLM takes more
    settings than OpenAI's interface has, token ids as the prompt, and gives those it sampled.
    """


def find_served(listing: Any, wanted: Wanted, url: str, asking: Asking) -> Served:
    """The model in a server's list that is the wanted one.

    It is, if the folder or hub id it was loaded from is the wanted one's, or a folder of the same
    content id's name, or if the model is served under the content id. The name in sampling.model is
    taken on trust, for the policy that the configuration names and where the server does not say
    what it loaded.

    Raises: the caller's error naming what is served, and the folder that should be.
    """
    models = listing.get("data") if isinstance(listing, dict) else None
    models = [m for m in models or [] if isinstance(m, dict) and isinstance(m.get("id"), str)]
    for model in models:
        if _is(model, wanted):
            return Served(model["id"], model.get("max_model_len") if _is_vllm(model) else None)
    serves = ", ".join(dict.fromkeys(str(m.get("root") or m["id"]) for m in models)) or "no model"
    options = f" {wanted.options}" if wanted.options else ""
    raise asking.error(
        f"{url} serves {inert(serves)}, and what is to be asked is the {asking.model}"
        f" {wanted.content_id}. Serve its folder there, vllm serve {wanted.folder}{options}, and"
        " resume the job. From a copy under another name, serve it with --served-model-name"
        f" {wanted.content_id}."
    )


def _is_vllm(model: dict[str, Any]) -> bool:
    return model.get("owned_by") == "vllm" and isinstance(model.get("max_model_len"), int)


def _is(model: dict[str, Any], wanted: Wanted) -> bool:
    name, root = model["id"], model.get("root")
    loaded = root if isinstance(root, str) else name
    says_what_it_loaded = loaded != name
    if name == wanted.content_id or os.path.basename(loaded.rstrip("/")) == wanted.content_id:
        return True
    if os.path.isabs(loaded) and os.path.realpath(loaded) == os.path.realpath(wanted.folder):
        return True
    return bool(wanted.known_as) and (
        loaded == wanted.known_as or (name == wanted.model and not says_what_it_loaded)
    )
