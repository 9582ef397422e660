"""The door as the server is started with it; one that may not be exposed does not start."""

import sys

from starlette.middleware import Middleware

from app.door.guard import guard
from app.door.server import Door
from engine.errors import ConfigError


def door() -> list[Middleware]:
    """What stands in front of Streamlit. Ends the process with a sentence on standard error where
    others could come in and nobody would have to log in.
    """
    try:
        refusal = guard().refusal
    except ConfigError as error:
        refusal = str(error)
    if refusal:
        print(refusal, file=sys.stderr)
        sys.exit(1)
    return [Middleware(Door, guard=guard())]
