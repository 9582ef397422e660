"""Whether a model knows every token of its tokenizer. A tokenizer that was extended without the
model gives ids that no embedding exists for: reading one ends a process, or reads other memory.
"""

from typing import Any

from engine.errors import SamplerError

_MOST_NAMED = 3


def require_known_ids(tokenizer: Any, config: Any, path: str) -> None:
    """Refuse a tokenizer whose ids go beyond the model's embeddings. The other way round is usual:
    many models have more embeddings than tokens.

    Args:
        config: the model's, as transformers has it; where it gives no size of a vocabulary nothing
            is judged.
        path: of the policy, for the sentence.

    Raises: SamplerError.
    """
    n_known = getattr(config.get_text_config(), "vocab_size", None)
    if n_known is None:
        return
    beyond = sorted((id, token) for token, id in tokenizer.get_vocab().items() if id >= n_known)
    if beyond:
        named = ", ".join(f"{token!r} ({id})" for id, token in beyond[:_MOST_NAMED])
        raise SamplerError(
            f"The tokenizer of the policy at {path} has {len(beyond)} tokens that the model has no"
            f" embedding for: {named}{', …' if len(beyond) > _MOST_NAMED else ''}; the model has"
            f" {n_known:,}, the ids 0 to {n_known - 1}. Give the tokenizer that belongs to the"
            " model, or extend the model (resize_token_embeddings in transformers) and save it."
        )
