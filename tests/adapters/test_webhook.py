"""Signed webhooks: what a receiver may do to us, and where nothing is sent at all."""

import socket
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import stamina
from receivers import (
    SECRET,
    Behave,
    answer,
    certificate,
    drips,
    drips_body,
    free_port,
    hangs,
    in_turn,
    receiving,
)

from adapters import names
from adapters.carrier import Message, NotSent
from adapters.webhook import WebhookCarrier

HERE = frozenset({"127.0.0.1"})
SECONDS = 1.0
MESSAGE = Message(message_id="msg_1", to="", subject="", body="", data={"type": "reminder", "data": {"text": "締切"}})


@pytest.fixture(autouse=True)
def _no_pauses() -> Any:
    """Let a stumbling receiver be asked as often as in life, without the pauses between."""
    with stamina.set_testing(True, attempts=3):
        yield


def to(port: int, *, allowed: frozenset[str] = HERE, host: str = "127.0.0.1", **more: Any) -> WebhookCarrier:
    scheme = more.pop("scheme", "http")
    more = {"secret": SECRET, "seconds": 20.0, **more}
    return WebhookCarrier(url=f"{scheme}://{host}:{port}/hook", allowed=allowed, **more)


def refused(carrier: WebhookCarrier) -> NotSent:
    with pytest.raises(NotSent) as refusal:
        carrier.send(MESSAGE)
    return refusal.value


def resolve_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Let every name stand for these addresses in turn, and keep what was asked for."""
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, **_more: Any) -> list[Any]:
        asked.append(host)
        address = addresses[min(len(asked), len(addresses)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(names.socket, "getaddrinfo", getaddrinfo)
    return asked


def test_a_message_arrives_signed_under_its_id() -> None:
    """The receiver verifies the signature and reads the body; it is told the id."""
    with receiving() as receiver:
        to(receiver.port).send(MESSAGE)
    assert (receiver.ids, receiver.bodies, receiver.paths) == (["msg_1"], [dict(MESSAGE.data)], ["/hook"])


def test_a_stumbling_receiver_is_asked_again_under_the_same_id() -> None:
    """500, 502, then 200: three posts, one id, byte for byte the same."""
    with receiving(in_turn(answer(500), answer(502), answer(200))) as receiver:
        to(receiver.port).send(MESSAGE)
    assert receiver.ids == ["msg_1"] * 3
    assert len(set(receiver.raw)) == 1


def test_a_receiver_that_keeps_failing_is_asked_a_bounded_number_of_times() -> None:
    """Always 500: three posts, then the message waits, and so does everything else for this receiver."""
    with receiving(answer(500)) as receiver:
        refusal = refused(to(receiver.port))
    assert (refusal.trouble, refusal.stop, len(receiver.ids)) == ("HTTP 500", True, 3)


@pytest.mark.parametrize("behave", [hangs, drips], ids=["hangs", "drips"])
def test_a_receiver_that_never_answers_is_left_in_bounded_time(behave: Behave) -> None:
    """Silence, or headers that drip for ever, end after the carrier's seconds; it is not asked again."""
    began = time.monotonic()
    with receiving(behave) as receiver:
        refusal = refused(to(receiver.port, seconds=SECONDS))
        taken = time.monotonic() - began
    assert (refusal.trouble, refusal.stop, receiver.ids) == ("timeout", True, ["msg_1"])
    assert taken < 10 * SECONDS


@pytest.mark.parametrize("behave", [drips_body, answer(200, b"x" * 10_000_000)], ids=["drips", "10 MB"])
def test_the_body_of_an_answer_is_not_read(behave: Behave) -> None:
    """A yes is a yes, whatever drips or pours after it, and it costs no time."""
    began = time.monotonic()
    with receiving(behave) as receiver:
        to(receiver.port).send(MESSAGE)
        taken = time.monotonic() - began
    assert receiver.ids == ["msg_1"]
    assert taken < 10 * SECONDS


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_redirect_is_followed(status: int) -> None:
    """A receiver that sends us elsewhere has not taken the message; nobody is asked there."""
    with receiving() as elsewhere:
        with receiving(answer(status, location=f"http://127.0.0.1:{elsewhere.port}/taken")) as receiver:
            refusal = refused(to(receiver.port))
        assert (refusal.trouble, len(receiver.ids), elsewhere.ids) == (f"HTTP {status}", 1, [])


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [
        ("120", timedelta(seconds=120), timedelta(seconds=120)),
        ("999999999999", timedelta(hours=24), timedelta(hours=24)),
        (timedelta(hours=1), timedelta(minutes=50), timedelta(minutes=60)),
        (timedelta(hours=-1), timedelta(0), timedelta(0)),
    ],
)
def test_retry_after_is_honoured_up_to_a_day(value: str | timedelta, least: timedelta, most: timedelta) -> None:
    """A busy receiver is asked once and left alone for as long as it says, in seconds or by a date."""
    said = format_datetime(datetime.now(UTC) + value) if isinstance(value, timedelta) else value
    with receiving(answer(429, retry_after=said)) as receiver:
        refusal = refused(to(receiver.port))
    assert (refusal.trouble, refusal.stop, len(receiver.ids)) == ("HTTP 429", True, 1)
    assert refusal.wait is not None
    assert least <= refusal.wait <= most


