"""Who is logged in, and how often a wrong password may be tried. Both are in memory: a program that
is started again asks everybody again.
"""

import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from app.door.exposure import Client
from engine.login import Login, Role

LIFETIME_S = 12 * 3600
MAX_SESSIONS = 1000
N_FREE = 5
"""Wrong passwords before a client has to wait."""
LONGEST_WAIT_S = 900.0
LONGEST_SLOWED_S = 4.0
FORGOTTEN_S = 24 * 3600
MAX_CLIENTS = 10_000


@dataclass(frozen=True)
class _Session:
    role: Role
    stored: str
    """The hash of the password that it was begun with."""
    until_s: float


class Sessions:
    """Sessions by the hash of their token, which only the browser has."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock, self._lock = clock, threading.Lock()
        self._sessions: dict[str, _Session] = {}

    def begin(self, role: Role, login: Login) -> str:
        """Returns: the token of a new session. Beyond 1,000 the oldest one ends."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            while len(self._sessions) >= MAX_SESSIONS:
                del self._sessions[next(iter(self._sessions))]
            until_s = self._clock() + LIFETIME_S
            self._sessions[_digest(token)] = _Session(role, login.passwords[role], until_s)
        return token

    def role(self, token: str | None, login: Login) -> Role | None:
        """What the bearer of a token may do; None once it has ended, or the password is another."""
        session = self._sessions.get(_digest(token)) if token else None
        if session is None or session.until_s < self._clock():
            return None
        return session.role if login.passwords.get(session.role) == session.stored else None

    def end(self, token: str | None) -> None:
        if token:
            with self._lock:
                self._sessions.pop(_digest(token), None)


class Throttle:
    """How long until a client's next password is looked at: no time for the first five wrong ones,
    then twice as long each time.

    A client that is told for certain is sent away for that time, up to 15 minutes. All others are
    one: they are slowed down together, by 4 s at most, and nobody is sent away for what a stranger
    did. Wrong passwords are forgotten after a day without one.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock, self._lock = clock, threading.Lock()
        self._failures: dict[str, tuple[int, float]] = {}

    def wait_s(self, client: Client) -> float:
        """Seconds for which it is sent away, 0 to 900."""
        if not client.is_certain:
            return 0.0
        n, last_s = self._known(client)
        return max(0.0, last_s + _pause_s(n, LONGEST_WAIT_S) - self._clock())

    def slowed_s(self, client: Client) -> float:
        """Seconds that pass before its password is looked at, 0 to 4."""
        return 0.0 if client.is_certain else _pause_s(self._known(client)[0], LONGEST_SLOWED_S)

    def failed(self, client: Client) -> None:
        with self._lock:
            n, _ = self._known(client)
            self._failures.pop(_counted(client), None)
            while len(self._failures) >= MAX_CLIENTS:
                del self._failures[next(iter(self._failures))]
            self._failures[_counted(client)] = (n + 1, self._clock())

    def succeeded(self, client: Client, role: Role) -> None:
        """Forget the wrong passwords. Those before one that only lets look stay: whoever has that
        one could guess the other for ever.
        """
        if role is Role.FULL:
            with self._lock:
                self._failures.pop(_counted(client), None)

    def _known(self, client: Client) -> tuple[int, float]:
        """Wrong passwords, and when the last one came."""
        n, last_s = self._failures.get(_counted(client), (0, 0.0))
        return (n, last_s) if self._clock() - last_s < FORGOTTEN_S else (0, 0.0)


def _counted(client: Client) -> str:
    return client.address if client.is_certain else "somebody"


def _pause_s(n_failures: int, longest_s: float) -> float:
    if n_failures < N_FREE:
        return 0.0
    return min(2.0 ** min(n_failures - N_FREE, 10), longest_s)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
