"""The model hub, through its own library: a policy pushed with a card that the study writes, and a
model or data set pulled by id. Which hub and whose login is the library's to know; no key is
stored.
"""

from engine.errors import EngineError


class HubError(EngineError):
    """The hub cannot be reached, does not have what was asked for, or refuses it."""


def said(what: str, error: Exception) -> str:
    """A failure as a sentence, with what to do."""
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    if isinstance(error, GatedRepoError):
        return f"{what} is gated: accept its terms on its page, and log in with `hf auth login`."
    if isinstance(error, RepositoryNotFoundError):
        return (
            f"{what} is not there, or not yours to see: check the name, or log in with `hf auth"
            " login` or HF_TOKEN."
        )
    if isinstance(error, RevisionNotFoundError):
        return f"{what} has no such revision: name a branch, tag or commit."
    if isinstance(error, HfHubHTTPError):
        first = str(error).strip().partition("\n")[0]
        return f"The hub refused {what}: {first} Log in with `hf auth login` or set HF_TOKEN."
    return f"{what}: the hub could not be reached ({type(error).__name__}). Check the network."
