"""Whether others can reach the program, and whether a request names the address it came to.

Told from the settings, and from each connection itself: what a client says about where it is, such
as the Host header, never opens anything.
"""

import ipaddress
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

Scope = MutableMapping[str, Any]
"""An ASGI connection."""
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
_FORWARDED = {b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip"}


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks to come in."""

    address: str
    """An address, of IPv6 the network."""
    is_certain: bool
    """Whether the connection itself says so. Not where a header does, which anybody can write, nor
    on loopback, where everybody behind a proxy or a tunnel looks alike.
    """


def is_exposed(address: str | None, allowed_hosts: Sequence[str]) -> bool:
    """Whether the settings let others in: bound to more than loopback, or called by another name.

    Args:
        address: server.address; None is every interface.
        allowed_hosts: server.allowedHosts; empty where nothing is said.
    """
    names = (name.strip().lower().rstrip(".").strip("[]") for name in allowed_hosts)
    return not is_loopback(address) or any(name not in LOOPBACK_NAMES for name in names)


def is_loopback(address: str | None) -> bool:
    if address == "localhost":
        return True
    try:
        ip = ipaddress.ip_address((address or "").strip("[]"))
    except ValueError:
        return False
    mapped = getattr(ip, "ipv4_mapped", None)
    return (mapped or ip).is_loopback


def is_from_elsewhere(scope: Scope) -> bool:
    """Whether a connection has an end on another machine, or says that it was forwarded."""
    ends = (_end(scope, "client"), _end(scope, "server"))
    return not all(map(is_loopback, ends)) or any(
        name.lower() in _FORWARDED for name, _ in scope["headers"]
    )


def names_its_address(scope: Scope, allowed_hosts: Sequence[str]) -> bool:
    """Whether the Host header is a listed name; where none is listed, the address that the
    connection came to, or a loopback name on a loopback connection.
    """
    host = _hostname(header(scope, b"host"))
    if host is None:
        return False
    if allowed_hosts:
        return any(_matches(host, name) for name in allowed_hosts)
    here = _end(scope, "server")
    return host == _plain(here) or (is_loopback(here) and host in LOOPBACK_NAMES)


def is_own_origin(scope: Scope, allowed_origins: Sequence[str]) -> bool:
    """Whether a request comes from a page of this server, or from no page at all."""
    origins = [value for key, value in scope["headers"] if key.lower() == b"origin"]
    origin = header(scope, b"origin")
    if not origins or origin in allowed_origins:
        return True
    try:
        host = urlsplit(origin or "").netloc.lower()
    except ValueError:  # brackets that hold no address
        return False
    return host == (header(scope, b"host") or "").lower() != ""


def client_of(scope: Scope) -> Client:
    """Who a connection comes from, as far as attempts are counted."""
    address = _end(scope, "client")
    is_forwarded = any(name.lower() in _FORWARDED for name, _ in scope["headers"])
    is_certain = address is not None and not is_forwarded and not is_loopback(address)
    return Client(_network(address or "unknown"), is_certain)


def _network(address: str) -> str:
    """What attempts are counted by: an address, of IPv6 the network, which one person has whole."""
    if is_loopback(address):
        return LOOPBACK_NAMES[0]
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return str(ipaddress.ip_network((int(ip), 64), strict=False)) if ip.version == 6 else str(ip)


def header(scope: Scope, name: bytes) -> str | None:
    """The one value of a header; None where it is missing, or there twice."""
    values = [value for key, value in scope["headers"] if key.lower() == name]
    return values[0].decode("latin-1") if len(values) == 1 else None


def _end(scope: Scope, which: str) -> str | None:
    end = scope.get(which)
    return end[0] if end else None


def _plain(address: str | None) -> str | None:
    return (address or "").removeprefix("::ffff:").lower() or None


def _hostname(host: str | None) -> str | None:
    try:
        parts = urlsplit(f"//{host or ''}")
        _ = parts.port
    except ValueError:
        return None
    if parts.username is not None or parts.path or parts.query or parts.fragment:
        return None
    return (parts.hostname or "").rstrip(".") or None


def _matches(host: str, listed: str) -> bool:
    name = listed.strip().lower().rstrip(".").strip("[]")
    return name == "*" or name == host or (name.startswith("*.") and host.endswith(name[1:]))