@pytest.mark.parametrize("value", ["soon", "-5", "1e3", ""])
def test_a_retry_after_that_says_nothing_is_a_later_watch(value: str) -> None:
    """A busy receiver that does not say until when is asked in a later watch."""
    with receiving(answer(503, retry_after=value)) as receiver:
        refusal = refused(to(receiver.port))
    assert (refusal.trouble, refusal.wait, len(receiver.ids)) == ("HTTP 503", None, 1)


@pytest.mark.parametrize("status", [400, 401, 404, 410, 413])
def test_a_no_is_told_and_holds_up_no_other_message(status: int) -> None:
    """What the receiver does not want is told by its status; the next message is tried."""
    with receiving(answer(status)) as receiver:
        refusal = refused(to(receiver.port))
    assert (refusal.trouble, refusal.stop, len(receiver.ids)) == (f"HTTP {status}", False, 1)


def test_nobody_there_is_told_after_a_few_tries() -> None:
    """A receiver that is not there costs a few refused connections."""
    refusal = refused(to(free_port()))
    assert (refusal.trouble, refusal.stop) == ("ConnectError", True)


def test_a_trusted_certificate_for_the_name_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The certificate is compared with the name, though the connection goes to the address that was judged."""
    made = certificate(tmp_path, "hooks.example")
    asked = resolve_to(monkeypatch, "127.0.0.1")
    with receiving(tls=made.context) as receiver:
        allowed = frozenset({"hooks.example", "127.0.0.0/8"})
        to(receiver.port, allowed=allowed, host="hooks.example", scheme="https", ca_file=made.path).send(MESSAGE)
    assert (receiver.ids, asked) == (["msg_1"], ["hooks.example"])


@pytest.mark.parametrize("shown", ["other.example", "hooks.example"])
def test_bad_tls_gets_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shown: str) -> None:
    """Another name on the certificate, or a signer whom nobody knows: nothing is posted, and the reason is told."""
    made = certificate(tmp_path, shown)
    resolve_to(monkeypatch, "127.0.0.1")
    ca = made.path if shown == "other.example" else None
    with receiving(tls=made.context) as receiver:
        allowed = frozenset({"hooks.example", "127.0.0.1"})
        refusal = refused(to(receiver.port, allowed=allowed, host="hooks.example", scheme="https", ca_file=ca))
    assert (refusal.trouble, refusal.stop, receiver.ids) == ("SSLCertVerificationError", True, [])


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "192.168.0.9", "169.254.169.254", "0.0.0.0", "224.0.0.1"])
def test_a_name_that_points_inside_reaches_nobody(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """A name of the allow-list that stands for a private address, or for this machine, is not connected to."""
    resolve_to(monkeypatch, address)
    with receiving() as receiver:
        allowed = frozenset({"hooks.example"})
        refusal = refused(to(receiver.port, allowed=allowed, host="hooks.example", scheme="https"))
    assert (refusal.trouble, receiver.ids) == ("address_not_allowed", [])


def test_a_name_cannot_change_its_mind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name is asked for once: what it would stand for a moment later is never connected to."""
    made = certificate(tmp_path, "hooks.example")
    asked = resolve_to(monkeypatch, "127.0.0.1", "127.9.9.9")
    with receiving(tls=made.context) as receiver:
        allowed = frozenset({"hooks.example", "127.0.0.1"})
        to(receiver.port, allowed=allowed, host="hooks.example", scheme="https", ca_file=made.path).send(MESSAGE)
    assert (receiver.ids, asked) == (["msg_1"], ["hooks.example"])


@pytest.mark.parametrize(
    ("url", "trouble"),
    [
        ("http://hooks.example/", "not_https"),
        ("ftp://127.0.0.1/", "not_https"),
        ("https://elsewhere.example/", "host_not_allowed"),
        ("https://hooks.example.evil.example/", "host_not_allowed"),
        ("https://hooks.example@evil.example/", "host_not_allowed"),
        ("https://", "host_not_allowed"),
        ("https://[::1", "not_https"),
    ],
)
def test_what_the_allow_list_does_not_name_is_not_even_looked_up(
    monkeypatch: pytest.MonkeyPatch, url: str, trouble: str
) -> None:
    """Only https to a host of the list: anything else leaves the machine in no form."""
    asked = resolve_to(monkeypatch, "8.8.8.8")
    carrier = WebhookCarrier(url=url, secret=SECRET, allowed=frozenset({"hooks.example", "127.0.0.1"}))
    assert (refused(carrier).trouble, asked) == (trouble, [])


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_あ"])
def test_a_secret_that_cannot_sign_sends_nothing(secret: str) -> None:
    """An unsigned message would be taken for anybody's."""
    with receiving() as receiver:
        assert refused(to(receiver.port, secret=secret)).trouble == "secret_unusable"
    assert receiver.ids == []


def test_the_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that the machine's environment names would be a host that no list allows."""
    with receiving() as proxy, receiving() as receiver:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{proxy.port}")
        to(receiver.port).send(MESSAGE)
        assert (receiver.ids, proxy.ids) == (["msg_1"], [])
