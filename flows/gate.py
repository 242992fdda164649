"""The gate before Prefect's server: who runs flows has its credential and may do all, people may do what is listed.

Where several offices share it, each has a credential of its own, and does what its list lets it (flows/offices.py).

Prefect knows one credential and no persons, and whoever may change a deployment chooses what code runs. So people never
have it: their browsers have a session, and what is not on the list is refused. What may be sent is built anew from what
was understood; nothing else of a request for a run or its cancelling reaches Prefect.
"""

import asyncio
import hmac
import json
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from flows import offices
from flows.access import SESSION_LASTS, Sessions, header_of, redeem
from flows.asgi import Closed, again, body_of, headers_of, is_object, kept, leads_here, with_header
from flows.owning import Owner
from models.words import _

COOKIE = "tsudoi_session"
STARTED_BY = "開始:"  # before the id of whoever started a run, as a tag
_ID = "{id}"
_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
RUN, CANCEL = "/deployments/{id}/create_flow_run", "/flow_runs/{id}/set_state"
# What people may ask for, under /api. It only reads; what it may change stands in _DO below.
READING: Mapping[str, tuple[str, ...]] = {
    "GET": (
        "/health", "/ready", "/version", "/hello", "/admin/settings", "/admin/version", "/csrf-token",
        "/flows/{id}", "/flows/name/{key}",
        "/flow_runs/{id}", "/flow_runs/{id}/graph", "/flow_runs/{id}/graph-v2", "/flow_runs/{id}/logs/download",
        "/task_runs/{id}", "/ui/task_runs/{id}",
        "/flow_run_states/", "/flow_run_states/{id}", "/task_run_states/", "/task_run_states/{id}",
        "/deployments/{id}", "/deployments/name/{key}/{key}", "/deployments/{id}/schedules",
        "/deployments/{id}/work_queue_check",
        "/artifacts/{id}", "/artifacts/{key}/latest",
        "/events/filter/next", "/automations/related-to/{key}",
    ),
    "POST": (
        "/flows/count", "/flows/filter", "/flows/paginate",
        "/flow_runs/count", "/flow_runs/lateness", "/flow_runs/history", "/flow_runs/filter", "/flow_runs/paginate",
        "/task_runs/count", "/task_runs/history", "/task_runs/filter", "/task_runs/paginate",
        "/deployments/count", "/deployments/filter", "/deployments/paginate",
        "/logs/filter",
        "/artifacts/count", "/artifacts/filter", "/artifacts/latest/count", "/artifacts/latest/filter",
        "/events/filter", "/events/count-by/{key}",
        "/ui/flows/count-deployments", "/ui/flows/next-runs", "/ui/flow_runs/history", "/ui/flow_runs/count-task-runs",
        "/ui/schemas/validate", "/ui/task_runs/dashboard/counts", "/ui/task_runs/count",
        # what the dashboard's own pages ask for and is empty in ours
        "/work_pools/count", "/work_pools/filter", "/work_queues/filter", "/automations/count", "/automations/filter",
        "/saved_searches/filter",
    ),
    "WEBSOCKET": ("/events/out", "/logs/out"),
}  # fmt: skip
# Pages ask for blocks, which may hold secrets. People are told that there are none.
_NO_BLOCKS = ("POST", "/api/block_documents/filter")
_JSON = b"application/json"
_LARGEST = 64 * 1024  # bytes of a request
_SLUG = re.compile(r"[A-Za-z0-9-]{1,60}")
_BUSY, _TRIES, _WAITS = 503, 5, 0.2  # times; seconds, more each time
_ANSWERS = {
    b"x-frame-options": b"DENY",
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    # No picture, font or script from elsewhere, whatever a page was made to hold (Law 9).
    b"content-security-policy": (
        b"default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline';"
        b" img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:;"
        b" object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    ),
}


@dataclass(frozen=True, kw_only=True)
class Gate:
    """An ASGI application that stands before Prefect's and asks who comes, from where, and for what."""

    inner: ASGIApp
    secret: str = field(repr=False)
    folder: Path
    host: str
    name: str = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or refuse it in words."""
        if scope["type"] == "lifespan":
            await self.inner(scope, receive, send)
            return
        try:
            await self._judge(scope, receive, send)
        except Closed as refused:
            await _refuse(scope, send, refused)

    async def _judge(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = headers_of(scope)
        self._comes_to_us(headers)
        if scope["type"] == "websocket":
            await self._listen(scope, headers, receive, send)
            return
        _comes_from_our_own_page(scope, headers)
        authorization = headers.get("authorization", "")
        if hmac.compare_digest(authorization.encode("latin-1"), header_of(self.secret)):
            await self.inner(scope, receive, send)
        elif office := offices.office_of(self.folder, offices.sent_in(authorization)):
            await self._serve_an_office(office, scope, receive, send)
        elif scope["path"] == "/enter":
            await self._enter(scope, send)
        elif scope["method"] == "GET" and scope["path"] in {"/api/health", "/api/ready"}:
            await self.inner(scope, receive, send)
        elif (person := self._holder(headers)) is not None:
            await self._serve(person, scope, receive, _guarded(send))
        else:
            raise Closed(
                HTTPStatus.UNAUTHORIZED,
                _("Open the dashboard from the desk, or by a new link."),
            )

    def _comes_to_us(self, headers: Headers) -> None:
        if not leads_here(headers, name=self.name, listening=self.host):
            words = _("This is not the address of the dashboard. See the setting dashboard.")
            raise Closed(HTTPStatus.MISDIRECTED_REQUEST, words)

    def _holder(self, headers: Headers) -> str | None:
        """Return whose session a browser has, "" of nobody named, None where it has none."""
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            return None
        return Sessions(self.secret, self.folder).holder(cookie.value) if cookie else None

    async def _enter(self, scope: Scope, send: Send) -> None:
        """Give the browser its session for the token of a link, which is used up."""
        token = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        link = redeem(self.folder, token) if scope["method"] == "GET" else None
        if link is None:
            raise Closed(
                HTTPStatus.FORBIDDEN,
                _("This link was used already, or is too old. Open the dashboard from the desk, or by a new link."),
            )
        secure = "; Secure" if scope["scheme"] == "https" else ""
        session = Sessions(self.secret, self.folder).begin(*link)
        cookie = f"{COOKIE}={session}; HttpOnly; SameSite=Strict; Path=/; Max-Age={SESSION_LASTS}"
        more = [(b"set-cookie", f"{cookie}{secure}".encode()), (b"location", b"/"), (b"cache-control", b"no-store")]
        await _answer(send, HTTPStatus.SEE_OTHER, b"", more)

    def _inside(self, scope: Scope) -> Scope:
        """Return a request as it reaches Prefect: under the credential."""
        return {**scope, "headers": with_header(scope["headers"], b"authorization", header_of(self.secret))}

    async def _serve_an_office(self, office: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the machine of an office read what all read, and change what is its own."""
        method, path, inside = scope["method"], scope["path"].removeprefix("/api"), self._inside(scope)
        if may_read(method, path) or offices.may_read(method, path):
            await self.inner(inside, receive, send)
            return
        body = await offices.judged(self._owner(office, inside), method, path, receive)
        await self.inner(_with_body(inside, body), again(body, receive), send)

    def _owner(self, office: str, inside: Scope) -> Owner:
        async def look(path: str, asked: Mapping[str, Any] | None = None) -> Any:
            method, body = ("GET", b"") if asked is None else ("POST", json.dumps(asked).encode())
            at = {"path": f"/api{path}", "raw_path": f"/api{path}".encode(), "query_string": b""}
            plain = [header for header in inside["headers"] if header[0].lower() != b"accept-encoding"]
            looking = _with_body({**inside, "type": "http", "method": method, "headers": plain, **at}, body)
            start, *parts = await kept(self.inner, looking, body)
            if start["status"] == HTTPStatus.NOT_FOUND:
                return None
            if start["status"] != HTTPStatus.OK:
                raise Closed(HTTPStatus.SERVICE_UNAVAILABLE, _("The server is busy."))
            return json.loads(b"".join(part.get("body", b"") for part in parts))

        return Owner(office=office, look=look)

    async def _serve(self, person: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a person, whose requests reach Prefect under the credential; what is started bears the person's id."""
        method, path, inside = scope["method"], scope["path"], self._inside(scope)
        if path == "/ui-settings":
            await self._show_no_login(inside, send)
        elif not path.startswith("/api/"):
            _is_a_page(method, path)
            await self.inner(inside, receive, send)
        elif (method, path) == _NO_BLOCKS:
            await _answer(send, HTTPStatus.OK, b"[]", [(b"content-type", _JSON)])
        elif method == "POST" and (made := _made_anew(path.removeprefix("/api"))):
            await self._do(inside, made(_json(await body_of(receive, _LARGEST)), person), send)
        elif may_read(method, path.removeprefix("/api")):
            await self.inner(inside, receive, send)
        else:
            raise _not_for_people()

    async def _do(self, scope: Scope, body: bytes, send: Send) -> None:
        """Ask for a run or its end; where SQLite is busy, which Prefect says at once, ask again: nothing was done."""
        made = _with_body(scope, body)
        answer = await kept(self.inner, made, body)
        for attempt in range(1, _TRIES):
            if answer[0]["status"] != _BUSY:
                break
            await asyncio.sleep(_WAITS * attempt)
            answer = await kept(self.inner, made, body)
        for message in answer:
            await send(message)

    async def _show_no_login(self, scope: Scope, send: Send) -> None:
        """Tell the dashboard that no credential is to be typed: the gate has asked already."""
        _is_a_page(scope["method"], scope["path"])
        settings = await self._read(scope, scope["path"]) | {"auth": None}
        await _answer(send, HTTPStatus.OK, json.dumps(settings).encode(), [(b"content-type", _JSON)])

    async def _read(self, scope: Scope, path: str) -> dict[str, Any]:
        """Return what Prefect answers to somebody who looks at a path, whatever his own request is."""
        headers = [header for header in scope["headers"] if header[0] not in {b"accept-encoding", b"content-length"}]
        looking = {**scope, "method": "GET", "path": path, "raw_path": path.encode(), "headers": headers}
        _start, *parts = await kept(self.inner, looking, b"")
        return json.loads(b"".join(part.get("body", b"") for part in parts))

    async def _listen(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        """Let a browser with a session listen; who is no browser proves itself to Prefect by its first message."""
        if not headers.get("origin") and not headers.get("cookie"):
            await self.inner(scope, self._as_it_proves_itself(scope, receive), send)
            return
        _comes_from_our_own_page(scope, headers)
        if self._holder(headers) is None or not may_read("WEBSOCKET", scope["path"].removeprefix("/api")):
            raise _not_for_people()

        async def proven() -> Message:
            message = await receive()
            return self._proven(message) if _token(message) is not None else message

        await self.inner(scope, proven, send)

    def _proven(self, message: Message) -> Message:
        return {**message, "text": json.dumps({"type": "auth", "token": self.secret})}

    def _as_it_proves_itself(self, scope: Scope, receive: Receive) -> Receive:
        """Receive what an office's machine sends, from the credential in its first message on: only what is its own."""
        path, owner = scope["path"].removeprefix("/api"), list[Owner]()

        async def judged() -> Message:
            message = await receive()
            if not owner and (token := _token(message)) is not None:
                office = offices.office_of(self.folder, token)
                if office and offices.may_listen(office, path):
                    owner.append(self._owner(office, self._inside(scope)))
                    return self._proven(message)
            while owner and path == offices.TELLING and message["type"] == "websocket.receive":
                if own := await offices.told(owner[0], message.get("text") or ""):
                    return {**message, "text": own}
                message = await receive()
            return message

        return judged


def may_read(method: str, path: str) -> bool:
    """Tell whether people may ask for a path under /api, because it changes nothing."""
    return any(_matches(pattern, path) for pattern in READING.get(method, ()))


def _matches(pattern: str, path: str) -> bool:
    made = re.escape(pattern).replace(re.escape(_ID), _UUID).replace(re.escape("{key}"), "[^/]+")
    return re.fullmatch(made, path) is not None


def _made_anew(path: str) -> Callable[[Mapping[str, Any], str], bytes] | None:
    """Return what makes the body of a request anew that changes something; there are two."""
    return next((made for pattern, made in _DO.items() if _matches(pattern, path)), None)


def _run(asked: Mapping[str, Any], person: str) -> bytes:
    """Ask for a run as it runs by itself. What takes parameters records acts, which people do at the desk."""
    state: Mapping[str, Any] = asked.get("state") or {}
    details: Mapping[str, Any] = state.get("state_details") or {}
    if asked.get("parameters"):
        raise Closed(HTTPStatus.FORBIDDEN, _("The dashboard starts runs as they are. Enter acts at the desk."))
    if asked.get("enforce_parameter_schema") is False or asked.get("job_variables") or asked.get("work_queue_name"):
        raise Closed(HTTPStatus.FORBIDDEN, _("How a run is run is not for the dashboard to say."))
    if str(state.get("type", "SCHEDULED")).upper() != "SCHEDULED":
        raise Closed(HTTPStatus.FORBIDDEN, _("A run begins as scheduled."))
    run: dict[str, Any] = {"enforce_parameter_schema": True, "state": {"type": "SCHEDULED"}}
    if person:
        run["tags"] = [f"{STARTED_BY}{person}"]
    if at := details.get("scheduled_time"):
        run["state"]["state_details"] = {"scheduled_time": at}
    # What a person types beside it would stand in Prefect for good: names and tags are slugs, messages dropped.
    if _SLUG.fullmatch(str(asked.get("name") or "")):
        run["name"] = asked["name"]
    if isinstance(asked.get("idempotency_key"), str) and _SLUG.fullmatch(asked["idempotency_key"]):
        run["idempotency_key"] = asked["idempotency_key"]
    return json.dumps(run).encode()


def _cancel(asked: Mapping[str, Any], _person: str) -> bytes:
    """Ask a run to end. The dashboard's button asks by force; by force is never passed on."""
    state: Mapping[str, Any] = asked.get("state") or {}
    kind = str(state.get("type", "")).upper()
    if kind not in {"CANCELLING", "CANCELLED"}:
        raise _not_for_people()
    return json.dumps({"state": {"type": kind, "name": kind.capitalize()}, "force": False}).encode()


_DO: Mapping[str, Callable[[Mapping[str, Any], str], bytes]] = {RUN: _run, CANCEL: _cancel}


def _not_for_people() -> Closed:
    return Closed(
        HTTPStatus.FORBIDDEN,
        _("The dashboard reads, runs what tsudoi serves, and cancels. Everything else is refused here."),
    )


def _is_a_page(method: str, path: str) -> None:
    """Refuse all but the pages and files of the dashboard."""
    if method not in {"GET", "HEAD"} or path in {"/docs", "/redoc", "/openapi.json", "/docs/oauth2-redirect"}:
        raise _not_for_people()


def _comes_from_our_own_page(scope: Scope, headers: Headers) -> None:
    """Refuse what another page makes a browser send; to be led here by a link is no harm."""
    origin, site, host = (headers.get(name, "") for name in ("origin", "sec-fetch-site", "host"))
    followed = scope.get("method") == "GET" and headers.get("sec-fetch-mode") == "navigate" and not origin
    ours = not origin or origin in {f"http://{host}", f"https://{host}"}
    if not ours or (site not in {"", "same-origin", "none"} and not followed):
        raise Closed(HTTPStatus.FORBIDDEN, _("Only the dashboard's own pages may ask this server."))


def _token(message: Message) -> str | None:
    """Return what a message on a websocket brings for a proof of who comes; nothing where it is another message."""
    with suppress(ValueError):
        told = json.loads(message.get("text") or "")
        if is_object(told) and told.get("type") == "auth":
            return str(told.get("token"))
    return None


def _with_body(scope: Scope, body: bytes) -> Scope:
    headers = with_header(scope["headers"], b"content-length", str(len(body)).encode())
    return {**scope, "headers": with_header(headers, b"content-type", _JSON)}


def _json(body: bytes) -> Mapping[str, Any]:
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        read = None
    if not is_object(read) or not all(is_object(read.get(name) or {}) for name in ("state", "parameters")):
        raise Closed(HTTPStatus.UNPROCESSABLE_ENTITY, _("This is not the request of a run."))
    return read


def _guarded(send: Send) -> Send:
    """Send with the headers that keep other pages, and things from elsewhere, out of the dashboard."""

    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [header for header in message.get("headers", ()) if header[0].lower() not in _ANSWERS]
            message = {**message, "headers": [*kept, *_ANSWERS.items()]}
        await send(message)

    return guarded


async def _answer(send: Send, status: HTTPStatus, body: bytes, headers: Iterable[tuple[bytes, bytes]]) -> None:
    length = (b"content-length", str(len(body)).encode())
    await _guarded(send)({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})


async def _refuse(scope: Scope, send: Send, refused: Closed) -> None:
    """Refuse in words, in the form in which Prefect's dashboard shows them."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": ""})
        return
    words = refused.words
    body = json.dumps({"detail": words, "exception_message": words}, ensure_ascii=False).encode()
    kind = b"application/json; charset=utf-8"
    if "text/html" in headers_of(scope).get("accept", ""):
        body, kind = f"<!doctype html><meta charset=utf-8><title>tsudoi</title><p>{words}</p>".encode(), b"text/html"
    await _answer(send, refused.status, body, [(b"content-type", kind), (b"cache-control", b"no-store")])
