"""Signed webhooks (Standard Webhooks): outgoing only to hosts of the allow-list, in bounded time, nothing followed.

A name is resolved once, the address is judged and that address is connected to, so that a name cannot change its mind
in between. The answer's status is all that is read. A message is repeated under its id until a receiver says 2xx: a
receiver that keeps ids gets it once.
"""

import asyncio
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import stamina
from standardwebhooks import Webhook
from standardwebhooks.webhooks import EmptyWebhookSecretError

from adapters.carrier import Message, NotSent
from adapters.names import addresses_of, is_loopback, may_be_reached

_SECONDS = 8
_TRIES = 3
_PATIENCE = timedelta(hours=24)  # nobody is waited for longer, whatever Retry-After says
_BUSY = frozenset({429, 503})


class _Again(NotSent):
    """A failure that may be over in a moment."""


@dataclass(frozen=True, kw_only=True)
class WebhookCarrier:
    """Posts to one receiver. Without the allow-list's leave nothing leaves the machine, not even a look-up."""

    url: str
    secret: str
    allowed: frozenset[str]
    ca_file: Path | None = None
    seconds: float = _SECONDS

    def send(self, message: Message) -> None:
        """Post it, up to three times while the receiver stumbles.

        Raises:
            NotSent: no 2xx came; the message may be repeated under its id.

        """
        url = self._permitted()
        asyncio.run(self._post(url, message.message_id, json.dumps(dict(message.data), ensure_ascii=False)))

    def close(self) -> None:
        """There is nothing to end: every message has a connection of its own."""

    def _permitted(self) -> httpx.URL:
        """Return where to post, read once and by the one who posts; nothing is looked up yet."""
        try:
            url = httpx.URL(self.url)
        except httpx.InvalidURL:
            raise NotSent("not_https", stop=True) from None
        if url.scheme != "https" and not (url.scheme == "http" and is_loopback(url.host)):
            raise NotSent("not_https", stop=True)
        if url.host not in {host.lower() for host in self.allowed}:
            raise NotSent("host_not_allowed", stop=True)
        try:
            Webhook(self.secret)
        except (ValueError, EmptyWebhookSecretError):
            raise NotSent("secret_unusable", stop=True) from None
        return url

    @stamina.retry(on=_Again, attempts=_TRIES, wait_initial=0.5, wait_max=2, timeout=None)
    async def _post(self, url: httpx.URL, message_id: str, body: str) -> None:
        """Post once, in a bounded time overall: a receiver that drips keeps every single timeout of a connection."""
        try:
            async with asyncio.timeout(self.seconds):
                status, headers = await self._status(url, message_id, body)
        except TimeoutError:
            raise NotSent("timeout", stop=True) from None
        except httpx.ConnectError as error:
            if isinstance(cause := _cause(error), ssl.SSLError):
                raise NotSent(type(cause).__name__, stop=True) from None
            raise _Again(type(error).__name__, stop=True) from None
        except httpx.HTTPError as error:
            raise _Again(type(error).__name__, stop=True) from None
        if status in _BUSY:
            raise NotSent(f"HTTP {status}", wait=_asked_to_wait(headers.get("retry-after", "")), stop=True)
        if status >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise _Again(f"HTTP {status}", stop=True)
        if not httpx.codes.is_success(status):
            raise NotSent(f"HTTP {status}")

    async def _status(self, url: httpx.URL, message_id: str, body: str) -> tuple[int, Mapping[str, str]]:
        address = await asyncio.to_thread(self._address, url)
        client = httpx.AsyncClient(
            verify=ssl.create_default_context(cafile=self.ca_file), trust_env=False, follow_redirects=False,
            timeout=None,  # noqa: S113 - `_post` bounds the whole, which no timeout of a single step does
        )  # fmt: skip
        async with client:
            request = client.build_request(
                "POST",
                url.copy_with(host=address),
                content=body.encode(),
                headers=self._headers(url, message_id, body),
                extensions={"sni_hostname": url.host},
            )
            answer = await client.send(request, stream=True)
            await answer.aclose()  # not a byte of the body is of interest
            return answer.status_code, answer.headers

    def _address(self, url: httpx.URL) -> str:
        port = url.port or (443 if url.scheme == "https" else 80)
        try:
            found = addresses_of(url.host, port, seconds=self.seconds / 2)
        except OSError as error:
            raise NotSent("timeout" if isinstance(error, TimeoutError) else "host_unknown", stop=True) from None
        if not all(may_be_reached(address, host=url.host, allowed=self.allowed) for address in found):
            raise NotSent("address_not_allowed", stop=True)
        return found[0]

    def _headers(self, url: httpx.URL, message_id: str, body: str) -> dict[str, str]:
        """Sign with the time of the world outside: a receiver compares it with its own clock."""
        now = datetime.now(UTC)
        return {
            "host": url.netloc.decode(),
            "content-type": "application/json; charset=utf-8",
            "user-agent": "tsudoi",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(self.secret).sign(message_id, now, body),
        }


def _cause(error: BaseException) -> BaseException:
    """Return what lies at the bottom of an error."""
    while (below := error.__cause__ or error.__context__) is not None:
        error = below
    return error


def _asked_to_wait(value: str) -> timedelta | None:
    """Read Retry-After: seconds or a date (RFC 9110 10.2.3); anything else says nothing."""
    try:
        if value.strip().isdigit():
            wait = timedelta(seconds=min(int(value), 10**6))
        else:
            wait = parsedate_to_datetime(value) - datetime.now(UTC)
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(wait, timedelta(0)), _PATIENCE)
