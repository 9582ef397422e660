"""The prompts of one call as the policy itself reads them, for samplers behind a server.

A server that takes token ids is sent these, so that no template or tokenizer of its own comes
between: what is graded and trained is what was sampled, whatever the server was started with.
"""

from collections.abc import Collection, Sequence
from functools import cached_property
from typing import Any

from engine.models.tokens import Rendered, end_tokens, load_tokenizer, render
from engine.samplers.finished import as_response
from engine.types import Request, Response, SamplingSettings


class ReadPrompts:
    """Prompts rendered by the tokenizer in the policy's folder, which is read at the first use.

    Args:
        path: the policy's folder on this machine.
        prompts: every prompt that will be asked for.
    """

    def __init__(
        self,
        path: str,
        prompts: Collection[str],
        settings: SamplingSettings,
        *,
        trust_remote_code: bool,
    ):
        self._path, self._prompts, self._settings = path, set(prompts), settings
        self._trust_remote_code = trust_remote_code

    def __getitem__(self, prompt: str) -> Rendered:
        """Raises: SamplerError if the tokenizer cannot be read or its template does not take the
        prompt.
        """
        return self._rendered[prompt]

    @cached_property
    def ends(self) -> list[int]:
        """Token ids that end a response. Raises: SamplerError if there is none."""
        tokenizer, generation_config = self._files
        return end_tokens(generation_config, tokenizer, self._settings)

    def response(self, request: Request, tokens: Sequence[int]) -> Response:
        """The response that these sampled tokens are."""
        tokenizer, _ = self._files
        read = self[request.prompt]
        return as_response(tokenizer, request, read, tokens, self.ends, self._settings.stop)

    @cached_property
    def _files(self) -> tuple[Any, Any]:
        return load_tokenizer(self._path, trust_remote_code=self._trust_remote_code)

    @cached_property
    def _rendered(self) -> dict[str, Rendered]:
        return render(self._files[0], self._prompts, self._settings)
