"""Who Streamlit's own login (OIDC) says that a browser is: its signed cookie, read before any page
is served. What cannot be read names nobody.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from streamlit import auth_util
from streamlit.web.server.starlette import starlette_websocket
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the identity provider says that somebody is."""

    email: str
    """A mail address; empty where the provider gave none."""
    is_verified: bool
    """Whether the provider has made sure that the address is theirs."""


def identity_of(cookies: Mapping[str, str]) -> Identity | None:
    """Who came through the provider's login; None for somebody who did not."""
    try:
        signed = starlette_websocket._get_signed_cookie_with_chunks(dict(cookies), USER_COOKIE_NAME)
        about: dict[str, Any] = json.loads(signed) if signed else {}
    except Exception:  # of whichever library: a cookie that cannot be read opens nothing
        return None
    if not about.get("is_logged_in"):
        return None
    email = str(about.get("email") or "")
    return Identity(email, is_verified=bool(email) and about.get("email_verified") is True)


def login_address() -> str:
    """Where Streamlit's login with the provider in secrets.toml begins."""
    return f"/auth/login?provider={auth_util.encode_provider_token('default')}"


def is_ready() -> bool:
    """Whether secrets.toml names a provider, and Authlib is installed."""
    try:
        auth_util.validate_auth_credentials("default")
    except Exception:  # in whichever words: without a provider nobody can come in by one
        return False
    return auth_util.is_authlib_installed()
