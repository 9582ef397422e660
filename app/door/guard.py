"""Who may come in to this process: the settings, the login file and the sessions, in one place for
the door and for the pages.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from streamlit import config

from app.door.exposure import Scope, is_exposed, is_from_elsewhere
from app.door.sessions import Sessions, Throttle
from app.place import database_path
from app.streamlit_internals import identity
from engine.errors import ConfigError
from engine.login import Login, Role, login_path, read_login
from engine.method.seeds import stable_hash


class Guard:
    """The guard of one database's dashboard."""

    def __init__(self, database: Path):
        self.database = database
        self.sessions, self.throttle = Sessions(), Throttle()
        self.cookie = f"hs_star_session_{stable_hash(str(database)):x}"
        self._read: tuple[object, Login | ConfigError] | None = None

    @property
    def login(self) -> Login:
        """Who may log in now. Raises: ConfigError for a login file that cannot be read."""
        path = login_path(self.database)
        try:
            stat = path.stat()
            version = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        except OSError:
            version = None
        if self._read is None or self._read[0] != version:
            try:
                self._read = version, read_login(self.database)
            except ConfigError as error:
                self._read = version, error
        login = self._read[1]
        if isinstance(login, ConfigError):
            raise login
        return login

    @property
    def is_exposed(self) -> bool:
        """Whether the settings let others in."""
        return is_exposed(config.get_option("server.address"), allowed_hosts())

    @property
    def needs_login(self) -> bool:
        return self.is_exposed or self.login.is_set

    @property
    def refusal(self) -> str | None:
        """Why the program may not be exposed as its settings say; None where it may."""
        if not self.is_exposed or self.can_log_in:
            return None
        address = config.get_option("server.address") or "every address"
        return (
            f"HS-STaR Studio does not start: it would listen on {address} under the names"
            f" {', '.join(allowed_hosts()) or 'of that address'}, where others can reach it, and"
            f" nobody has to log in. Set a password with `hs-star password --db {self.database}`,"
            " or leave server.address at 127.0.0.1 and server.allowedHosts unset."
        )

    @property
    def can_log_in(self) -> bool:
        """Whether there is a way to log in: a password, or addresses and a provider."""
        login = self.login
        return bool(login.passwords) or self.has_provider

    @property
    def has_provider(self) -> bool:
        return any(self.login.emails.values()) and identity.is_ready()

    def role(self, cookies: Mapping[str, str]) -> Role | None:
        """What the bearer of these cookies may do; None for somebody who has to log in first."""
        login = self.login
        if not self.needs_login:
            return Role.FULL
        if role := self.sessions.role(cookies.get(self.cookie), login):
            return role
        if not self.has_provider:
            return None
        who = identity.identity_of(cookies)
        return login.role_of_email(who.email) if who and who.is_verified else None

    def why_not(self, cookies: Mapping[str, str]) -> str | None:
        """Why somebody whom the identity provider knows has to stay outside; None for others."""
        who = identity.identity_of(cookies) if self.has_provider else None
        if who is None or self.role(cookies):
            return None
        if not who.is_verified:
            return (
                f"Your organisation has not verified the address {who.email or '(none)'}, so it"
                " opens nothing here."
            )
        return (
            f"{who.email} is not among the addresses that may come in. Whoever runs this dashboard"
            f" can add it to {login_path(self.database).name}."
        )

    def is_closed_to(self, scope: Scope) -> bool:
        """Whether a connection comes from elsewhere while nobody can log in: the settings say
        loopback, and something else brings others in.
        """
        return is_from_elsewhere(scope) and not self.can_log_in

    @property
    def are_paths_limited(self) -> bool:
        """Whether path fields may name the stated roots alone."""
        return self.needs_login


def allowed_hosts() -> list[str]:
    return list(config.get_option("server.allowedHosts") or [])


def guard() -> Guard:
    """The one of this process."""
    return _guard(database_path())


@cache
def _guard(database: Path) -> Guard:
    return Guard(database)
