"""The door: who is let in, by the connection and the login, whatever a client says about itself."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlencode

import pytest
from starlette.responses import PlainTextResponse
from streamlit import config

from app.door import exposure, sessions
from app.door.guard import Guard
from app.door.server import LOGIN, Door
from engine.errors import ConfigError
from engine.login import Login, NotAllowed, Role, login_path, read_login, set_password, within_roots

FULL, LOOK = "correct horse battery", "only to look at it"


@pytest.mark.parametrize(
    ("address", "names", "is_open"),
    [
        ("127.0.0.1", [], False),
        ("localhost", ["localhost", "127.0.0.1"], False),
        ("::1", [], False),
        ("::ffff:127.0.0.1", [], False),
        ("127.0.0.1", ["studio.example.org"], True),
        ("127.0.0.1", ["*"], True),
        ("0.0.0.0", [], True),
        ("::", [], True),
        (None, [], True),
        ("", [], True),
        ("192.0.2.7", [], True),
        ("unix:///run/studio.sock", [], True),
    ],
)
def test_exposed_is_whatever_is_more_than_loopback(address, names, is_open):
    assert exposure.is_exposed(address, names) is is_open


def connection(
    path: str = "/",
    *,
    kind: str = "http",
    method: str = "GET",
    to: str = "127.0.0.1",
    of: str = "127.0.0.1",
    host: str = "127.0.0.1:8501",
    **headers: str,
) -> dict:
    """An ASGI connection; headers with _ for -."""
    listed = {"host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return {
        "type": kind,
        "method": method,
        "path": path,
        "query_string": b"",
        "scheme": "http",
        "server": (to, 8501),
        "client": (of, 50000),
        "headers": [(name.encode(), value.encode()) for name, value in listed.items()],
    }


@pytest.mark.parametrize(
    ("host", "names", "is_right"),
    [
        ("localhost:8501", [], True),
        ("[::1]:8501", [], True),
        ("rebound.example.org", [], False),
        ("localhost.example.org", [], False),
        ("127.0.0.1@example.org", [], False),
        ("", [], False),
        ("studio.example.org", ["studio.example.org"], True),
        ("a.example.org", ["*.example.org"], True),
        ("example.org", ["*.example.org"], False),
    ],
)
def test_the_host_is_an_address_of_the_server_or_a_listed_name(host, names, is_right):
    assert exposure.names_its_address(connection(host=host), names) is is_right


def test_a_forged_loopback_name_opens_nothing_from_elsewhere():
    from_elsewhere = connection(to="192.0.2.7", of="192.0.2.9", host="localhost:8501")
    assert not exposure.names_its_address(from_elsewhere, [])
    assert exposure.names_its_address(connection(to="192.0.2.7", host="192.0.2.7:8501"), [])


def test_an_origin_is_that_of_the_host_and_no_other_port():
    assert exposure.is_own_origin(connection(origin="http://127.0.0.1:8501"), [])
    assert not exposure.is_own_origin(connection(origin="http://127.0.0.1:3000"), [])
    assert not exposure.is_own_origin(connection(origin="null"), [])
    assert exposure.is_own_origin(connection(), []), "no page"
    twice = connection(origin="http://127.0.0.1:8501")
    twice["headers"].append((b"Origin", b"http://evil.example.org"))
    assert not exposure.is_own_origin(twice, [])


def test_an_ipv4_address_on_a_socket_of_both_kinds_is_counted_as_itself():
    one, same, another = (
        exposure.client_of(connection(of=of))
        for of in ("192.0.2.9", "::ffff:192.0.2.9", "::ffff:192.0.2.10")
    )
    assert one == same != another


def test_passwords_are_stored_as_hashes_that_the_owner_alone_can_read(tmp_path):
    database = tmp_path / "studio.duckdb"
    path = set_password(database, Role.FULL, FULL)
    set_password(database, Role.READ_ONLY, LOOK)
    assert path == login_path(database) and path.stat().st_mode & 0o777 == 0o600
    assert FULL not in path.read_text() and LOOK not in path.read_text()
    login = read_login(database)
    assert login.role_of_password(FULL) is Role.FULL
    assert login.role_of_password(LOOK) is Role.READ_ONLY
    assert login.role_of_password(FULL + " ") is None and login.role_of_password("") is None
    set_password(database, Role.READ_ONLY, None)
    assert read_login(database).role_of_password(LOOK) is None


def test_a_short_password_and_a_damaged_file_are_refused_in_a_sentence(tmp_path):
    with pytest.raises(ConfigError, match="has 5 characters; give at least 12"):
        set_password(tmp_path / "studio.duckdb", Role.FULL, "short")
    for content in ("no toml", '[password]\nfull = "plain"', "[pasword]\n", '[password]\nx = "y"'):
        login_path(tmp_path / "studio.duckdb").write_text(content)
        with pytest.raises(ConfigError, match="Nobody can log in"):
            read_login(tmp_path / "studio.duckdb")


def test_mail_addresses_give_the_first_role_whose_pattern_fits():
    login = Login(emails={Role.FULL: ("ada@example.org",), Role.READ_ONLY: ("*@example.org",)})
    assert login.role_of_email("Ada@example.org") is Role.FULL
    assert login.role_of_email("bob@example.org") is Role.READ_ONLY
    assert login.role_of_email("bob@example.org.evil.net") is None


def test_a_session_ends_after_its_time_and_with_its_password():
    now = [0.0]
    held = sessions.Sessions(lambda: now[0])
    login = Login({Role.FULL: "hash one"})
    token = held.begin(Role.FULL, login)
    assert held.role(token, login) is Role.FULL
    assert held.role(token[:-1], login) is None and held.role(None, login) is None
    assert held.role(token, Login({Role.FULL: "hash two"})) is None
    now[0] = sessions.LIFETIME_S + 1
    assert held.role(token, login) is None


def test_paths_are_taken_within_the_stated_roots_alone(tmp_path):
    root, outside = tmp_path / "data", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / "link").symlink_to(outside)
    database = root / "studio.duckdb"
    assert within_roots(root / "a.jsonl", (root,), what="It", database=database)
    for path in (outside, root / "link" / "x", root / ".." / "outside"):
        with pytest.raises(NotAllowed, match="outside of the folders"):
            within_roots(path, (root,), what="It", database=database)


@pytest.fixture
def guard(tmp_path) -> Guard:
    return Guard(tmp_path / "studio.duckdb")


@pytest.fixture
def ask(guard) -> Callable[..., tuple[int, dict[str, str]]]:
    """Asks the door; behind it everything is answered with 200. Returns status and headers."""

    async def streamlit(scope, receive, send):
        kind = "websocket.accept" if scope["type"] == "websocket" else "http.response.start"
        await send({"type": kind, "status": 200, "headers": []})

    door = Door(streamlit, guard)

    def asked(scope: dict, body: bytes = b"") -> tuple[int, dict[str, str]]:
        sent = []

        async def receive():
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message):
            sent.append(message)

        asyncio.run(door(scope, receive, send))
        first = sent[0]
        status = {"websocket.accept": 101, "websocket.close": 403}.get(first["type"])
        headers = {name.decode(): value.decode() for name, value in first.get("headers", ())}
        return status or first["status"], headers

    return asked


def test_on_loopback_without_a_password_everybody_of_this_machine_comes_in(ask):
    assert ask(connection())[0] == 200
    assert ask(connection("/_stcore/stream", kind="websocket"))[0] == 101


@pytest.mark.parametrize(
    "scope",
    [
        connection(to="192.0.2.7", of="192.0.2.9", host="192.0.2.7"),
        connection(of="192.0.2.9"),
        connection(x_forwarded_for="192.0.2.9"),
    ],
)
def test_without_a_password_nobody_comes_in_from_elsewhere_whatever_the_settings_say(ask, scope):
    assert ask(scope)[0] == HTTPStatus.FORBIDDEN
    assert ask({**scope, "type": "websocket"})[0] == HTTPStatus.FORBIDDEN


def test_a_page_of_another_site_reaches_neither_websocket_nor_upload(ask):
    foreign = {"origin": "http://evil.example.org"}
    assert ask(connection(kind="websocket", **foreign))[0] == HTTPStatus.FORBIDDEN
    assert ask(connection(method="PUT", **foreign))[0] == HTTPStatus.FORBIDDEN
    assert ask(connection(host="evil.example.org"))[0] == HTTPStatus.MISDIRECTED_REQUEST


def posted(password: str, next_path: str = "/plan") -> bytes:
    return urlencode({"password": password, "next": next_path}).encode()


def test_with_a_password_everything_but_health_waits_for_the_login(ask, guard):
    set_password(guard.database, Role.FULL, FULL)
    set_password(guard.database, Role.READ_ONLY, LOOK)
    for path in ("/", "/_stcore/stream", "/media/x.csv", "/_stcore/upload_file/a/b", "/static/x"):
        assert ask(connection(path))[0] == HTTPStatus.UNAUTHORIZED
    assert ask(connection("/_stcore/stream", kind="websocket"))[0] == HTTPStatus.FORBIDDEN
    assert ask(connection("/_stcore/health"))[0] == 200
    status, headers = ask(connection("/plan", accept="text/html"))
    assert status == HTTPStatus.SEE_OTHER and headers["location"] == "/login?next=/plan"
    assert ask(connection(LOGIN, method="POST"), posted("wrong"))[0] == HTTPStatus.FORBIDDEN
    for password, role in ((FULL, Role.FULL), (LOOK, Role.READ_ONLY)):
        status, headers = ask(connection(LOGIN, method="POST"), posted(password))
        assert (status, headers["location"]) == (HTTPStatus.SEE_OTHER, "/plan")
        assert "HttpOnly" in headers["set-cookie"] and "SameSite=lax" in headers["set-cookie"]
        cookie = headers["set-cookie"].partition(";")[0]
        name, _, token = cookie.partition("=")
        assert ask(connection("/_stcore/stream", kind="websocket", cookie=cookie))[0] == 101
        assert guard.role({name: token}) is role
    ask(connection("/logout", method="POST", cookie=cookie))
    assert ask(connection("/", cookie=cookie))[0] == HTTPStatus.UNAUTHORIZED


@pytest.mark.parametrize("wanted", ["//evil.example.org", "/\\evil.example.org", "http://e", "x\n"])
def test_the_login_leads_to_no_other_site(ask, guard, wanted):
    set_password(guard.database, Role.FULL, FULL)
    _, headers = ask(connection(LOGIN, method="POST"), posted(FULL, wanted))
    assert headers["location"] == "/"


def test_a_program_that_may_not_be_exposed_says_what_to_do(guard, monkeypatch):
    assert guard.refusal is None
    monkeypatch.setattr(
        config, "get_option", {"server.address": "0.0.0.0", "server.allowedHosts": []}.get
    )
    assert "Set a password with `hs-star password --db" in guard.refusal
    set_password(guard.database, Role.READ_ONLY, LOOK)
    assert guard.refusal is None and guard.needs_login


def test_a_login_file_that_cannot_be_read_lets_nobody_in(ask, guard):
    login_path(guard.database).write_text("damaged")
    assert ask(connection())[0] == HTTPStatus.SERVICE_UNAVAILABLE


@pytest.mark.parametrize(
    ("about", "body", "status", "said"),
    [
        ({"origin": "http://[::1"}, b"", HTTPStatus.FORBIDDEN, "a page of another site"),
        ({}, b"a=1&b=2&c=3&d=4&e=5&f=6", HTTPStatus.BAD_REQUEST, "more than 5 fields"),
        ({}, b"password=" + b"x" * 5000, HTTPStatus.BAD_REQUEST, "longer than 4,096 bytes"),
        ({}, None, HTTPStatus.BAD_REQUEST, "ended before all of it was here"),
    ],
)
def test_a_request_that_no_browser_sends_is_answered_with_a_sentence(
    guard, about, body, status, said
):
    set_password(guard.database, Role.FULL, FULL)
    sent = []

    async def receive():
        if body is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        sent.append(message)

    door = Door(PlainTextResponse("in"), guard)
    asyncio.run(door(connection(LOGIN, method="POST", **about), receive, send))
    assert sent[0]["status"] == status and said in sent[1]["body"].decode()
    assert not guard.throttle._failures, "no password was looked at"
