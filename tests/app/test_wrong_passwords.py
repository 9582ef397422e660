"""How often a wrong password may be tried: whoever tries, by whatever way they come, and whatever
they say about where they are. Nobody is kept out for what a stranger does.
"""

import asyncio
from http import HTTPStatus

import pytest
from starlette.responses import PlainTextResponse
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app.door import attempts, sessions
from app.door.attempts import Attempts, TooMany
from app.door.exposure import Client, client_of
from app.door.guard import Guard
from app.door.server import LOGIN, Door
from engine.login import Login, Role, set_password
from tests.app.test_the_door import FULL, LOOK, connection, posted

STRANGER = Client("192.0.2.9", is_certain=True)
SOMEBODY = Client("192.0.2.9", is_certain=False)
ELSEWHERE = {"to": "192.0.2.7", "of": "192.0.2.9", "host": "192.0.2.7:8501"}


class Passwords(Login):
    """A login whose passwords are looked at in no time."""

    n_looked_at = 0

    def role_of_password(self, password: str) -> Role | None:
        type(self).n_looked_at += 1
        return {FULL: Role.FULL, LOOK: Role.READ_ONLY}.get(password)


@pytest.fixture
def login(monkeypatch):
    monkeypatch.setattr(Passwords, "n_looked_at", 0)
    return Passwords()


@pytest.fixture
def now():
    return [0.0]


@pytest.fixture
def throttle(now):
    return sessions.Throttle(lambda: now[0])


def post(guard: Guard, *scopes: dict, password: str = "wrong") -> list[int]:
    """The statuses of logins that are posted at once, as uvicorn passes them on to the door."""

    async def log_in(scope: dict) -> int:
        statuses = []

        async def receive():
            return {"type": "http.request", "body": posted(password), "more_body": False}

        async def send(message):
            statuses.extend([message["status"]] if "status" in message else [])

        await served(scope, receive, send)
        return statuses[0]

    async def all_of_them():
        return await asyncio.gather(*map(log_in, scopes))

    served = ProxyHeadersMiddleware(Door(PlainTextResponse("in"), guard))
    return asyncio.run(all_of_them())


@pytest.fixture
def guard(tmp_path) -> Guard:
    guard = Guard(tmp_path / "studio.duckdb")
    set_password(guard.database, Role.FULL, FULL)
    return guard


def login_of(**about: str) -> dict:
    return connection(LOGIN, method="POST", **about)


def test_the_fifth_wrong_password_makes_a_client_wait_twice_as_long_each_time(throttle, now):
    waits = []
    for _ in range(20):
        throttle.failed(STRANGER)
        waits.append(throttle.wait_s(STRANGER))
    assert waits[:4] == [0.0] * 4 and waits[4:7] == [1.0, 2.0, 4.0] and waits[-1] == 900.0
    assert throttle.wait_s(Client("192.0.2.10", is_certain=True)) == 0.0
    assert throttle.wait_s(SOMEBODY) == throttle.slowed_s(SOMEBODY) == 0.0
    now[0] = 900.0
    assert throttle.wait_s(STRANGER) == 0.0


def test_those_who_are_not_told_for_certain_are_slowed_together_and_never_sent_away(throttle, now):
    for n in range(10_000):
        throttle.failed(Client(f"10.0.{n // 256}.{n % 256}", is_certain=False))
    assert throttle.wait_s(SOMEBODY) == 0.0 and throttle.slowed_s(SOMEBODY) == 4.0
    assert throttle.wait_s(STRANGER) == throttle.slowed_s(STRANGER) == 0.0
    now[0] = sessions.FORGOTTEN_S
    assert throttle.slowed_s(SOMEBODY) == 0.0, "a day without a wrong one"


def test_a_password_that_only_lets_look_does_not_take_wrong_ones_back(throttle):
    for _ in range(5):
        throttle.failed(STRANGER)
        throttle.succeeded(STRANGER, Role.READ_ONLY)
    assert throttle.wait_s(STRANGER) == 1.0
    throttle.succeeded(STRANGER, Role.FULL)
    assert throttle.wait_s(STRANGER) == 0.0


