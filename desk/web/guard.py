"""What stands before every page of the desk: the right address, our own pages, headers that let nothing else in.

Checked for each request, whichever page it is for: the name by which the browser comes, that a change is sent by a
page of ours, that it is not larger than any form. Each answer forbids frames, other hosts and, but for what is the
desk's own look, being kept.
"""

from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from flows.asgi import leads_here
from models.errors import TsudoiError
from models.words import _

STATIC = "/static/"
_READING = {"GET", "HEAD"}
_LET_IN = "tsudoi.let_in"  # of a request: every name that a proxy passed
HEADERS: dict[bytes, bytes] = {
    b"content-security-policy": (
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
        b" form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    b"x-frame-options": b"DENY",
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"cache-control": b"no-store",
}
_OVER_TLS = {b"strict-transport-security": b"max-age=31536000; includeSubDomains"}


@dataclass(frozen=True, kw_only=True)
class Guard:
    """An ASGI application before the desk's own; `name` is the host by which people reach it, beside this machine.

    `https` where people come by TLS alone. `user_header` is where a proxy on this machine says whom it let in; "" where
    none is believed.
    """

    inner: ASGIApp
    name: str = ""
    user_header: str = ""
    https: bool = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or refuse it in words."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.inner(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [pair for pair in message["headers"] if pair[0].lower() not in HEADERS]
                own = HEADERS | _OVER_TLS if self.https else dict(HEADERS)
                if scope["path"].startswith(STATIC):
                    own[b"cache-control"] = b"max-age=3600"
                message = {**message, "headers": [*kept, *own.items()]}
            await send(message)

        scope[_LET_IN] = Headers(scope=scope).getlist(self.user_header) if self.user_header else []
        if refused := self._refused(scope):
            status, words = refused
            await PlainTextResponse(words, status, {"connection": "close"})(scope, receive, guarded)
            return
        await self.inner(scope, receive, guarded)

    def _refused(self, scope: Scope) -> tuple[HTTPStatus, str] | None:
        headers = Headers(scope=scope)
        if {"transfer-encoding", "content-length"} <= set(headers):  # a proxy may see its end elsewhere (RFC 9112, 6.1)
            return HTTPStatus.BAD_REQUEST, _("The request says twice where it ends.")
        if not leads_here(headers, name=self.name):
            words = _("This is not the address of the desk. See the setting desk.")
            return HTTPStatus.MISDIRECTED_REQUEST, words
        if scope[_LET_IN] and (len(scope[_LET_IN]) > 1 or not _is_from_this_machine(scope)):
            return HTTPStatus.FORBIDDEN, _("Who comes is taken from the proxy on this machine alone, and said once.")
        if scope["method"] in _READING:
            return None
        # A browser says which page sent it; who sends no Origin is no browser, and has no session in its cookies.
        origin, site = headers.get("origin"), headers.get("sec-fetch-site", "same-origin")
        if site not in {"same-origin", "none"} or (origin and urlsplit(origin).netloc != headers.get("host")):
            return HTTPStatus.FORBIDDEN, _("What another page sends is not taken. Open the desk and do it there.")
        return None


class NotHere(TsudoiError):
    """What only a browser on this machine may do or see was asked for from elsewhere."""

    def __init__(self) -> None:
        """Say so, and where it can be done."""
        super().__init__(
            _("Residents' data are shown and taken only at the machine on which the desk runs."),
            _("Do it there, or put the file into the inbox."),
        )


def let_in(scope: Scope) -> str:
    """Return the register id of whom the proxy says that it let in, "" where it says nothing or is not believed."""
    return next(iter(scope[_LET_IN]), "").strip()


def is_local(scope: Scope) -> bool:
    """Tell a browser on this very machine: a loopback peer, and nothing that a proxy has passed on (Law 9).

    A proxy that forgets to say so still passes on the name by which others reach the desk.
    """
    headers = Headers(scope=scope)
    passed_on = scope[_LET_IN] or any(it in headers for it in ("forwarded", "x-forwarded-for", "x-real-ip", "via"))
    return leads_here(headers, name="") and not passed_on and _is_from_this_machine(scope)


def _is_from_this_machine(scope: Scope) -> bool:
    client = scope.get("client")
    with suppress(ValueError):
        return client is not None and ip_address(client[0]).is_loopback
    return False
