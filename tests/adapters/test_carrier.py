"""Letters by mail: over one connection, encrypted where it must be, in bounded time, and never claimed to be gone."""

import mailbox
import socket
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import pytest
from receivers import Post, certificate, drip, free_port, hang, mail_server, silent_server

from adapters import names
from adapters.carrier import MaildirCarrier, Message, NotSent, SmtpCarrier, carrier_of
from models.errors import BadSetting

LETTER = Message(
    message_id="msg_1", to="佐藤 みどり <sato@ward.example>", subject="締切", body="一行目\n.点で始まる行\n三行目"
)
OTHER = Message(message_id="msg_2", to="suzuki@ward.example", subject="締切", body="別の知らせ")


class Refuses(Post):
    """A mail server that knows one of two people."""

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if address.startswith("sato"):
            return "550 no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def carrier(port: int) -> Iterator[SmtpCarrier]:
    """Give a carrier to this machine's mail server, which need not run, with little patience."""
    carrier = SmtpCarrier(host="127.0.0.1", port=port, sender="tsudoi@ward.example", seconds=1)
    yield carrier
    carrier.close()


def test_a_letter_arrives_as_it_was_written(carrier: SmtpCarrier, port: int) -> None:
    """Japanese, lines that begin with a dot, sender, person and Message-ID arrive unchanged."""
    with mail_server(Post(), port) as post:
        carrier.send(LETTER)
        carrier.close()
    [letter] = post.letters
    assert letter.get_content().splitlines() == LETTER.body.splitlines()
    assert (letter["Subject"], letter["Message-ID"]) == ("締切", "<msg_1@tsudoi.invalid>")
    assert parseaddr(str(letter["To"])) == ("佐藤 みどり", "sato@ward.example")
    assert letter["Auto-Submitted"] == "auto-generated"


