"""One judge: which model is asked where, what it is asked, and what its reply means."""

import asyncio
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.config import JudgeConfig
from engine.config.addresses import checked_url
from engine.config.checks import check_judge
from engine.errors import ConfigError, JudgeError
from engine.servers.words import authorization, sentence, words
from engine.store.opinions import Open, Opinion, Says

MAX_SHOWN = 2_000
"""Characters of an answer or a question that a judge is shown."""

MAX_REPLY = 4_000
"""Characters of a reply that are kept, from its end."""

CONNECT_S, ANSWER_S = 10, 300
TRIES = 3
PAUSE_S = 1.0

_WORD = re.compile(r"\b(SAME|DIFFERENT|UNCLEAR)\b", re.IGNORECASE)
_THINKING_ENDS = "</think>"
_LATER = (408, 409, 425, 429)


@dataclass(frozen=True, slots=True)
class Judge:
    """A model behind an OpenAI-compatible server, with its prompt."""

    base_url: str
    model: str
    prompt: str

    @classmethod
    def asked_for(cls, config: JudgeConfig) -> "Judge":
        """The judge of a configuration, which is checked. Raises: ConfigError."""
        check_judge(config)
        if not config.base_url or not config.model:
            raise ConfigError(
                "judge.base_url and judge.model are left out, so there is nobody to ask: give an"
                " OpenAI-compatible server, such as http://127.0.0.1:8000/v1, and a model of its"
                " list."
            )
        return cls(checked_url(config.base_url, "judge.base_url"), config.model, config.prompt)

    @property
    def id(self) -> str:
        """The model's name and what was asked, 8 hex digits of it."""
        asked = json.dumps([self.model, self.prompt]).encode()
        return f"{self.model} {hashlib.sha256(asked).hexdigest()[:8]}"

    def text(self, one: Open) -> str:
        """What is asked about a response."""
        return self.prompt.format(
            question=_shown(one.question),
            reference=_shown(one.reference),
            answer=_shown(one.predicted),
        )

    def ask(self, batch: Sequence[Open]) -> list[Opinion]:
        """Opinions on some responses, all asked at once, in order. Blocks.

        Raises: JudgeError where the server does not answer.
        """
        return asyncio.run(self._ask(batch))

    async def _ask(self, batch: Sequence[Open]) -> list[Opinion]:
        import aiohttp

        limit = aiohttp.ClientTimeout(total=ANSWER_S, sock_connect=CONNECT_S)
        async with aiohttp.ClientSession(timeout=limit, headers=authorization()) as session:
            return await asyncio.gather(*(self._opinion(session, one) for one in batch))

    async def _opinion(self, session: Any, one: Open) -> Opinion:
        said = ""
        for attempt in range(TRIES):
            if attempt:
                await asyncio.sleep(PAUSE_S * 2**attempt)
            try:
                status, body = await self._post(session, one)
            except Exception as error:
                said = words(error)
                continue
            if status == 200:
                return opinion_of(_reply(body))
            said = f"it answered {status}, {sentence(body)}"
            if status < 500 and status not in _LATER:
                break
        raise JudgeError(
            f"The judge at {self.base_url} gives no opinion: {said}. Look at judge.base_url,"
            f" judge.model ({self.model}) and the server's log. What it said so far is stored."
        )

    async def _post(self, session: Any, one: Open) -> tuple[int, bytes]:
        asked = {
            "model": self.model,
            "messages": [{"role": "user", "content": self.text(one)}],
            "temperature": 0,
        }
        url = f"{self.base_url}/chat/completions"
        async with session.post(url, json=asked, allow_redirects=False) as answer:
            return answer.status, await answer.read()


def opinion_of(reply: str) -> Opinion:
    """The last of SAME, DIFFERENT and UNCLEAR behind its thinking; unclear where there is none.

    >>> opinion_of("SAME or DIFFERENT? They are the same.").says
    'same'
    """
    said = _WORD.findall(reply.rpartition(_THINKING_ENDS)[2])
    says: Says = said[-1].lower() if said else "unclear"
    return Opinion(says, reply[-MAX_REPLY:])


def _reply(body: bytes) -> str:
    """The text of a chat completion. Raises: JudgeError for anything else."""
    try:
        content = json.loads(body)["choices"][0]["message"]["content"]
    except (ValueError, LookupError, TypeError) as error:
        raise JudgeError(
            "The judge's server answered with something else than a chat completion:"
            f" {sentence(body)}."
        ) from error
    return content if isinstance(content, str) else json.dumps(content)


def _shown(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]} …"
