"""The key for a server, and what a server says went wrong: one short sentence, in which the key
never stands.
"""

import json
import os

from engine.samplers.served import KEY_NAMES, inert


def authorization() -> dict[str, str]:
    key = next((os.environ[name] for name in KEY_NAMES if os.environ.get(name)), None)
    return {"Authorization": f"Bearer {key}"} if key else {}


def sentence(body: bytes) -> str:
    """What a server says went wrong, as one short line."""
    text = body.decode(errors="replace")
    try:
        said = json.loads(text)
        error = said.get("error", said) if isinstance(said, dict) else said
        text = (
            str(error.get("message") or error.get("detail") or error)
            if isinstance(error, dict)
            else str(error)
        )
    except ValueError:
        pass
    return f'"{inert(text)}"' if text.strip() else "without a word"


def words(error: Exception) -> str:
    return inert(str(error)) or type(error).__name__


def cannot_answer(url: str, status: int, said: str) -> str:
    if status in (401, 403):
        return (
            f"{url} wants another key: it answered {status}, {said}. Set HS_STAR_API_KEY or"
            " OPENAI_API_KEY, and start again."
        )
    if status == 404 or 300 <= status < 400:
        return (
            f"{url} answered {status}, {said}. Give sampling.base_urls as OpenAI's client takes"
            " them, such as http://127.0.0.1:8000/v1, of servers that list their models and"
            " complete prompts."
        )
    return (
        f"{url} refused a request with {status}, {said}. Change the setting that it names, or the"
        " server."
    )