def test_all_letters_of_a_watch_go_over_one_connection(carrier: SmtpCarrier, port: int) -> None:
    """A second letter is not greeted anew."""
    sessions: set[int] = set()

    class Counts(Post):
        async def handle_MAIL(self, _server: Any, session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802 - aiosmtpd's name
            sessions.add(id(session))
            envelope.mail_from = address
            return "250 OK"

    with mail_server(Counts(), port) as post:
        carrier.send(LETTER)
        carrier.send(OTHER)
        carrier.close()
    assert (len(post.letters), len(sessions)) == (2, 1)


def test_one_refused_person_holds_up_no_other(carrier: SmtpCarrier, port: int) -> None:
    """A person whom the server does not know is told by its code; the next letter goes over the same connection."""
    with mail_server(Refuses(), port) as post:
        with pytest.raises(NotSent, match="SMTP 550") as refused:
            carrier.send(LETTER)
        carrier.send(OTHER)
        carrier.close()
    assert not refused.value.stop
    assert [letter["Message-ID"] for letter in post.letters] == ["<msg_2@tsudoi.invalid>"]


def test_where_nobody_answers_nothing_was_sent_and_all_wait(carrier: SmtpCarrier) -> None:
    """A server that is not there costs one attempt: the letter surely did not go, and no other is tried."""
    with pytest.raises(NotSent, match="ConnectionRefusedError") as refused:
        carrier.send(LETTER)
    assert refused.value.stop


@pytest.mark.parametrize("say", [hang, drip], ids=["hangs", "drips"])
def test_a_server_that_never_greets_is_left_in_bounded_time(carrier: SmtpCarrier, port: int, say: Any) -> None:
    """Silence, or a greeting that drips, is broken off after the carrier's seconds; nothing was sent."""
    began = time.monotonic()
    with silent_server(port, say), pytest.raises(NotSent) as refused:
        carrier.send(LETTER)
    assert refused.value.stop
    assert time.monotonic() - began < 10 * carrier.seconds


def test_a_resolver_that_hangs_is_left_in_bounded_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks for a name that nobody answers for gets no letter sent, and waits no longer than he would."""
    over = threading.Event()
    monkeypatch.setattr(names.socket, "getaddrinfo", lambda *_a, **_o: [over.wait()][1:])
    carrier = SmtpCarrier(host="mail.example", port=25, sender="tsudoi@ward.example", seconds=0.3)
    began = time.monotonic()
    with pytest.raises(NotSent, match="TimeoutError"):
        carrier.send(LETTER)
    over.set()
    assert time.monotonic() - began < 4


def test_starttls_is_used_with_a_certificate_that_is_trusted(port: int, tmp_path: Path) -> None:
    """With the CA of the settings the letter goes encrypted; the server takes none in the clear."""
    made = certificate(tmp_path, "localhost")
    carrier = SmtpCarrier(host="localhost", port=port, sender="t@ward.example", ca_file=made.path, seconds=5)
    with mail_server(Post(), port, tls_context=made.context, require_starttls=True) as post:
        carrier.send(LETTER)
        carrier.close()
    assert len(post.letters) == 1


@pytest.mark.parametrize("shown", ["other.example", "localhost"])
def test_a_certificate_that_cannot_be_trusted_gets_no_letter(port: int, tmp_path: Path, shown: str) -> None:
    """Another name on the certificate, or a signer whom nobody knows: nothing is sent, and the reason is told."""
    made = certificate(tmp_path, shown)
    (tmp_path / "else").mkdir()
    ca = certificate(tmp_path / "else", "localhost").path if shown == "localhost" else made.path
    carrier = SmtpCarrier(host="localhost", port=port, sender="t@ward.example", ca_file=ca, seconds=5)
    with mail_server(Post(), port, tls_context=made.context) as post, pytest.raises(NotSent) as refused:
        carrier.send(LETTER)
    assert (refused.value.trouble, refused.value.stop) == ("SSLCertVerificationError", True)
    assert post.letters == []


def test_a_server_that_cannot_encrypt_gets_no_letter(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every host but this machine must offer STARTTLS; without it no letter leaves in the clear."""
    resolve = socket.getaddrinfo
    monkeypatch.setattr(names.socket, "getaddrinfo", lambda _host, *rest, **more: resolve("127.0.0.1", *rest, **more))
    carrier = SmtpCarrier(host="mail.example", port=port, sender="t@ward.example", seconds=5)
    with mail_server(Post(), port) as post, pytest.raises(NotSent, match="SMTP") as refused:
        carrier.send(LETTER)
    assert refused.value.stop
    assert post.letters == []


def test_implicit_tls_is_encrypted_from_the_first_byte(port: int, tmp_path: Path) -> None:
    """smtps:// speaks TLS at once."""
    made = certificate(tmp_path, "localhost")
    carrier = carrier_of(mail=f"smtps://localhost:{port}", sender="t@ward.example", home=tmp_path, ca_file=made.path)
    with mail_server(Post(), port, ssl_context=made.context) as post:
        carrier.send(LETTER)
        carrier.close()
    assert len(post.letters) == 1


@pytest.mark.parametrize(
    "mail", ["nobody", "http://mail.example", "smtp://", "smtp://mail.example:port", "smtp://[::1"]
)
def test_a_setting_that_names_no_server_is_refused(mail: str, tmp_path: Path) -> None:
    """Neither a name alone nor another scheme, no port in words and no half address."""
    with pytest.raises(BadSetting):
        carrier_of(mail=mail, sender="t@ward.example", home=tmp_path)


def test_the_default_ports_are_those_of_submission(tmp_path: Path) -> None:
    """smtp:// submits at 587, smtps:// at 465; without a server letters lie in the data directory."""
    ports = [
        getattr(carrier_of(mail=f"{scheme}://mail.example", sender="t@w.example", home=tmp_path), "port", None)
        for scheme in ("smtp", "smtps")
    ]
    assert ports == [587, 465]
    assert isinstance(carrier_of(mail="", sender="t@w.example", home=tmp_path), MaildirCarrier)


def test_a_letter_was_surely_not_sent_before_the_server_asked_for_it(carrier: SmtpCarrier, port: int) -> None:
    """Where the connection breaks at DATA, before the server says 354, the letter is not in doubt: it waits."""

    def breaks_at_data(taken: socket.socket, _over: threading.Event) -> None:
        with taken.makefile("rwb", buffering=0) as line:
            line.write(b"220 here\r\n")
            while (said := line.readline().upper()) and not said.startswith(b"DATA"):
                line.write(b"250 ok\r\n")
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset, not a good bye

    with silent_server(port, breaks_at_data), pytest.raises(NotSent):
        carrier.send(LETTER)


@pytest.mark.parametrize("to", ["佐藤 <佐藤@ward.example>", "a\r\nBcc: x@y.example", "", "<>", "\x00", "a@b\x1b"])
def test_a_letter_to_no_address_is_that_letters_trouble(carrier: SmtpCarrier, port: int, to: str) -> None:
    """What cannot be written or addressed was surely not sent, and the next letter goes."""
    with mail_server(Post(), port) as post:
        with pytest.raises(NotSent):
            carrier.send(replace(LETTER, to=to))
        carrier.send(OTHER)
    assert [str(letter["To"]) for letter in post.letters] == ["suzuki@ward.example"]


@pytest.mark.parametrize("made", [(), ("tmp",), ("tmp", "new")])
def test_a_folder_of_letters_that_a_kill_left_half_made_is_completed(made: tuple[str, ...], tmp_path: Path) -> None:
    """A letter finds its place whichever of the three folders were there."""
    (tmp_path / "mail").mkdir()
    for name in made:
        (tmp_path / "mail" / name).mkdir()
    MaildirCarrier(folder=tmp_path / "mail", sender="t@w.example").send(LETTER)
    assert len(mailbox.Maildir(tmp_path / "mail")) == 1
