"""Addresses of servers, as a configuration gives them."""

from urllib.parse import SplitResult, urlsplit

from engine.errors import ConfigError


def checked_url(url: str, setting: str = "sampling.base_urls") -> str:
    """A base URL as it is used: no slash at its end, and /v1 where it has no path.

    Args:
        setting: where it was given.

    Raises: ConfigError for what is not an http(s) address, or for one with a password, key or query
    in it.
    """
    parts = _http_parts(url)
    if parts is None:
        raise ConfigError(
            f"{setting} holds {url!r}: give addresses such as http://127.0.0.1:8000/v1."
        )
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigError(
            f"{setting} holds an address at {parts.hostname} with a name, a password or a"
            " query in it. Configurations are stored: give the bare address, and the key in"
            " HS_STAR_API_KEY or OPENAI_API_KEY."
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/') or '/v1'}"


def _http_parts(url: str) -> SplitResult | None:
    """The parts of an http(s) address; None for what is none."""
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1) > 0
    except ValueError:
        return None
    return parts if is_address else None
