"""Who Streamlit's own login (OIDC) says that a browser is: its signed cookie, read before any page
is served. What cannot be read names nobody.
"""

import json
from collections.abc import Mapping
from typing import Any

from streamlit import auth_util
from streamlit.web.server.starlette import starlette_websocket
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME


def verified_email(cookies: Mapping[str, str]) -> str | None:
    """The mail address that the identity provider has verified; None without one."""
    try:
        signed = starlette_websocket._get_signed_cookie_with_chunks(dict(cookies), USER_COOKIE_NAME)
        about: dict[str, Any] = json.loads(signed) if signed else {}
    except Exception:  # of whichever library: a cookie that cannot be read opens nothing
        return None
    is_known = about.get("is_logged_in") and about.get("email_verified") is True
    return str(about["email"]) if is_known and about.get("email") else None


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
