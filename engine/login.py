"""Who may come in: passwords and mail addresses in a file beside the database, and what each of
them may do.

Passwords are kept as scrypt hashes. The file is read and written by the account that runs the
program alone.
"""

import base64
import hashlib
import hmac
import os
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from engine.errors import ConfigError
from engine.paths import ROOT, artifacts_of, expanded, written_whole

MIN_CHARS = 12
_N, _R, _P = 2**16, 8, 2
"""scrypt's cost, block size and parallelism: 64 MiB and about half a second."""
_MAX_COST = 2**20
_SCHEME = "scrypt"


class Role(StrEnum):
    """What a visitor may do."""

    FULL = "full"
    """Everything that the program can do."""
    READ_ONLY = "read_only"
    """Look at every page, and start, write and delete nothing."""


class NotAllowed(ConfigError):
    """A visitor asked for what their role, or the place of a path, does not allow."""


@dataclass(frozen=True)
class Login:
    """Who may come in to a database's dashboard."""

    passwords: Mapping[Role, str] = field(default_factory=dict)
    """Hash by role."""
    emails: Mapping[Role, tuple[str, ...]] = field(default_factory=dict)
    """Patterns of verified mail addresses by role, such as *@example.org, for OIDC."""
    roots: tuple[Path, ...] = ()
    """Folders that path fields may name while the program is exposed."""

    @property
    def is_set(self) -> bool:
        return bool(self.passwords or any(self.emails.values()))

    def role_of_password(self, password: str) -> Role | None:
        """The role that a password gives; None for a wrong one. Blocks for about half a second per
        stored password; takes as long whichever is right.
        """
        fits = {role: _fits(password, stored) for role, stored in self.passwords.items()}
        return next((role for role in Role if fits.get(role)), None)

    def role_of_email(self, email: str) -> Role | None:
        """The role of a mail address that the identity provider has verified."""
        known = email.strip().lower()
        for role in Role:
            if any(fnmatchcase(known, one.lower()) for one in self.emails.get(role, ())):
                return role
        return None


def login_path(database: Path) -> Path:
    """Where it stands who may come in: beside the database, and in no packed study or backup."""
    return database.with_name(f"{database.name}.login.toml")


def read_login(database: Path) -> Login:
    """Who may come in; nobody is named where there is no file. Raises: ConfigError for a file that
    cannot be read: it lets nobody in.
    """
    path = login_path(database)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Login(roots=(database.parent,))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read ({error}). Nobody can log in.") from None
    try:
        return _parsed(tomllib.loads(text), database)
    except (tomllib.TOMLDecodeError, TypeError, ValueError, AttributeError) as error:
        raise ConfigError(
            f"{path} is not what `hs-star password` writes ({error}). Nobody can log in: mend it,"
            " or remove it and set the passwords again."
        ) from None


def set_password(database: Path, role: Role, password: str | None) -> Path:
    """Store a password's hash, or take a role's password away. Returns: the file.

    Raises: ConfigError for a password that is too short.
    """
    if password is not None and len(password) < MIN_CHARS:
        raise ConfigError(
            f"The password has {len(password)} characters; give at least {MIN_CHARS}, such as four"
            " words."
        )
    path = login_path(database)
    content = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    stored = {**content.get("password", {}), str(role): password and _hashed(password)}
    content["password"] = {name: value for name, value in stored.items() if value}
    _write(path, content)
    return path


def _write(path: Path, content: dict[str, Any]) -> None:
    import tomli_w

    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as draft:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as stream:
            tomli_w.dump(content, stream)


def _parsed(content: dict[str, Any], database: Path) -> Login:
    if unknown := content.keys() - {"password", "oidc", "paths"}:
        raise ValueError(f"it has the unknown part {sorted(unknown)[0]}")
    passwords = {Role(name): str(stored) for name, stored in content.get("password", {}).items()}
    for stored in passwords.values():
        _parts(stored)
    emails = {
        Role(name): tuple(map(str, listed)) for name, listed in content.get("oidc", {}).items()
    }
    roots = content.get("paths", {}).get("roots", [str(database.parent)])
    return Login(passwords, emails, tuple(expanded(root).resolve() for root in roots))


def _hashed(password: str) -> str:
    salt = secrets.token_bytes(16)
    digest = _scrypt(password, salt, _N, _R, _P)
    return "$".join([_SCHEME, str(_N), str(_R), str(_P), _text(salt), _text(digest)])


def _fits(password: str, stored: str) -> bool:
    n, r, p, salt, digest = _parts(stored)
    return hmac.compare_digest(_scrypt(password, salt, n, r, p), digest)


def _parts(stored: str) -> tuple[int, int, int, bytes, bytes]:
    """Raises: ValueError for what is no hash of ours."""
    scheme, n, r, p, salt, digest = stored.split("$")
    cost = int(n) * int(r) * int(p)
    if scheme != _SCHEME or not 0 < cost <= 8 * _MAX_COST:
        raise ValueError("a password's hash is not one of scrypt")
    return int(n), int(r), int(p), base64.b64decode(salt), base64.b64decode(digest)


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    limit = 256 * n * r + 2**20
    return hashlib.scrypt(password.encode(), salt=salt, n=n, r=r, p=p, maxmem=limit, dklen=32)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def within_roots(path: Path, roots: tuple[Path, ...], *, what: str, database: Path) -> Path:
    """The place that a path means, links followed. Raises: NotAllowed outside the stated folders.

    Args:
        what: the field that names it, in words.
    """
    place = expanded(path).resolve()
    allowed = (*roots, artifacts_of(database), ROOT / "data")
    if any(place.is_relative_to(root) for root in allowed):
        return place
    raise NotAllowed(
        f"{what} names {path}, which is outside of the folders that may be named while the program"
        f" can be reached from elsewhere: {', '.join(map(str, roots))}. Put it there, or state its"
        f" folder as one of the roots in {login_path(database).name}."
    )


def is_path(value: str) -> bool:
    """Whether a value names a place on this machine, and not a hub id or a part of the program."""
    place = expanded(value)
    return bool(value) and (place.is_absolute() or value.startswith(".") or place.exists())
