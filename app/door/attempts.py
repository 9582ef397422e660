"""Passwords that are looked at: one at a time, those of nobody in particular more slowly the more
of them were wrong.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.concurrency import run_in_threadpool

from app.door.exposure import Client, is_loopback
from app.door.sessions import Throttle
from engine.login import Login, Role

MAX_WAITING = 20
"""Passwords that are looked at or wait for it; more are sent away."""
MAX_OF_ONE = 2
"""Of one address: one stranger takes no more of the places. Not of loopback, where a proxy that
says nothing of its clients makes all of them one.
"""


class TooMany(Exception):
    """A password is not looked at now."""

    def __init__(self, wait_s: float):
        super().__init__(wait_s)
        self.wait_s = wait_s


class _Queue:
    """Turns, one at a time."""

    def __init__(self) -> None:
        self._one_by_one, self._waiting = asyncio.Semaphore(1), Counter[str]()

    @asynccontextmanager
    async def turn(self, address: str) -> AsyncIterator[None]:
        """Raises: TooMany where no place is free to wait in."""
        most = MAX_WAITING if is_loopback(address) else MAX_OF_ONE
        if self._waiting.total() >= MAX_WAITING or self._waiting[address] >= most:
            raise TooMany(1.0)
        self._waiting[address] += 1
        try:
            async with self._one_by_one:
                yield
        finally:
            self._waiting[address] -= 1
            self._waiting += Counter()  # nobody is kept who does not wait


class Attempts:
    """Looks at passwords, and counts the wrong ones. Clients that are told for certain have a queue
    of their own: whoever else tries does not hold them up.
    """

    def __init__(self, throttle: Throttle):
        self._throttle, self._certain, self._others = throttle, _Queue(), _Queue()

    async def role_of(self, client: Client, password: str, login: Login) -> Role | None:
        """The role that a password gives; None for a wrong one. Raises: TooMany."""
        self._require_time(client)
        queue = self._certain if client.is_certain else self._others
        async with queue.turn(client.address):
            self._require_time(client)  # others of it may have been wrong meanwhile
            await asyncio.sleep(self._throttle.slowed_s(client))
            role = await run_in_threadpool(login.role_of_password, password)
            if role is None:
                self._throttle.failed(client)
            else:
                self._throttle.succeeded(client, role)
            return role

    def _require_time(self, client: Client) -> None:
        if wait_s := self._throttle.wait_s(client):
            raise TooMany(wait_s)