@pytest.mark.parametrize(
    ("scope", "client"),
    [
        (connection(**ELSEWHERE), STRANGER),
        (connection(of="::ffff:192.0.2.9"), STRANGER),
        (connection(of="2001:db8:1:2:3::4"), Client("2001:db8:1:2::/64", is_certain=True)),
        (connection(of="fe80::1%eth0"), Client("fe80::/64", is_certain=True)),
        (connection(**ELSEWHERE, x_forwarded_for="10.0.0.1"), SOMEBODY),
        (connection(**ELSEWHERE, forwarded="for=10.0.0.1"), SOMEBODY),
        (connection(), Client("localhost", is_certain=False)),
        (connection(of="::1"), Client("localhost", is_certain=False)),
        ({**connection(), "client": None}, Client("unknown", is_certain=False)),
    ],
)
def test_a_client_is_told_by_its_connection_and_not_by_what_it_says(scope, client):
    assert client_of(scope) == client


def test_an_address_that_is_made_up_for_every_attempt_is_slowed_down_all_the_same(
    guard, monkeypatch
):
    """On loopback uvicorn believes X-Forwarded-For, and a proxy may pass on what a client wrote."""
    monkeypatch.setattr(sessions, "LONGEST_SLOWED_S", 0.5)
    for n in range(6):
        assert post(guard, login_of(x_forwarded_for=f"203.0.113.{n}")) == [HTTPStatus.FORBIDDEN]
    another = Client("198.51.100.1", is_certain=False)
    assert guard.throttle.slowed_s(another) == 0.5
    assert guard.throttle.wait_s(another) == 0.0


def test_whoever_comes_through_the_same_proxy_as_a_stranger_comes_in_a_little_later(
    guard, monkeypatch
):
    monkeypatch.setattr(sessions, "LONGEST_SLOWED_S", 0.1)
    for _ in range(50):
        guard.throttle.failed(SOMEBODY)
    for behind in ({"x_forwarded_for": "203.0.113.1"}, {}):
        assert post(guard, login_of(**behind), password=FULL) == [HTTPStatus.SEE_OTHER]
        guard.throttle.failed(SOMEBODY)


def test_after_five_wrong_passwords_the_right_one_has_to_wait_too(guard):
    for _ in range(sessions.N_FREE):
        guard.throttle.failed(STRANGER)
    assert post(guard, login_of(**ELSEWHERE), password=FULL) == [HTTPStatus.TOO_MANY_REQUESTS]


def test_attempts_that_wait_for_their_turn_are_not_looked_at_once_one_was_wrong_too_often(
    throttle, login
):
    for _ in range(sessions.N_FREE - 1):
        throttle.failed(STRANGER)
    door = Attempts(throttle)

    async def at_once():
        tries = (door.role_of(STRANGER, "wrong", login) for _ in range(attempts.MAX_OF_ONE))
        return await asyncio.gather(*tries, return_exceptions=True)

    first, second = asyncio.run(at_once())
    assert first is None and isinstance(second, TooMany) and second.wait_s == 1.0
    assert login.n_looked_at == 1


def test_one_address_does_not_take_all_places_and_strangers_none_of_those_who_are_certain(
    throttle, login, monkeypatch
):
    monkeypatch.setattr(sessions, "LONGEST_SLOWED_S", 0.01)
    for _ in range(20):
        throttle.failed(SOMEBODY)
    door = Attempts(throttle)

    async def together():
        flood = [door.role_of(SOMEBODY, "wrong", login) for _ in range(30)]
        others = [Client("198.51.100.1", is_certain=False), STRANGER]
        tries = [*flood, *(door.role_of(other, FULL, login) for other in others)]
        return await asyncio.gather(*tries, return_exceptions=True)

    said = asyncio.run(together())
    assert said[-2:] == [Role.FULL, Role.FULL]
    assert sum(isinstance(one, TooMany) for one in said) == 30 - attempts.MAX_OF_ONE
    assert login.n_looked_at == attempts.MAX_OF_ONE + 2
