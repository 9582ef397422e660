"""One request to one OpenAI-compatible server: what is asked, and what its answer means.

vLLM is sent the prompt's token ids and gives the response's; another server gets text or a chat,
and gives text.

An answer is a response, a refusal because the prompt does not fit, Failed where another server or
the same one later may do better, or a SamplerError where none will. Which server is asked, and when
one is asked again, is engine.servers.pool's.
"""

import json

from engine.errors import SamplerError
from engine.models.tokens import answer_start, require_no_thinking_budget, with_reasoning
from engine.samplers.read_prompts import ReadPrompts
from engine.servers.connection import Asking, Connection, DoesNotFit, Failed
from engine.servers.served import Served
from engine.servers.words import inert
from engine.types import Request, Response, SamplingSettings

_PLAIN = {"top_k": 0, "min_p": 0.0, "repetition_penalty": 1.0}
"""Settings beyond OpenAI's, at the values that change nothing."""

ASKING = Asking("sampling.base_urls", "policy", SamplerError)


class Completions:
    """The connections of one call of sample, with its settings. To be made inside an event loop,
    and closed there.
    """

    def __init__(self, settings: SamplingSettings, prompts: ReadPrompts):
        self._settings, self._prompts = settings, prompts
        self._heads: dict[tuple[Served, int], str] = {}
        self._connection = Connection(ASKING)

    async def close(self) -> None:
        await self._connection.close()

    async def models(self, url: str) -> dict:
        """See Connection.models."""
        return await self._connection.models(url)

    async def complete(self, url: str, served: Served, request: Request) -> Response:
        """One try. Raises: Failed where another may do better; SamplerError where none will."""
        limit = self._limit(served, request)
        if limit < 1:
            return refused(request)
        path = "/chat/completions" if self._is_chat(served) else "/completions"
        try:
            answer = await self._connection.post(url, path, self._body(served, request, limit))
        except DoesNotFit:
            return refused(request)
        return self._response(served, request, answer)

    def _is_chat(self, served: Served) -> bool:
        """Whether the server renders the chat, not we."""
        return self._settings.chat and served.n_positions is None

    def _limit(self, served: Served, request: Request) -> int:
        """Tokens that a response may have; 0 where it is known that the prompt does not fit."""
        limit = self._settings.max_new_tokens
        if served.n_positions is None:
            require_no_thinking_budget("a server that is not vLLM", self._settings)
            return limit
        n_prompt_tokens = len(self._prompts[request.prompt].ids)
        return min(limit, served.n_positions - n_prompt_tokens) if n_prompt_tokens else 0

    def _body(self, served: Served, request: Request, max_tokens: int) -> bytes:
        """The request as JSON; what all requests share is written once."""
        s, head = self._settings, self._heads.get((served, max_tokens))
        if head is None:
            asked = {
                "model": served.name,
                "max_tokens": max_tokens,
                "temperature": s.temperature,
                "top_p": s.top_p,
                "n": 1,
                **({"stop": list(s.stop)} if s.stop else {}),
                **(_beyond_openai(s) if served.n_positions is None else self._for_vllm()),
            }
            head = json.dumps(asked)[:-1]
            self._heads[served, max_tokens] = head
        seed = f', "seed": {request.seed % 2**63}' if s.temperature else ""
        return f"{head}{seed}, {json.dumps(self._prompt(served, request))[1:]}".encode()

    def _for_vllm(self) -> dict:
        """What vLLM is told beside OpenAI's settings. It fills what is left out from the model's
        generation_config.json, and local samplers do not; its own rule of where a response ends is
        off, because theirs holds.
        """
        budget = self._settings.thinking_tokens
        return {
            **{name: getattr(self._settings, name) for name in _PLAIN},
            **({"thinking_token_budget": budget} if budget else {}),
            "stop_token_ids": self._prompts.ends,
            "ignore_eos": True,
            "return_token_ids": True,
        }

    def _prompt(self, served: Served, request: Request) -> dict:
        s = self._settings
        if served.n_positions is not None:
            return {"prompt": self._prompts[request.prompt].ids}
        if not s.chat:
            return {"prompt": request.prompt}
        system = [{"role": "system", "content": s.system}] if s.system else []
        asked: dict = {"messages": [*system, {"role": "user", "content": request.prompt}]}
        if s.thinking != "auto":
            asked["chat_template_kwargs"] = {"enable_thinking": s.thinking == "on"}
        return asked

    def _response(self, served: Served, request: Request, answer: dict) -> Response:
        try:
            choice = answer["choices"][0]
            is_chat = self._is_chat(served)
            text = self._said(request, choice["message"]) if is_chat else choice["text"]
            reason = choice["finish_reason"]
            tokens = choice.get("token_ids")
            n_tokens = (answer.get("usage") or {}).get("completion_tokens", 0)
        except (KeyError, IndexError, TypeError) as error:
            raise Failed(f"its answer is not a completion (no {error})") from None
        if reason not in ("stop", "length"):
            raise Failed(f"it ended a response with {inert(repr(reason))}, neither stop nor length")
        if tokens and served.n_positions is not None:
            return self._prompts.response(request, tokens)
        text, key = text or "", (request.problem_id, request.index, request.seed)
        return Response(*key, text, reason, n_tokens, None, answer_start("", text))

    def _said(self, request: Request, message: dict) -> str:
        """The text of a chat's answer: its parts joined, and the reasoning that a server's parser
        took out put back in front, as the policy wrote it.
        """
        content = message["content"]
        if isinstance(content, list):
            content = "".join(part.get("text", "") for part in content if isinstance(part, dict))
        reasoning = message.get("reasoning_content") or message.get("reasoning")
        if not reasoning:
            return content or ""
        return with_reasoning(self._prompts[request.prompt].text, reasoning, content or "")


def _beyond_openai(s: SamplingSettings) -> dict:
    """Settings that OpenAI's protocol does not have, for a server that may not know them: only
    those that are set.
    """
    return {name: getattr(s, name) for name, off in _PLAIN.items() if getattr(s, name) != off}


def refused(request: Request) -> Response:
    """The answer to a prompt that no server can read."""
    return Response(request.problem_id, request.index, request.seed, "", "refused", 0)
