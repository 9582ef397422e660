"""What a model folder says of itself before its weights are read: kind, size, context, how it chats
and thinks. And which models lie on this machine.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from engine.models.own_code import looking_at
from engine.models.plausible import require_plausible
from engine.models.tokens import cannot_load, template_end
from engine.models.weights import size_of
from engine.thinking import closes, marks_in

Thinks = Literal["switch", "always", "no"]
_SWITCH = "enable_thinking"


@dataclass(frozen=True, slots=True)
class ModelAbout:
    """A model as its files describe it."""

    architecture: str
    """As its config.json names it, such as Qwen2ForCausalLM; its kind where that names none."""
    n_parameters: int | None
    """Counted in the headers of its safetensors; None without any."""
    n_context: int | None
    """Longest text in tokens; None where it has no limit, or does not say."""
    has_template: bool
    """Whether its tokenizer has a chat template."""
    thinks: Thinks
    """switch: the template can turn thinking on and off. always: it writes the mark of thinking.
    no: neither.
    """
    turn_end: str | None
    """The token with which the template ends a turn of the assistant."""


def about_model(folder: Path, *, trust_remote_code: bool = False) -> ModelAbout:
    """Read a model folder's small files. Blocks for seconds when the first tokenizer is opened.

    Args:
        trust_remote_code: as a run would have it; here the model's own code never runs.

    Raises: SamplerError for files that cannot be read; ConfigError for a model that cannot be;
    OwnCode for one that only its own code could describe.
    """
    require_plausible(folder, trust=trust_remote_code)
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise cannot_load(str(folder), error) from error
    with looking_at(folder, trusted=trust_remote_code):
        tokenizer = _tokenizer(folder)
    size = size_of(folder, None)
    template = str(tokenizer.chat_template or "")
    end = template_end(tokenizer) if template else None
    is_thinking = not all(map(closes, marks_in(template)))
    return ModelAbout(
        architecture=next(iter(config.get("architectures") or ()), config.get("model_type", "")),
        n_parameters=size.n_parameters if size else None,
        n_context=config.get("max_position_embeddings"),
        has_template=bool(template),
        thinks="switch" if _SWITCH in template else "always" if is_thinking else "no",
        turn_end=None if end is None else tokenizer.convert_ids_to_tokens(end),
    )


def cached_models() -> list[str]:
    """Ids of the models in the hub's cache on this machine, by name."""
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    try:
        repos = scan_cache_dir().repos
    except (CacheNotFound, OSError, ValueError):
        return []
    return sorted(repo.repo_id for repo in repos if repo.repo_type == "model")


def _tokenizer(folder: Path) -> Any:
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    except Exception as error:  # damaged files raise what they like
        raise cannot_load(str(folder), error) from error
