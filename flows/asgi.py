"""Pieces of an ASGI application that stands before another: our address, a refusal, a header, a body, an answer."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any, TypeGuard
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope

from models.words import _


@dataclass(eq=False)
class Closed(Exception):
    """A request is refused: with which status, and in which words."""

    status: HTTPStatus
    words: str


def leads_here(headers: Headers, *, name: str, listening: str = "127.0.0.1") -> bool:
    """Tell our own address in a request from somebody else's that was made to lead here (DNS rebinding).

    Args:
        headers: of the request.
        name: the host by which people reach the server, "" where it has none but this machine's.
        listening: the address on which it listens.

    """
    with suppress(ValueError):
        host = urlsplit(f"//{headers.get('host', '')}").hostname or ""
        if host in {"localhost", name} - {""}:
            return True
        return ip_address(host).is_loopback or host == listening or ip_address(listening).is_unspecified
    return False


async def body_of(receive: Receive, at_most: int) -> bytes:
    """Return the body of a request; one that is larger than so many bytes is refused."""
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Closed(HTTPStatus.BAD_REQUEST, _("This request was broken off."))
        body, more = body + message.get("body", b""), message.get("more_body", False)
        if len(body) > at_most:
            raise Closed(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _("This request is too large."))
    return body


async def kept(app: ASGIApp, scope: Scope, body: bytes) -> list[Message]:
    """Return the whole answer to a request."""
    answer: list[Message] = []

    async def nothing_more() -> Message:
        await asyncio.Event().wait()  # who waits for the end of the request is cancelled
        return {}

    async def send(message: Message) -> None:
        answer.append(message)

    await app(scope, again(body, nothing_more), send)
    return answer


def again(body: bytes, receive: Receive) -> Receive:
    """Receive a body that was read already, and then whatever comes after it."""
    asked = asyncio.Event()

    async def received() -> Message:
        if asked.is_set():
            return await receive()
        asked.set()
        return {"type": "http.request", "body": body, "more_body": False}

    return received


def headers_of(scope: Scope) -> Headers:
    return Headers(raw=[(name.lower(), value) for name, value in scope["headers"]])


def with_header(headers: Iterable[tuple[bytes, bytes]], name: bytes, value: bytes) -> list[tuple[bytes, bytes]]:
    return [*((key, content) for key, content in headers if key != name), (name, value)]


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)
