"""The key for a server, and what a server says went wrong: one short sentence, in which the key
never stands.
"""

import json
import os
import re
from urllib.parse import quote

KEY_NAMES = ("HS_STAR_API_KEY", "OPENAI_API_KEY")
"""Environment variables, the first that is set counts. The key is never stored and never part of a
message.
"""
SAID_LIMIT = 300
"""Characters of a server's own words in an error."""


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


def cannot_answer(url: str, status: int, said: str, setting: str) -> str:
    """Args:
    setting: where the address was given.
    """
    if status in (401, 403):
        return (
            f"{url} wants another key: it answered {status}, {said}. Set HS_STAR_API_KEY or"
            " OPENAI_API_KEY, and start again."
        )
    if status == 404 or 300 <= status < 400:
        return (
            f"{url} answered {status}, {said}. Give {setting} as OpenAI's client takes"
            " them, such as http://127.0.0.1:8000/v1, of servers that list their models and"
            " complete prompts."
        )
    return (
        f"{url} refused a request with {status}, {said}. Change the setting that it names, or the"
        " server."
    )


def inert(text: str) -> str:
    """A server's own words as one short line without control characters; our key, and anything that
    looks like one, is blotted out before the line is cut.
    """
    known = _without_key(text)
    line = " ".join("".join(c if c.isprintable() else " " for c in known).split())
    line = re.sub(r"\b(sk-|hf_|Bearer )\S+", r"\1…", line)
    return line if len(line) <= SAID_LIMIT else line[:SAID_LIMIT] + "…"


def _without_key(text: str) -> str:
    """Without our key, as it is or as JSON and addresses spell it."""
    for key in filter(None, map(os.environ.get, KEY_NAMES)):
        for spelled in {key, json.dumps(key)[1:-1], quote(key, safe="")}:
            text = text.replace(spelled, "…")
    return text
