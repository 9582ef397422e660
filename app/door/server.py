"""The door in front of Streamlit: what every request and WebSocket has to pass first."""

import math
from http import HTTPStatus
from typing import cast
from urllib.parse import parse_qs, quote

from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Send
from streamlit import config

from app.door import exposure
from app.door.attempts import Attempts, TooMany
from app.door.exposure import Scope
from app.door.guard import Guard, allowed_hosts
from app.door.page import HEADERS, login_page, sentence_page
from app.door.sessions import LIFETIME_S
from app.streamlit_internals import identity
from engine.errors import ConfigError
from engine.login import Login, Role

LOGIN, LOGOUT = "/login", "/logout"
HEALTH = "/_stcore/health"
_PROVIDERS = ("/auth/login", "/oauth2callback", "/auth/logout")
_MAX_FORM_BYTES, _MAX_FIELDS = 4096, 5
_SAFE = ("GET", "HEAD", "OPTIONS")
WRONG_HOST = (
    "The Host of this request is not an address of this server. If that is right, list the name in"
    " server.allowedHosts."
)
WRONG_ORIGIN = "This request comes from a page of another site."
_FORM_HAS = "The login takes password, and next for the page to go to."
CLOSED = (
    "This dashboard can be reached from another machine, and nobody has to log in. Whoever runs it"
    " has to set a password with `hs-star password`."
)


class Door:
    """Refuses wrong names and foreign pages, asks for the login, and lets the rest through.

    Args:
        app: Streamlit.
    """

    def __init__(self, app: ASGIApp, guard: Guard):
        self._app, self._guard = app, guard
        self._attempts = Attempts(guard.throttle)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        try:
            answer = await self._answer(scope, receive)
        except ConfigError as error:
            answer = _sentence(str(error), HTTPStatus.SERVICE_UNAVAILABLE)
        if answer is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await answer(scope, receive, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1008})

    async def _answer(self, scope: Scope, receive: Receive) -> Response | None:
        """What the door itself answers; None for what may pass."""
        if not exposure.names_its_address(scope, allowed_hosts()):
            return _sentence(WRONG_HOST, HTTPStatus.MISDIRECTED_REQUEST)
        is_safe = scope["type"] == "http" and scope["method"] in _SAFE
        origins = config.get_option("server.corsAllowedOrigins")
        if not is_safe and not exposure.is_own_origin(scope, origins):
            return _sentence(WRONG_ORIGIN, HTTPStatus.FORBIDDEN)
        if scope["path"] == HEALTH:
            return None
        if self._guard.is_closed_to(scope):
            return _sentence(CLOSED, HTTPStatus.FORBIDDEN)
        if not self._guard.needs_login:
            return None
        return await self._behind_login(scope, receive)

    async def _behind_login(self, scope: Scope, receive: Receive) -> Response | None:
        path, cookies = scope["path"], HTTPConnection(scope).cookies
        if scope["type"] == "http" and path == LOGIN:
            return await self._log_in(Request(scope, receive))
        if scope["type"] == "http" and path == LOGOUT:
            return self._log_out(Request(scope, receive))
        if path in _PROVIDERS and self._guard.has_provider:
            return None
        if self._guard.role(cookies):
            return None
        wants_page = "text/html" in (exposure.header(scope, b"accept") or "")
        if scope["type"] == "http" and scope["method"] == "GET" and wants_page:
            query = scope["query_string"].decode("latin-1")
            wanted = f"{path}?{query}" if query else path
            return RedirectResponse(f"{LOGIN}?next={quote(wanted)}", HTTPStatus.SEE_OTHER)
        return _sentence("Log in first.", HTTPStatus.UNAUTHORIZED)

    async def _log_in(self, request: Request) -> Response:
        if request.method in ("GET", "HEAD"):
            said = self._guard.why_not(request.cookies)
            return self._form(_next(request.query_params.get("next")), said)
        if request.method != "POST":
            return _sentence("Post a password.", HTTPStatus.METHOD_NOT_ALLOWED)
        try:
            form = await _form_of(request)
        except _NoForm as error:
            return _sentence(str(error), HTTPStatus.BAD_REQUEST)
        password, next_path = form.get("password", ""), _next(form.get("next"))
        client = exposure.client_of(cast(Scope, request.scope))
        login = self._guard.login
        try:
            role = await self._attempts.role_of(client, password, login)
        except TooMany as many:
            said = f"Too many attempts: try again in {max(1, math.ceil(many.wait_s))} s."
            return self._form(next_path, said, HTTPStatus.TOO_MANY_REQUESTS)
        if role is None:
            return self._form(next_path, "That is not the password.", HTTPStatus.FORBIDDEN)
        return self._begun(request, role, login, next_path)

    def _begun(self, request: Request, role: Role, login: Login, next_path: str) -> Response:
        """A session begins."""
        answer = RedirectResponse(next_path, HTTPStatus.SEE_OTHER, headers=HEADERS)
        answer.set_cookie(
            self._guard.cookie,
            self._guard.sessions.begin(role, login),
            max_age=LIFETIME_S,
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
        return answer

    def _log_out(self, request: Request) -> Response:
        self._guard.sessions.end(request.cookies.get(self._guard.cookie))
        target = "/auth/logout" if identity.identity_of(request.cookies) else LOGIN
        answer = RedirectResponse(target, HTTPStatus.SEE_OTHER, headers=HEADERS)
        answer.delete_cookie(self._guard.cookie)
        return answer

    def _form(
        self, next_path: str, said: str | None = None, status: HTTPStatus = HTTPStatus.OK
    ) -> Response:
        provider = identity.login_address() if self._guard.has_provider else None
        page = login_page(
            next_path=next_path,
            said=said,
            has_password=bool(self._guard.login.passwords),
            provider=provider,
        )
        return HTMLResponse(page, status, headers=HEADERS)


def _sentence(sentence: str, status: HTTPStatus) -> Response:
    if status is HTTPStatus.UNAUTHORIZED:
        return PlainTextResponse(sentence, status, headers=HEADERS)
    return HTMLResponse(sentence_page(sentence), status, headers=HEADERS)


class _NoForm(Exception):
    """A request for the login that no form of ours sends."""


async def _form_of(request: Request) -> dict[str, str]:
    """Raises: _NoForm, with what is wrong with it."""
    body = b""
    try:
        async for part in request.stream():
            body += part
            if len(body) > _MAX_FORM_BYTES:
                raise _NoForm(f"This form is longer than {_MAX_FORM_BYTES:,} bytes. {_FORM_HAS}")
        fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=_MAX_FIELDS)
    except ClientDisconnect:
        raise _NoForm(f"This form ended before all of it was here. {_FORM_HAS}") from None
    except ValueError:
        raise _NoForm(f"This form has more than {_MAX_FIELDS} fields. {_FORM_HAS}") from None
    return {name: values[0] for name, values in fields.items()}


def _next(wanted: str | None) -> str:
    """A path of this server, whatever was asked for."""
    is_own = wanted and wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return wanted if wanted and is_own and wanted.isprintable() else "/"
