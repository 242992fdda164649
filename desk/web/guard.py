"""What stands before every page of the desk: the right address, our own pages, headers that let nothing else in.

Checked for each request, whichever page it is for: the name by which the browser comes, that a change is sent by a
page of ours, that it is not larger than any form. Each answer forbids frames, other hosts and, but for what is the
desk's own look, being kept.
"""

from collections.abc import Mapping
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
HEADERS: Mapping[bytes, bytes] = {
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


@dataclass(frozen=True, kw_only=True)
class Guard:
    """An ASGI application before the desk's own; `name` is the host by which people reach it, beside this machine."""

    inner: ASGIApp
    name: str = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or refuse it in words."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.inner(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [pair for pair in message["headers"] if pair[0].lower() not in HEADERS]
                own = dict(HEADERS)
                if scope["path"].startswith(STATIC):
                    own[b"cache-control"] = b"max-age=3600"
                message = {**message, "headers": [*kept, *own.items()]}
            await send(message)

        if refused := self._refused(scope):
            status, words = refused
            await PlainTextResponse(words, status)(scope, receive, guarded)
            return
        await self.inner(scope, receive, guarded)

    def _refused(self, scope: Scope) -> tuple[HTTPStatus, str] | None:
        headers = Headers(scope=scope)
        if not leads_here(headers, name=self.name):
            words = _("This is not the address of the desk. See the setting desk.")
            return HTTPStatus.MISDIRECTED_REQUEST, words
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


def is_local(scope: Scope) -> bool:
    """Tell a browser on this very machine: a loopback peer, and nothing that a proxy has passed on (Law 9).

    A proxy that forgets to say so still passes on the name by which others reach the desk.
    """
    headers, client = Headers(scope=scope), scope.get("client")
    if not leads_here(headers, name="") or any(
        name in headers for name in ("forwarded", "x-forwarded-for", "x-real-ip", "via")
    ):
        return False
    with suppress(ValueError):
        return client is not None and ip_address(client[0]).is_loopback
    return False
